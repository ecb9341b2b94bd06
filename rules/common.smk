# What the rules share: the checked settings, and functions for params and resources.
import json
import math
import shlex
import sys
from contextlib import contextmanager
from pathlib import Path

import yaml
from snakemake.logging import logger

BASE = Path(str(workflow.current_basedir)).parent
if set("{}") & set(str(BASE)):
    sys.exit(
        f"the workflow lies in {BASE}, and Snakemake takes braces in its path for wildcards; move it elsewhere"
    )
SCRIPTS = BASE / "scripts"


@contextmanager
def own_modules():
    """Import `lib` from here. A workflow that uses this one may have its own `lib`, and keeps it."""
    theirs = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "lib"}
    sys.path.insert(0, str(SCRIPTS))
    yield
    sys.path.remove(str(SCRIPTS))
    for name in [name for name in sys.modules if name.partition(".")[0] == "lib"]:
        del sys.modules[name]
    sys.modules.update(theirs)


with own_modules():
    from lib.data.enough_images import too_many_clusters
    from lib.features.kinds import kinds_of, names_of
    from lib.workflow.config import (
        clustered_splits,
        load_schema,
        split_errors,
        validation_errors,
        with_defaults,
        without_text,
    )
    from lib.workflow.digest import code_digest
    from lib.workflow.encoders import Encoders
    from lib.workflow.external import External
    from lib.workflow.job_log import JobLog
    from lib.workflow.params import cli_options, text_digest
    from lib.workflow.programs import Programs
    from lib.workflow.sizes import Sizes
    from lib.workflow.sources import Sources
    from lib.workflow.targets import Targets, centroid_images, has_hidden_classes
    from lib.workflow.vectors import Vectors

# Not in a workflow that uses this one, whose log is its own.
if Path(workflow.main_snakefile).resolve() == BASE.resolve() / "Snakefile":
    logger.addFilter(JobLog(workflow))

# Not the directive `configfile`, which does nothing where another workflow uses this one as a module.
config = with_defaults(config, yaml.safe_load((BASE / "config.yaml").read_text()))
SCHEMA = load_schema(BASE / "rules" / "config.schema.yaml", names_of(config))
config = without_text(config, SCHEMA)
if errors := validation_errors(config, SCHEMA):
    sys.exit("\n".join(f"config: {error}" for error in errors))
sources = Sources(config["datasets"])
sizes = Sizes(config)


def splits_of(dataset):
    """The splits of a dataset; None: not known before its archive is downloaded."""
    # With the `prefix` that another workflow may give this one.
    return sources.splits(dataset, *map(workflow.modifier.modify_path, sources.archives(dataset)))


splits = splits_of(config["dataset"])
if config["clustering"]["splits"] is None:
    config["clustering"]["splits"] = ["all"] if splits == ["all"] else ["test"]
if errors := split_errors(config, splits) or too_many_clusters(
    sizes.n_images(config["dataset"]) or {},
    clustered_splits(config),
    config["clustering"]["n_clusters"],
    config["dataset"],
):
    sys.exit("\n".join(f"config: {error}" for error in errors))
targets = Targets(config)
if errors := targets.export_errors():
    sys.exit("\n".join(f"config: {error}" for error in errors))
external = External(config["external"])
label_files = External(config["clusterings"])
encoders = Encoders(config["onnx"] | config["keras"])
programs = Programs(config["script"])
vectors = Vectors(config)


def untracked(value):
    """A param that is no reason to run a job again.

    Snakemake takes a param that asks for `input` as following from it.

    Parameters
    ----------
    value
        The param, or a function of wildcards that gives it.
    """
    return lambda wildcards, input: value(wildcards) if callable(value) else value


def script_command(script):
    """The start of the shell command that runs a script, wherever the workflow and its Python lie."""
    in_conda = "conda" in map(str, workflow.deployment_settings.deployment_method)
    return untracked(shlex.join(["python" if in_conda else sys.executable, str(SCRIPTS / script)]))


def script_digest(script):
    """What a job depends on in the code: the meaning of its script and of all that this imports.

    Snakemake prints it where it has changed.
    """
    return f"code of {script} ({code_digest(SCRIPTS / script)})"


def scaled_resource(base, per_mb=0):
    """Memory or time to ask for: `base` and `per_mb` for each megabyte of the first input, times the attempt.

    A dry run goes by an estimate of its size where it is not there yet.
    """

    def amount(wildcards, input, attempt):
        # The other inputs are small, or not there yet when a group of jobs asks.
        size = 0
        if per_mb:
            size = sizes.megabytes(input[0]) if workflow.dryrun else Path(input[0]).stat().st_size / 1e6
        return attempt * math.ceil(base + per_mb * size)

    return amount


def covariances_mb(d):
    """What the covariances of d features take, and what LAPACK needs beside them."""
    return 50 * d**2 / 1e6


def views_mb():
    """What the encoded views of training images take."""
    # Three strips of 256 numbers at each scale, as scripts/lib/features/strips.py has them, of two bytes.
    d = 3 * 256 * len(config["patches"]["downsampling"] or [1, 2])
    return 2 * d * config["invariant"]["n_views"] * config["invariant"]["n_images"] / 1e6


def watched(files, made):
    """Files of the user's own, for Snakemake to see their bytes change.

    Where one is missing from the start, the script says so. Once `made` is there, which may be of another file, it
    is kept.
    """
    missing = [file for file in files if not Path(file).exists()]
    if missing and Path(made).exists():
        sys.exit(f"config: {missing[0]} does not exist; what was made of it stays as it is")
    return [local(file) for file in files if file not in missing]


def classes_option(wildcards):
    """The option of a script that keeps it from the classes of a dataset, if the settings say so."""
    return "--no-classes" if has_hidden_classes(config, wildcards.dataset) else ""


def results_folder(wildcards, input):
    """The folder of the results of a dataset, for rules whose first input is images.h5."""
    return str(Path(input[0]).parent)


def results_of_features(wildcards, input):
    """The folder of the results of a dataset, for rules whose first input is the features of a space."""
    return str(Path(input[0].removesuffix(f"features/{wildcards.space}/{wildcards.split}.h5")))


def clusters_scored_in_a_space(groups):
    """The function of wildcards that gives the clusterings of some groups that a space scores."""
    return lambda w: [
        f"results/{w.dataset}/clusters/{clustering}.h5"
        for clustering in targets.clusterings_scored_in(w.space, w.split, groups)
    ]


def layout_scored_in_a_space(groups):
    """The function of wildcards that gives the same as options of a script."""
    return lambda w: cli_options(targets.layout_scored_in(w.space, w.split, groups))


def clustering_drawn(wildcards):
    """The clustering that a figure is of, as `targets.clusterings` names it."""
    run = f"run{wildcards.run}" if "run" in wildcards.keys() else f"k{wildcards.k}/seed{wildcards.seed}"
    return f"{wildcards.features}/{wildcards.split}/{run}"


def halves_scored_in_a_space(ks):
    """The function of wildcards that gives the clusterings of halves into some k clusters that a space scores."""
    return lambda w: [
        f"results/{w.dataset}/halves/{features}/{w.split}/k{k}.h5"
        for k in ks
        for features in targets.spaces_scored_in(w.space, w.split)
    ]


def figure_of(name, clustering="k{k}/seed{seed}"):
    """A figure of a clustering, also for Snakemake's report."""
    return report(
        f"results/{{dataset}}/figures/{{features}}/{{split}}/{clustering}/{name}.png",
        caption=f"captions/{name}.rst",
        category="Clusters",
        subcategory="{features}, {split} images",
        labels={"figure": name}
        | {key: f"{{{key}}}" for key in ("k", "seed", "run") if f"{{{key}}}" in clustering},
    )
