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
    features="pixels|autoencoder",
    split="train|test",
    k=r"[1-9]\d*",
    seed=r"0|[1-9]\d*",


include: "rules/data.smk"
include: "rules/features.smk"
include: "rules/clustering.smk"
include: "rules/evaluation.smk"


# Everything for the chosen dataset.
rule all:
    default_target: True
    input:
        expand(
            "results/{dataset}/{file}",
            dataset=config["dataset"],
            file=["metrics.csv", "comparison.txt", "comparison.png"],
        ),
