"""The workflow as a part of another, which lies in another folder: by `module` and by `include`."""

import subprocess
import sys

import pytest
import yaml
from conftest import ROOT, archive_files, write_archive

pytestmark = pytest.mark.slow

# Only what differs from the defaults. Without training: TensorFlow takes seconds to start.
SETTINGS = {
    "dataset": "tiny",
    "datasets": {
        "tiny": {
            "format": "cifar-binary",
            "source": "tiny.tar.gz",
            "sha256": None,
            "n_images": {"train": 200, "test": 60},
        }
    },
    "features": ["pixels"],
    "clustering": {"n_clusters": [3], "seeds": [0, 1]},
}

MODULE = f"""
module clusterings:
    snakefile: {str(ROOT / "Snakefile")!r}
    config: config["clusterings"]
"""

OF_CLUSTERING = "splits, n_clusters, seeds, clusterings_per_job, init, n_init"


class Outer:
    """Another workflow, with its settings in outer.yaml."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        write_archive(path / "tiny.tar.gz", archive_files())

    def write(self, snakefile, settings):
        (self.path / "Snakefile").write_text(snakefile)
        (self.path / "outer.yaml").write_text(yaml.safe_dump(settings))

    def snakemake(self, *options):
        command = [sys.executable, "-m", "snakemake", *options, "--cores", "2"]
        return subprocess.run(command, cwd=self.path, capture_output=True, text=True, check=False)

    def run(self, *options):
        run = self.snakemake(*options)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout + run.stderr

    def refused(self, *options):
        """The last line of a run that fails."""
        run = self.snakemake(*options)
        assert run.returncode != 0
        assert "Traceback" not in run.stdout + run.stderr
        return (run.stdout + run.stderr).splitlines()[-1]


@pytest.fixture
def outer(tmp_path):
    return Outer(tmp_path / "an outer workflow")


@pytest.fixture
def metrics(project, finished):
    """The metrics.csv of the workflow by itself."""
    project.without_training()
    return project.metrics_of(finished)


def test_module_with_names_of_its_own(outer, metrics):
    """Its rules, files, constraints of wildcards and modules are not those of the outer workflow."""
    (outer.path / "lib").mkdir()
    (outer.path / "lib" / "__init__.py").write_text("")
    (outer.path / "lib" / "first.py").write_text("NAME = 'first'\n")
    (outer.path / "lib" / "second.py").write_text("NAME = 'second'\n")
    (outer.path / "compare.py").write_text("NAME = 'compare'\n")
    outer.write(
        f"""
from lib.first import NAME
configfile: "outer.yaml"

rule all:
    input: "answer.csv", "words/seed/one.txt"
{MODULE}
    prefix: "clusterings"
use rule * from clusterings as clusterings_*

import compare, lib.second
assert (compare.NAME, lib.second.NAME) == ("compare", "second")

rule answer:
    input: expand(rules.clusterings_collect_scores.output, dataset="tiny")
    output: "answer.csv"
    shell: "cp {{input:q}} {{output:q}}"

rule words:
    output: "words/{{seed}}/{{k}}.txt"
    shell: "echo {{wildcards.k}} > {{output:q}}"
""",
        {"sound": "mine", "clusterings": SETTINGS},
    )
    outer.run()
    assert (outer.path / "answer.csv").read_text() == metrics
    assert (outer.path / "clusterings/results/tiny/metrics.csv").read_text() == metrics
    assert not (outer.path / "results").exists()
    assert "Nothing to be done" in outer.run()


def test_module_with_the_rules_as_they_are(outer, metrics):
    """The outer workflow has an `all` of its own, and its settings in a file that the command line names."""
    outer.write(
        f"""
{MODULE}
use rule * from clusterings exclude all

rule all:
    default_target: True
    input: "results/tiny/metrics.csv"
""",
        {"clusterings": SETTINGS},
    )
    outer.run("--configfile", "outer.yaml")
    assert (outer.path / "results/tiny/metrics.csv").read_text() == metrics
    assert not (outer.path / "results/tiny/summary.csv").exists()


def test_module_is_all_there_is(outer):
    outer.write(f'configfile: "outer.yaml"\n{MODULE}\nuse rule * from clusterings\n', {"clusterings": SETTINGS})
    assert "\nwrite_report " in outer.run("--dry-run", "--quiet", "rules")


def test_module_twice_with_different_settings(outer):
    targets = '"a/results/tiny/comparison.csv", "b/results/tiny/metrics.csv"'
    text = f'configfile: "outer.yaml"\nrule all:\n    input: {targets}\n'
    for name in ("a", "b"):
        text += MODULE.replace("module clusterings", f"module {name}").replace('["clusterings"]', f'["{name}"]')
        text += f'    prefix: "{name}"\nuse rule * from {name} as {name}_*\n'
    chunks = {"evaluation": {"n_chunks": 3}}
    outer.write(text, {"a": SETTINGS, "b": SETTINGS | chunks})
    jobs = [line.split() for line in outer.run("--dry-run", "--quiet", "rules").splitlines()]
    assert ["b_pair_sums", "3"] in jobs
    assert not [words for words in jobs if words and words[0] == "a_pair_sums"]
    assert ["a_compare", "1"] in jobs


def test_module_without_settings_has_the_defaults(outer):
    outer.write(f"module c:\n    snakefile: {str(ROOT / 'Snakefile')!r}\nuse rule * from c\n", {})
    text = outer.run("--dry-run", "tables")
    assert "results/cifar10/metrics.csv" in text


def test_module_leaves_the_settings_of_the_outer_workflow_alone(outer):
    outer.write(
        f"""
configfile: "outer.yaml"
import copy
before = copy.deepcopy(config)
{MODULE}
use rule * from clusterings
assert config == before
""",
        {"clusterings": SETTINGS},
    )
    outer.run("--dry-run", "tables")


def test_results_below_a_prefix_are_kept_when_the_photos_are_gone(outer):
    photos = {"format": "folder", "source": "photos"}
    outer.write(
        f'configfile: "outer.yaml"\n{MODULE}\n    prefix: "mine"\nuse rule * from clusterings\n',
        {"clusterings": SETTINGS | {"datasets": {"tiny": photos}}},
    )
    images = outer.path / "mine/results/tiny/images.h5"
    images.parent.mkdir(parents=True)
    images.write_text("")
    assert outer.refused() == (
        "config: datasets.tiny: source photos does not exist, or is no folder; correct `source` in the config; "
        "what was made of it stays as it is"
    )


def test_example_of_the_docs(outer):
    text = (ROOT / "docs" / "use-as-module.md").read_text()
    snakefile, settings = (block.partition("\n")[2] for block in text.split("```")[1:4:2])
    (outer.path / "pixels-or-codes").symlink_to(ROOT)
    (outer.path / "Snakefile").write_text(snakefile)
    (outer.path / "config.yaml").write_text(settings)
    jobs = [line.split() for line in outer.run("--dry-run", "--quiet", "rules").splitlines()]
    assert ["clusterings_encode_pca", "1"] in jobs
    assert ["answer", "1"] in jobs
    assert not [words for words in jobs if words and words[0] == "clusterings_train"]


INCLUDE = f"""
configfile: "outer.yaml"

rule everything:
    input: "answer.csv"

include: {str(ROOT / "Snakefile")!r}

rule answer:
    input: expand(rules.collect_scores.output, dataset=config["dataset"])
    output: "answer.csv"
    shell: "cp {{input:q}} {{output:q}}"
"""


def test_include(outer, metrics):
    outer.write(INCLUDE, SETTINGS)
    outer.run()
    assert (outer.path / "answer.csv").read_text() == metrics
    assert "Nothing to be done" in outer.run()


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            {"clustering": {"k": [3]}},
            f"clustering.k is not a setting; allowed here: {OF_CLUSTERING}",
        ),
        ({"dataset": "mine"}, "dataset is 'mine'; allowed: cifar10, cifar100, digits, tiny"),
        (
            {"datasets": {"tiny": {"format": "npz", "sha256": None}}},
            "datasets.tiny.source is missing; allowed: a URL or a path",
        ),
        ({"evaluation": {"n_parts": 3}}, "evaluation.n_parts is now called evaluation.n_chunks; rename it"),
    ],
)
def test_wrong_setting_is_one_line(outer, settings, line):
    outer.write(
        f'configfile: "outer.yaml"\n{MODULE}\nuse rule * from clusterings\n', {"clusterings": SETTINGS | settings}
    )
    assert outer.refused() == f"config: {line}"
    outer.write(INCLUDE, SETTINGS | settings)
    assert outer.refused() == f"config: {line}"


def test_include_shares_its_settings_and_refuses_others(outer):
    outer.write(INCLUDE, SETTINGS | {"sound": "mine"})
    assert outer.refused().startswith("config: sound is not a setting; allowed here: dataset, ")
