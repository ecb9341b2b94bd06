# Which features cluster better, and how sure can we be? From images to metrics.csv, intervals, verdict and report.
# Settings are in config.yaml; rules/common.smk reads them.
import re

from snakemake.utils import min_version

min_version("9.27")


include: "rules/common.smk"


FEATURES = targets.features_pattern(kinds_of(config))
# Clusterings that were made elsewhere have the place of features in the paths of what follows from them.
IMPORTED = "|".join(map(re.escape, config["clusterings"])) or "(?!)"


wildcard_constraints:
    archive="[0-9a-f]{16}",
    dataset="|".join(map(re.escape, config["datasets"])),
    features=FEATURES,
    space=FEATURES,
    model_seed=r"0|[1-9]\d*",
    split="train|test|all",
    k=r"[1-9]\d*",
    seed=r"0|[1-9]\d*",
    run=r"0|[1-9]\d*",
    group=r"k[1-9]\d*|imported",


# All numbers of the chosen dataset, with the files that they are made from. When a job fails, Snakemake keeps its new
# settings and removes its output. The next run makes it again only if it is asked for.
TABLES = [
    *sources.unverified_archives(config["dataset"]),
    *expand(
        "results/{dataset}/{file}",
        dataset=config["dataset"],
        file=[
            "images.h5",
            "images.csv",
            *(f"features/{features}.h5" for features in targets.features()),
            *targets.learned_files(),
            *(f"clusters/{clustering}.h5" for clustering in targets.clusterings()),
            *(f"metrics/{scores}.h5" for scores in targets.scores()),
            *(f"halves/{halves}.h5" for halves in targets.halves()),
            *(f"half_scores/{scores}.h5" for scores in targets.half_scores()),
            "metrics.csv",
            "summary.csv",
            "comparison.csv",
            "replicates.csv",
            "comparison.txt",
            "assignments.csv",
        ],
    ),
]


# Everything: the numbers, their figures and the report. It comes first, and so it is what `snakemake` makes.
rule all:
    input:
        TABLES,
        expand(
            "results/{dataset}/{file}",
            dataset=config["dataset"],
            file=[
                *(file for clustering in targets.shown_clusterings() for file in centroid_images(clustering)),
                *targets.figures(),
                "report.html",
            ],
        ),


# The numbers alone.
rule tables:
    input:
        TABLES,


# The list of the images alone, in the order in which features that were made elsewhere have their rows.
rule images:
    input:
        expand("results/{dataset}/images.csv", dataset=config["dataset"]),


include: "rules/data.smk"
include: "rules/features.smk"
include: "rules/clustering.smk"
include: "rules/evaluation.smk"
include: "rules/figures.smk"
include: "rules/report.smk"
include: "rules/export.smk"


# Whoever asked for everything gets the answer at the end.
onsuccess:
    results = Path("results") / config["dataset"]
    if set(workflow.dag_settings.targets) <= {"all", "tables"} and (results / "comparison.txt").exists():
        print(f"\n{(results / 'comparison.txt').read_text()}")
        if "tables" not in workflow.dag_settings.targets:
            print(f"With pictures: {results / 'report.html'}")
