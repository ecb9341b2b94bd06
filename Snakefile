# From an archive of images to metrics.csv: do learned features cluster better than raw pixels?
# Settings are in config.yaml; rules/common.smk has the helper functions.
import re
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")


configfile: Path(workflow.basedir) / "config.yaml"


include: "rules/common.smk"


wildcard_constraints:
    archive="[0-9a-f]{16}",
    dataset="|".join(map(re.escape, config["datasets"])),
    features=r"pixels|pca|(autoencoder|patches|views)/seed(0|[1-9]\d*)",
    space=r"pixels|pca|(autoencoder|patches|views)/seed(0|[1-9]\d*)",
    model_seed=r"0|[1-9]\d*",
    split="train|test",
    k=r"[1-9]\d*",
    seed=r"0|[1-9]\d*",


include: "rules/data.smk"
include: "rules/features.smk"
include: "rules/clustering.smk"
include: "rules/evaluation.smk"
include: "rules/figures.smk"
include: "rules/report.smk"


# All numbers of the chosen dataset, and files on the way included: of a job that failed, Snakemake keeps the
# new settings and not the file, so that nothing would be done the next time if nobody asked for the file.
rule tables:
    input:
        unchecked_archive(config["dataset"]),
        expand(
            "results/{dataset}/{file}",
            dataset=config["dataset"],
            file=[
                "images.h5",
                *(f"features/{features}.h5" for features in sorted(features_used())),
                *learnt(),
                *(f"clusters/{run}.h5" for run in clusterings()),
                *(f"metrics/{run}.h5" for run in scores()),
                "metrics.csv",
                "summary.csv",
                "comparison.csv",
                "comparison.txt",
            ],
        ),


# Everything: the numbers, their figures and the report.
rule all:
    default_target: True
    input:
        rules.tables.input,
        expand(
            "results/{dataset}/{file}",
            dataset=config["dataset"],
            file=[
                *(file for run in shown() for file in decoded(run)),
                *figures(),
                "report.html",
            ],
        ),
