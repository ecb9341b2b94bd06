# Helper functions of the rules; no rules here.
import contextlib
import fcntl
import hashlib
import json
import math
import os
import re
import shlex
import sys
from pathlib import Path

import yaml

# Snakemake imports pandas wherever it is installed, in case a param is a data frame. None is here, and a
# run with nothing to do takes a fifth less time without.
sys.modules.setdefault("pandas", None)

BASE = Path(workflow.basedir)
if set("{}") & set(str(BASE)):
    sys.exit(
        f"the workflow lies in {BASE}, and Snakemake takes braces in its path for wildcards; move it elsewhere"
    )
SCRIPTS = BASE / "scripts"
sys.path.insert(0, str(SCRIPTS))
from download import local_path
from lib.cli import InputError
from lib.config import faults, without_text
from lib.digest import code_digest
from lib.folder import content_digest

SCHEMA = yaml.safe_load((BASE / "rules" / "config.schema.yaml").read_text())
config.update(without_text(config, SCHEMA))
if problems := faults(config, SCHEMA):
    sys.exit("\n".join(f"config: {problem}" for problem in problems))

# A killed Snakemake leaves its lock on the outputs. The kernel tells whether one is alive: each holds
# this file locked while it runs. If none does, the locks of Snakemake are those of the dead.
if workflow.is_main_process:
    Path(".snakemake").mkdir(exist_ok=True)
    alive = open(".snakemake/alive", "w")
    with contextlib.suppress(OSError):  # another is alive, or the file system cannot tell
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for lock in Path(".snakemake/locks").glob("*"):
            lock.unlink()
    with contextlib.suppress(OSError):
        fcntl.flock(alive, fcntl.LOCK_SH)


def program(script):
    """The start of a shell command that runs a script, as a param that is no reason to run again.

    A param that asks for `input` is taken as following from it. So another place of the workflow
    or of its Python changes nothing.
    """
    in_conda = "conda" in map(str, workflow.deployment_settings.deployment_method)
    command = shlex.join(["python" if in_conda else sys.executable, str(SCRIPTS / script)])
    return lambda wildcards, input: command


def code(script):
    """What a job depends on in the code: the meaning of its script and of all it imports."""
    return code_digest(SCRIPTS / script)


def text_digest(*folders):
    """What a job depends on in the texts of the workflow: all files in some folders."""
    files = sorted(file for folder in folders for file in (BASE / folder).iterdir())
    texts = b"".join(file.name.encode() + file.read_bytes() for file in files)
    return hashlib.sha256(texts).hexdigest()[:16]


def options(settings):
    """Settings as command-line options: {"batch_size": 32} as --batch-size 32."""
    words = []
    for key, value in sorted(settings.items()):  # their order in the file is no reason to run again
        words.append(f"--{key.replace('_', '-')}")
        if isinstance(value, dict | bool):
            words.append(json.dumps(value, sort_keys=True))
        else:
            words += map(str, value if isinstance(value, list) else [value])
    return shlex.join(words)


def growing(base, per_mb=0):
    """What a job asks for, of memory or time: so much, more for large input, and again as much at each attempt."""

    def amount(wildcards, input, attempt):
        # Its size is that of the first file: the others are small, or not there yet when a group of jobs asks.
        size = Path(input[0]).stat().st_size / 1e6 if per_mb else 0
        return attempt * math.ceil(base + per_mb * size)

    return amount


def archive_of(dataset):
    """The archive of a dataset, by content, so that datasets share one; none where images are in no archive."""
    settings = config["datasets"][dataset]
    if "sha256" not in settings:
        return []
    source = settings["source"] + state_of(settings["source"])
    key = settings["sha256"] or hashlib.sha256(source.encode()).hexdigest()
    return f"results/archives/{key[:16]}"


def state_of(source):
    """Size and time of a local file that Snakemake cannot watch: it takes braces in an input for wildcards."""
    path = local_path(source)
    if path is None or "{" not in str(path) or not os.path.exists(path):
        return ""
    return f" {path.stat().st_size} {path.stat().st_mtime_ns}"


def dataset_of(archive):
    """The settings of the first dataset that comes from an archive."""
    path = f"results/archives/{archive}"
    return next(settings for name, settings in config["datasets"].items() if archive_of(name) == path)


def local_source(archive):
    """The file that `source` names, for Snakemake to see its bytes change, if nothing else vouches for them."""
    settings = dataset_of(archive)
    path = local_path(settings["source"])
    if settings["sha256"] or path is None or "{" in str(path):
        return []
    # Where it is missing from the start, the script says so better than Snakemake would.
    return str(path) if os.path.exists(path) or Path(f"results/archives/{archive}").exists() else []


def unchecked_archive(dataset):
    """The archive of a dataset, if no checksum says that what was once made of it is still right."""
    return [] if config["datasets"][dataset].get("sha256") else archive_of(dataset)


def content_of(dataset):
    """What the images of a folder depend on in it: the name, size and time of each photo."""
    settings = config["datasets"][dataset]
    if settings["format"] != "folder":
        return ""
    try:
        return content_digest(Path(settings["source"]))
    except (InputError, OSError) as error:
        # Where it is missing from the start, the script says so. Once it was there, it may only be
        # unplugged, and what was made of it is no longer to be had.
        if Path(f"results/{dataset}/images.h5").exists():
            sys.exit(f"config: datasets.{dataset}: {error}; what was made of it stays as it is")
        return ""


def sample_of_silhouette():
    """How many images of each cluster the silhouette is estimated from, if it is."""
    n_samples = config["evaluation"]["silhouette_samples"]
    return {"silhouette_samples": n_samples} if n_samples else {}


def clusters_of_all_seeds(wildcards):
    """The clusterings of one split into so many clusters, of all seeds."""
    folder = "results/{dataset}/clusters/{features}/{split}/k{k}/".format(**wildcards)
    return [f"{folder}seed{seed}.h5" for seed in config["clustering"]["seeds"]]


def parts_of_validity(wildcards):
    """The parts in which the validity indices of clusterings are computed; none if in one go."""
    pattern = "results/{dataset}/parts/{features}/{split}/k{k}/{space}/{{scatteritem}}.h5"
    parts = gather.validity(pattern.format(**wildcards))
    return parts if len(parts) > 1 and not config["evaluation"]["silhouette_samples"] else []


def spaces(kind):
    """The feature spaces of a kind: one for each seed of what learns it."""
    seeds = config.get(kind, {}).get("seeds")
    return [f"{kind}/seed{seed}" for seed in seeds] if seeds else [kind]


def models():
    """The models that are trained, below the folder of the dataset."""
    return spaces("autoencoder") if "autoencoder" in config["features"] else []


def learnt():
    """What was learnt to make the features, below the folder of the dataset."""
    files = {
        "autoencoder": ["autoencoder/{}/model.keras"],
        "patches": ["patches/{}/words.h5"],
        "views": ["patches/{}/words.h5", "views/{}/encoder.h5"],
    }
    kinds = [kind for kind in config["features"] if kind in files]
    found = [file.format(Path(space).name) for kind in kinds for space in spaces(kind) for file in files[kind]]
    return list(dict.fromkeys(found))


def groups():
    """The feature spaces and splits to cluster, as {features}/{split}."""
    splits = config["clustering"]["splits"]
    return [
        f"{features}/{split}"
        for kind in config["features"]
        for features in spaces(kind)
        for split in (splits[kind] if isinstance(splits, dict) else splits)
    ]


def clusterings():
    """The path of each clustering below clusters/, without its extension."""
    settings = config["clustering"]
    return expand("{group}/k{k}/seed{seed}", group=groups(), k=settings["n_clusters"], seed=settings["seeds"])


def scores():
    """The path of the scores of all seeds in each space, below metrics/, without its extension."""
    return [
        f"{group}/k{k}/{space}"
        for group in groups()
        for kind in config["features"]
        for space in scored_in(group.rpartition("/")[0], kind)
        for k in config["clustering"]["n_clusters"]
    ]


def scored_in(features, kind):
    """The spaces of a kind that the clusterings of a feature space are scored in: of its own kind, itself."""
    if features in spaces(kind):
        return [features]
    return spaces(kind) if config["evaluation"]["common_spaces"] else []


def features_used():
    """The features of each split that is clustered, and of each space that it is scored in, below features/."""
    return {
        f"{space}/{split}"
        for features, _, split in (group.rpartition("/") for group in groups())
        for kind in config["features"]
        for space in scored_in(features, kind)
    }


def runs():
    """What is clustered, and where it is scored, as options: a list of files would be too long for a command."""
    settings = {key: config["clustering"][key] for key in ("n_clusters", "seeds")} | {"groups": groups()}
    if config["evaluation"]["common_spaces"]:
        settings["spaces"] = [space for kind in config["features"] for space in spaces(kind)]
    return options(settings)


def shown_k():
    """The number of clusters to show and talk about."""
    return config["report"]["n_clusters"] or config["clustering"]["n_clusters"][0]


def shown():
    """The path of each clustering to show pictures of: of the shown k and the first of all seeds."""
    first = [spaces(kind)[0] for kind in config["features"]]
    seed = config["clustering"]["seeds"][0]
    return [f"{group}/k{shown_k()}/seed{seed}" for group in groups() if group.rpartition("/")[0] in first]


def decoded(run):
    """What the images of a clustering's centroids are in, a list; empty where centroids are images themselves."""
    return [f"centroids/{run}.h5"] if run.startswith("autoencoder/") else []


def figures():
    """All figures, below the folder of the dataset."""
    return [
        "figures/scores.png",
        *(f"{model}/{figure}.png" for model in models() for figure in ("loss", "reconstructions")),
        *(
            f"figures/{run}/{figure}.png"
            for run in shown()
            for figure in ("silhouettes", "contents", "montage", "centroids", "dunn", "map")
        ),
    ]


def settings_of(dataset):
    """All settings that concern a dataset, as JSON."""
    kept = config | {"dataset": dataset, "datasets": {dataset: config["datasets"][dataset]}}
    return json.dumps(kept, ensure_ascii=False)


def figure_of(name):
    """A figure of a clustering, also for Snakemake's report."""
    return report(
        f"results/{{dataset}}/figures/{{features}}/{{split}}/k{{k}}/seed{{seed}}/{name}.png",
        caption=f"captions/{name}.rst",
        category="Clusters",
        subcategory="{features}, {split} images",
        labels={"figure": name, "k": "{k}", "seed": "{seed}"},
    )
