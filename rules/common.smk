# Helper functions of the rules; no rules here.
import hashlib
import json
import re
import shlex
import sys
from pathlib import Path

import yaml

sys.path.insert(0, workflow.basedir + "/scripts")
from download import local_path
from lib.config import faults
from lib.digest import code_digest

with open(workflow.basedir + "/rules/config.schema.yaml") as stream:
    problems = faults(config, yaml.safe_load(stream))
if problems:
    sys.exit("\n".join(f"config: {problem}" for problem in problems))

# Named in shell commands as globals, and not as params: where the workflow lies is no reason to run again.
SCRIPTS = workflow.basedir + "/scripts"
CONDA = "conda" in {str(method) for method in workflow.deployment_settings.deployment_method}
PYTHON = "python" if CONDA else sys.executable


def code(script):
    """What a job depends on in the code: the meaning of its script and of all it imports."""
    return code_digest(Path(SCRIPTS) / script)


def options(settings):
    """Settings as command-line options: {"batch_size": 32} as --batch-size 32."""
    words = []
    for key, value in settings.items():
        words.append("--" + key.replace("_", "-"))
        if isinstance(value, dict):
            words.append(json.dumps(value))
        else:
            words += map(str, value if isinstance(value, list) else [value])
    return shlex.join(words)


def archive_of(dataset):
    """The archive of a dataset, by content, so that datasets share one; none where images are bundled."""
    settings = config["datasets"][dataset]
    if "source" not in settings:
        return []
    key = settings["sha256"] or hashlib.sha256(settings["source"].encode()).hexdigest()
    return f"results/archives/{key[:16]}"


def dataset_of(archive):
    """The settings of the first dataset that comes from an archive."""
    return next(
        config["datasets"][name] for name in config["datasets"] if archive_of(name) == f"results/archives/{archive}"
    )


def local_source(archive):
    """The path that `source` names, for Snakemake to see it change; none for a URL."""
    path = local_path(dataset_of(archive)["source"])
    return [] if path is None else str(path)


def splits_of(features):
    """The splits to cluster in one feature space."""
    splits = config["clustering"]["splits"]
    return splits[features] if isinstance(splits, dict) else splits
