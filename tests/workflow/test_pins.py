"""The versions in pyproject.toml, the locks and envs/*.yaml are of one mind."""

import itertools
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))


def entries(lock):
    """Of each package what is asked for, `name==version ; marker`, and the lines of its hashes."""
    text = (ROOT / lock).read_text()
    found = re.findall(r"^([\w.-]+==[^\\\n]+)(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    return [(Requirement(pin), rest) for pin, rest in found]


def by_name(requirements):
    return {canonicalize_name(r.name): r for r in requirements}


def conda_pins(path):
    """What pip installs in a conda environment."""
    (lines,) = [d["pip"] for d in yaml.safe_load(path.read_text())["dependencies"] if isinstance(d, dict)]
    return by_name(map(Requirement, lines))


def version(requirement):
    return str(requirement.specifier).removeprefix("==")


LOCKS = {lock: entries(lock) for lock in ("requirements.lock", "requirements-lite.lock")}
LOCKED, LITE = (by_name(requirement for requirement, _ in found) for found in LOCKS.values())


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_each_package_once(lock):
    lines = [line for line in (ROOT / lock).read_text().splitlines() if re.match(r"[^\s#]", line)]
    names = {canonicalize_name(requirement.name) for requirement, _ in LOCKS[lock]}
    assert len(lines) == len(LOCKS[lock]) == len(names) > 50


@pytest.mark.parametrize(
    ("lock", "name", "rest"), [(lock, r.name, rest) for lock, found in LOCKS.items() for r, rest in found]
)
def test_lock_has_hashes(lock, name, rest):
    assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", rest)


def test_lite_lock_is_the_lock_without_what_only_training_needs():
    assert LITE.items() < LOCKED.items()  # name, version and marker
    extras = [EXTRAS[extra] for extra in EXTRAS if extra != "training"]
    direct = by_name(map(Requirement, [*PROJECT["dependencies"], *itertools.chain(*extras)]))
    assert direct.keys() <= LITE.keys()
    assert not {"keras", "tensorflow", "tensorflow-cpu"} & LITE.keys()


@pytest.mark.parametrize(
    ("system", "machine", "build"),
    [
        ("linux", "x86_64", "tensorflow-cpu"),
        ("linux", "aarch64", "tensorflow"),
        ("darwin", "x86_64", "tensorflow"),
        ("darwin", "arm64", "tensorflow"),
    ],
)
@pytest.mark.parametrize(
    "requirements",
    [by_name(map(Requirement, EXTRAS["training"])), LOCKED, conda_pins(ROOT / "envs" / "training.yaml")],
    ids=["pyproject.toml", "requirements.lock", "envs/training.yaml"],
)
def test_one_build_of_tensorflow_for_each_machine(requirements, system, machine, build):
    """Both builds write the same files, so where both were installed neither would be whole."""
    here = {"sys_platform": system, "platform_machine": machine, "python_full_version": "3.12.0"}
    builds = {name: requirements[name].marker for name in ("tensorflow", "tensorflow-cpu")}
    assert [name for name, marker in builds.items() if marker.evaluate(here)] == [build]


def test_builds_of_tensorflow_have_one_version():
    assert LOCKED["tensorflow"].specifier == LOCKED["tensorflow-cpu"].specifier


def test_version_of_tensorflow_for_a_gpu_is_that_of_the_lock():
    texts = [ROOT / "profiles" / "slurm" / "profile.yaml", *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    found = [pin for text in texts for pin in re.findall(r"tensorflow\[and-cuda\](\S*?)[\"'`]", text.read_text())]
    assert set(found) == {str(LOCKED["tensorflow"].specifier)}


DIRECT = sorted({*PROJECT["dependencies"], *(text for extra in EXTRAS.values() for text in extra)})


@pytest.mark.parametrize("text", DIRECT)
def test_locked_version_is_one_that_pyproject_allows(text):
    requirement = Requirement(text)
    assert Version(version(LOCKED[canonicalize_name(requirement.name)])) in requirement.specifier


def test_each_extra_but_dev_has_an_environment():
    assert {path.stem for path in ENVIRONMENTS} == EXTRAS.keys() - {"dev"}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_environment_has_the_versions_of_the_lock(path):
    pins = {name: version(pin) for name, pin in conda_pins(path).items()}
    assert pins == {name: version(LOCKED[name]) for name in pins}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_environment_has_each_direct_dependency(path):
    assert {canonicalize_name(Requirement(text).name) for text in EXTRAS[path.stem]} <= conda_pins(path).keys()


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_environment_has_a_python_that_pyproject_allows(path):
    (python,) = [d for d in yaml.safe_load(path.read_text())["dependencies"] if str(d).startswith("python=")]
    assert Version(python.removeprefix("python=")) in SpecifierSet(PROJECT["requires-python"])
