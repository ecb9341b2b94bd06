"""The versions in pyproject.toml, requirements.lock and envs/*.yaml are of one mind."""

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
# An entry: name==version ; marker \, then a line for each hash, up to the next entry.
ENTRIES = re.findall(r"^([\w.-]+)==(\S+)(.*?)(?=^\S|\Z)", (ROOT / "requirements.lock").read_text(), re.M | re.S)
LOCKED = {canonicalize_name(name): version for name, version, _ in ENTRIES}


def pins(path):
    """The versions that pip gets in a conda environment, by name."""
    (requirements,) = [d["pip"] for d in yaml.safe_load(path.read_text())["dependencies"] if isinstance(d, dict)]
    return {canonicalize_name(name): version for name, _, version in (pin.partition("==") for pin in requirements)}


def test_lock_pins_each_package_once():
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if re.match(r"[^\s#]", line)]
    assert len(lines) == len(ENTRIES) == len(LOCKED) > 50


@pytest.mark.parametrize(
    ("name", "rest"), [(name, rest) for name, _, rest in ENTRIES], ids=[e[0] for e in ENTRIES]
)
def test_lock_has_hashes(name, rest):
    assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", rest)


DIRECT = sorted({*PROJECT["dependencies"], *(text for extra in EXTRAS.values() for text in extra)})


@pytest.mark.parametrize("text", DIRECT)
def test_locked_version_is_one_that_pyproject_allows(text):
    requirement = Requirement(text)
    assert Version(LOCKED[canonicalize_name(requirement.name)]) in requirement.specifier


def test_each_extra_but_dev_has_an_environment():
    assert {path.stem for path in ENVIRONMENTS} == EXTRAS.keys() - {"dev"}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_environment_has_the_versions_of_the_lock(path):
    assert pins(path) == {name: LOCKED.get(name) for name in pins(path)}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_environment_has_each_direct_dependency(path):
    assert {canonicalize_name(Requirement(text).name) for text in EXTRAS[path.stem]} <= pins(path).keys()


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_environment_has_a_python_that_pyproject_allows(path):
    (python,) = [d for d in yaml.safe_load(path.read_text())["dependencies"] if str(d).startswith("python=")]
    assert Version(python.removeprefix("python=")) in SpecifierSet(PROJECT["requires-python"])
