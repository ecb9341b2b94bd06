"""Write the report: one HTML file that needs nothing else, and reads like a short paper."""

import argparse
import base64
import csv
import datetime
import hashlib
import importlib.metadata
import io
import json
import math
import platform
import subprocess
from pathlib import Path
from types import SimpleNamespace

import jinja2
import numpy as np
import pandas as pd
import yaml
from PIL import Image

from lib.choice import elbow, gap_choice
from lib.cli import replacing, run
from lib.conclusion import AGREEMENT, conclude, ranking, repetitions
from lib.results import Results, Run
from lib.storage import SPLITS, reading

SCRIPTS = Path(__file__).parent
PACKAGES = (
    "snakemake",
    "numpy",
    "h5py",
    "tensorflow",
    "tensorflow-cpu",
    "keras",
    "scipy",
    "scikit-learn",
    "pandas",
    "matplotlib",
)
NAMES = AGREEMENT | {
    "inertia": "inertia",
    "relative_inertia": "inertia, as a share of that at the smallest k",
    "silhouette": "silhouette",
    "silhouette_lower": "silhouette, lower bound",
    "silhouette_upper": "silhouette, upper bound",
    "dunn": "Dunn's index",
    "stability": "stability between seeds",
    "stability_of_models": "stability between models",
    "gap": "gap statistic",
    "gap_standard_error": "gap statistic, standard error",
}
# What is seen, for those who cannot see it. The numbers are in tables.
CLUSTER_FIGURES = {
    "contents": "Cells of clusters (rows) and classes (columns), darker where a class has more of a cluster.",
    "map": "The images as points of a plane, in the colours of their clusters and of their classes.",
    "montage": "A row of images for each cluster: nearest to the centroid, at random, and farthest from it.",
    "centroids": "The centroid of each cluster as an image.",
    "silhouettes": "For each cluster, the silhouettes of its images as a bar, sorted, from high to low.",
    "dunn": "Two pairs of images: the nearest two of different clusters, the farthest two of one cluster.",
}
WITHOUT_CLASSES = {
    "contents": "A bar for each cluster: how many images it has.",
    "map": "The images as points of a plane, in the colours of their clusters.",
}
MODEL_FIGURES = {
    "loss": "Curves of the loss on training and on test images, by epoch.",
    "reconstructions": "Some test images, below each its code, and below that what the decoder makes of the code.",
}


def main(args: argparse.Namespace) -> None:
    results = Results(args)
    summary, comparison, metrics = (
        pd.read_csv(results.folder / f"{name}.csv") for name in ("summary", "comparison", "metrics")
    )
    config = json.loads(args.config)
    data = describe_images(results.images)
    cluster_figures = CLUSTER_FIGURES | ({} if data["classes"] else WITHOUT_CLASSES)
    fair = comparison[comparison["comparable"] == "yes"]
    kinds = list(dict.fromkeys(space.kind for space, _ in results.groups))
    first = [next(space for space, _ in results.groups if space.kind == kind) for kind in kinds]
    shown = [
        Run(space, split, args.shown_k, results.seeds[0]) for space, split in results.groups if space in first
    ]

    def figure(path: str, name: str, alt: str, **wildcards) -> dict:
        caption = render(args.captions / f"{name}.rst", wildcards, config)
        return {"alt": alt, "caption": caption, **embed(results.folder / path)}

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(SCRIPTS / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    environment.filters["digits"] = digits_of
    environment.filters["name"] = name_of
    html = environment.get_template("report.html").render(
        dataset=results.folder.name,
        config=config,
        settings=yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
        data=data,
        kinds=kinds,
        k=args.shown_k,
        results=results,
        learnt=results.model_seeds,
        n_fewest=min(data["n"][split] for _, split in results.groups),
        n_clusterings=len(metrics),
        n_unfinished=int((~metrics["converged"]).sum()),
        estimated="silhouette_lower" in metrics,
        summary=summary,
        rankings={split: ranking(rows, args.shown_k) for split, rows in comparison.groupby("split", sort=False)},
        conclusions=conclusions(comparison, args.shown_k),
        scores=scores_at(summary, args.shown_k),
        n_fair=int(fair["lower"].notna().sum()),
        n_decided=int(fair["verdict"].str.endswith("higher").sum()),
        choices=choices(summary),
        scores_figure=figure("figures/scores.png", "scores", f"A chart for each score of {', '.join(kinds)}."),
        models={
            space: {
                "shares": [
                    learnt(results.folder / other.path)
                    for other in dict.fromkeys(other for other, _ in results.groups)
                    if other.kind == space.kind
                ],
                "layers": (results.folder / space.path / "summary.txt").read_text(encoding="utf-8"),
                "figures": [
                    figure(f"{space.path}/{name}.png", name, alt, model_seed=space.model_seed)
                    for name, alt in MODEL_FIGURES.items()
                ],
            }
            for space in first
            if space.kind == "autoencoder"
        },
        clusters={
            clustering: [
                figure(f"figures/{clustering.path}/{name}.png", name, alt, **wildcards_of(clustering))
                for name, alt in cluster_figures.items()
            ]
            for clustering in shown
        },
        commit=commit(),
        versions={name: found for name in PACKAGES if (found := version_of(name))},
        machine=f"Python {platform.python_version()}, {platform.platform()}",
        hashes=hashes(results, args.learnt),
        times=times(results.folder / "benchmarks"),
        written=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC",
    )
    with replacing(args.out) as part:
        part.write_text(html, encoding="utf-8")


def conclusions(comparison: pd.DataFrame, k: int) -> list[dict]:
    """What follows for each split and each two feature spaces."""
    return [
        {
            "split": split,
            "repetitions": repetitions(rows),
            "a": a,
            "b": b,
            "is_other": a != comparison["features_a"].iloc[0],
            "rows": rows[rows["k"] == k],
            "verdicts": verdicts_by_k(rows),
            **conclude(rows, a, b, k)._asdict(),
        }
        for (split, a, b), rows in comparison.groupby(["split", "features_a", "features_b"], sort=False)
    ]


def scores_at(summary: pd.DataFrame, k: int) -> pd.DataFrame:
    """For one number of clusters, the summary of each metric (rows) in each feature space and split (columns)."""
    rows = summary[(summary["k"] == k) & ~summary["metric"].isin(["gap_standard_error", "relative_inertia"])]
    cells = pd.Series(
        rows[["n", "mean", "std"]].to_dict("records"),
        pd.MultiIndex.from_arrays([rows["metric"], rows["features"] + ", " + rows["split"]]),
    )
    table = cells.unstack()
    return table.loc[rows["metric"].unique(), cells.index.get_level_values(1).unique()]


def verdicts_by_k(rows: pd.DataFrame) -> pd.DataFrame:
    """The verdicts of fair comparisons of two feature spaces, a metric in each row and a k in each column."""
    fair = rows[rows["comparable"] == "yes"]
    return fair.pivot(index="metric", columns="k", values="verdict").loc[fair["metric"].unique()]


def choices(summary: pd.DataFrame) -> list[dict]:
    """The number of clusters that each rule of thumb would choose."""
    found = []
    for (features, split), rows in summary.groupby(["features", "split"], sort=False):
        means = rows.pivot(index="k", columns="metric", values="mean").sort_index()
        choice = {"features": features, "split": split}
        for metric in ("silhouette", "dunn"):
            known = means[metric].dropna() if metric in means else []
            choice[metric] = known.idxmax() if len(known) else None
        choice["elbow"] = elbow(means.index, means["relative_inertia"])
        if "gap" in means:
            choice["gap"] = gap_choice(means.index, means["gap"], means["gap_standard_error"])
        found.append(choice)
    return found


def wildcards_of(run: Run) -> dict:
    return {"features": run.space.path, "split": run.split, "k": run.k, "seed": run.seed}


def render(caption: Path, wildcards: dict, config: dict) -> list[str]:
    """The paragraphs of a caption as Snakemake's report has it, but for the heading of those of clusters."""
    job = SimpleNamespace(wildcards=wildcards, params={"method": config["report"]["map"]})
    text = jinja2.Template(caption.read_text(encoding="utf-8"), trim_blocks=True).render(snakemake=job)
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    return [text for text in paragraphs if text and not text.startswith("Clusters of ")]


def embed(path: Path) -> dict:
    """A figure as part of a page, with its size, so that the page does not move while it loads.

    As WebP, which takes a quarter of what PNG does: there may be dozens of figures.
    """
    data = io.BytesIO()
    with Image.open(path) as figure:
        figure.convert("RGB").save(data, "WEBP", quality=90)
        width, height = figure.size
    source = f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"
    return {"width": width, "height": height, "source": source}


def describe_images(path: Path) -> dict:
    with reading(path) as file:
        found = {
            "n": {split: len(file[split]["images"]) for split in SPLITS},
            "shape": file["test"]["images"].shape[1:],
            "source": file.attrs.get("source"),
            "sha256": file.attrs.get("sha256"),
            "luma": file.attrs.get("luma"),
            "arrangement": file.attrs.get("arrangement"),
            "n_unreadable": file.attrs.get("n_unreadable"),
            "classes": None,
        }
        if "labels" in file["test"]:
            labels = np.concatenate([file[split]["labels"][:] for split in SPLITS])
            names = list(map(str, file.attrs["class_names"]))
            found["classes"] = dict(zip(names, np.bincount(labels, minlength=len(names)).tolist(), strict=True))
    return found


def learnt(model: Path) -> float:
    """The share of the variance of the test images that a model reproduces."""
    with reading(model / "examples.h5") as file:
        mean_image_loss = float(file.attrs["mean_image_loss"])
    return 1 - pd.read_csv(model / "history.csv")["val_loss"].iloc[-1] / mean_image_loss


def name_of(metric: str) -> str:
    """A metric as words."""
    score, _, space = metric.partition("_in_")
    return f"{NAMES[score]} in {space} space" if space else NAMES.get(metric, metric)


def number(value: float, digits: int | None = None) -> str:
    """A number to be read: with so many digits after the point, or as many as suit its size."""
    if math.isnan(value):
        return "\N{EN DASH}"
    return f"{value:,.{digits_of(value) if digits is None else digits}f}".replace("-", "\N{MINUS SIGN}")


def digits_of(value: float) -> int:
    """How many digits after the point suit a number's size."""
    return 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 4


def commit() -> str:
    """The commit of the workflow, if it is a git checkout."""
    git = ["git", "-C", str(SCRIPTS), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty= and changes"]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "not known (no git checkout)"


def version_of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def hashes(results: Results, learnt: list[Path]) -> dict[str, str]:
    """SHA-256 of the files that all else follows from, and of the tables."""
    tables = [results.folder / f"{name}.csv" for name in ("metrics", "summary", "comparison")]
    found = {}
    for path in [results.images, *learnt, *tables]:
        with path.open("rb") as file:
            found[str(path.relative_to(results.folder))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def times(folder: Path) -> pd.DataFrame:
    """Seconds and megabytes of the jobs of each rule, as Snakemake's benchmarks have them."""
    rows = []
    for path in sorted(folder.rglob("*.tsv")):
        with path.open() as file:
            job = next(csv.DictReader(file, delimiter="\t"), None)
        if job:
            rule = path.relative_to(folder).with_suffix("").parts[0]
            rows.append((rule, float(job["s"]), pd.to_numeric(job["max_rss"], errors="coerce")))
    table = pd.DataFrame(rows, columns=["rule", "seconds", "megabytes"])
    return table.groupby("rule", sort=False).agg(
        jobs=("seconds", "size"),
        total=("seconds", "sum"),
        longest=("seconds", "max"),
        megabytes=("megabytes", "max"),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="write_report", description=__doc__)
    Results.add_arguments(parser)
    parser.add_argument("--shown-k", type=int, required=True, help="number of clusters to talk about")
    parser.add_argument(
        "--learnt", type=Path, nargs="*", default=[], help="files of what was learnt, to be hashed"
    )
    parser.add_argument("--captions", type=Path, required=True, help="folder of the captions of all figures")
    parser.add_argument("--config", required=True, help="the settings, as JSON, to be shown")
    parser.add_argument("--out", type=Path, required=True, help="to write, .html")
    run(main, parser)
