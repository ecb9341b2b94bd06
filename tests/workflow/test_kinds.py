"""A kind of features is an entry of KINDS, settings and a rule: forgetting one of them is loud."""

import subprocess
import sys
from pathlib import Path

import jinja2
import pytest
import yaml

from lib.features.kinds import KINDS, NAMED
from lib.workflow.config import load_schema

ROOT = Path(__file__).parents[2]
SCHEMA = load_schema(ROOT / "rules" / "config.schema.yaml")
DEFAULTS = yaml.safe_load((ROOT / "config.yaml").read_text())
OTHER_SECTIONS = {"dataset", "datasets", "features", *NAMED, "clusterings", "clustering", "evaluation"}
OTHER_SECTIONS |= {"report", "export"}
WITHOUT_SETTINGS = {"pixels"}


def test_each_has_settings_with_defaults():
    assert DEFAULTS.keys() - OTHER_SECTIONS == KINDS.keys() - WITHOUT_SETTINGS


def test_each_has_settings_in_the_schema():
    assert SCHEMA["properties"].keys() - OTHER_SECTIONS == KINDS.keys() - WITHOUT_SETTINGS
    assert set(SCHEMA["required"]) == SCHEMA["properties"].keys()


def test_each_that_is_learned_has_seeds():
    assert {kind for kind in KINDS if "seeds" in DEFAULTS.get(kind, {})} == {
        kind.name for kind in KINDS.values() if kind.learned_files
    }


def test_each_has_a_rule():
    command = [sys.executable, "-m", "snakemake", "--list-rules", "--quiet"]
    rules = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert {rule for rule in rules if rule.startswith("encode_")} == {
        f"encode_{kind}" for kind in (*KINDS, *NAMED)
    }


@pytest.mark.parametrize("kind", KINDS)
def test_each_can_be_chosen(kind):
    assert kind in SCHEMA["properties"]["features"]["items"]["enum"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_each_is_described_by_its_settings(kind):
    template = jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(kind.description)
    assert len(template.render(config=DEFAULTS, data={"n": {"train": 50_000}})) > 20
