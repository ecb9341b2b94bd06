"""Write the report: one HTML file that needs no other, and reads like a short paper."""

import argparse
import datetime
import json
from pathlib import Path
from types import SimpleNamespace

import jinja2
import numpy as np
import pandas as pd
import yaml
from PIL import Image

from lib.base.cli import run_script
from lib.base.files import atomic_write
from lib.clustering.clusters_file import read_cluster_names, read_clusters
from lib.data.images_file import read_description
from lib.features.kinds import KINDS, kinds_of
from lib.features.training_files import read_examples
from lib.report.conclusion import decisive_measures, describe_alone, ranking
from lib.report.interactive_map import Drawn, image_url, map_data
from lib.report.matrix import MANY, matrix
from lib.report.provenance import commit, file_hashes, job_times, machine, versions
from lib.report.tables import (
    choices_of_k,
    conclusions,
    decimal_digits,
    format_number,
    metric_name,
    scores_at,
)
from lib.workflow.layout import Clustering, Imported, Results

SCRIPTS = Path(__file__).parent
TEMPLATES = SCRIPTS / "templates"
TABLES = ("metrics", "summary", "comparison")
MAP_SCRIPTS = ("d3.LICENSE", "d3.min.js", "map.js")
# A report should have 10 MB at most, so that it is easily sent; 2.5 MB are for all but figures. The small pictures
# of the images in maps get what the figures leave, but so much at least and at most:
FIGURE_BYTES = 7_500_000
PICTURE_BYTES = (500_000, 4_000_000)
# Texts for those who cannot see the figures. The numbers are in tables.
CLUSTER_FIGURES = {
    "contents": "Cells of clusters (rows) and classes (columns), darker where a class has more of a cluster.",
    "map": "Points of a plane, in the colours of their clusters and of their classes.",
    "montage": "A row of images for each cluster: nearest to the centroid, at random, and farthest from it.",
    "centroids": "The centroid of each cluster as an image.",
    "silhouettes": "For each cluster, its silhouettes as a bar, sorted, from high to low.",
    "dunn": "Two pairs of images: the nearest two of different clusters, the farthest two of one cluster.",
}
WITHOUT_CLASSES = {
    "contents": "A bar for each cluster: its size.",
    "map": "Points of a plane, in the colours of their clusters.",
}
OF_IMAGES = ("montage", "centroids", "dunn")
MODEL_FIGURES = {
    "loss": "Curves of the loss on the images that are learned from, and on those put aside, by epoch.",
    "reconstructions": "Some images, below each its code, and below that the reconstruction from the code.",
}


def main(args: argparse.Namespace) -> None:
    """Write report.html."""
    results = Results(args)
    metrics, summary, comparison = (pd.read_csv(results.folder / f"{name}.csv") for name in TABLES)
    config = json.loads(args.config)
    data = read_description(results.images)
    if not results.has_classes:
        data |= {"classes": None, "class_columns": {}}
    cluster_figures = CLUSTER_FIGURES | ({} if data["classes"] else WITHOUT_CLASSES)
    if data["shape"] is None:
        cluster_figures = {name: text for name, text in cluster_figures.items() if name not in OF_IMAGES}
    kinds = list(dict.fromkeys(space.kind for space, _ in results.clustered_features))
    first = [next(space for space, _ in results.clustered_features if space.kind == kind) for kind in kinds]
    pictured: list[Clustering | Imported] = [
        Clustering(space, split, args.shown_k, results.seeds[0])
        for space, split in results.clustered_features
        if space in first
    ]
    pictured += [run for run in results.imported if run.seed == 0]
    made_here = metrics[~metrics["features"].isin(list(results.n_runs))]

    def figure(path: str, name: str, alt: str, **wildcards: str | int | None) -> dict:
        report = config["report"]
        params = {
            "method": report["projection"],
            "splits": list(data["n"]),
            "negligible": f"--negligible {report['negligible']}",
            "classes": bool(data["classes"]),
        }
        caption = caption_paragraphs(args.captions / f"{name}.rst", wildcards, params)
        return {"name": name, "alt": alt, "caption": caption, **embedded(results.folder / path)}

    clusters = {
        clustering: [
            figure(f"figures/{clustering.path}/{name}.png", name, alt, **wildcards_of(clustering))
            for name, alt in cluster_figures.items()
        ]
        for clustering in pictured
    }
    n_bytes = sum(len(figure["source"]) for figures in clusters.values() for figure in figures)
    drawn = []
    for run in pictured:
        file, points = results.clusters(run), results.folder / "figures" / run.path / "map.csv"
        drawn.append(Drawn(run.split, read_clusters(file), read_cluster_names(file), points))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    environment.filters["number"] = format_number
    environment.filters["digits"] = decimal_digits
    environment.filters["name"] = metric_name
    html = environment.get_template("report.html").render(
        dataset=results.folder.name,
        config=config,
        settings=yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
        data=data,
        has_hidden_classes=not results.has_classes,
        things="images" if data["shape"] else "rows",
        own_kinds=list(KINDS),
        kinds=kinds,
        k=args.shown_k,
        results=results,
        learned=results.model_seeds,
        descriptions={
            kind: jinja2.Template(kinds_of(config)[kind].description).render(config=config, data=data)
            for kind in kinds
        },
        n_fewest=min(data["n"][split] for _, split in results.clustered_features),
        n_clusterings=len(made_here),
        n_unfinished=int((~made_here["converged"].astype(bool)).sum()),
        estimated="silhouette_lower" in metrics,
        summary=summary,
        rankings={split: ranking(rows) for split, rows in comparison.groupby("split", sort=False)},
        matrices={split: matrix(rows) for split, rows in comparison.groupby("split", sort=False)},
        many=MANY,
        alone=describe_alone(summary, args.shown_k),
        answer_figure=None
        if comparison.empty
        else figure("figures/answer.png", "answer", answer_alt(comparison[comparison["decisive"] == "yes"])),
        conclusions=conclusions(comparison, args.shown_k),
        scores=scores_at(summary, args.shown_k),
        decisive=decisive_measures(comparison),
        choices=choices_of_k(summary),
        scores_figure=figure(
            "figures/scores.png", "scores", f"A chart for each score of {', '.join([*kinds, *results.n_runs])}."
        ),
        models={
            space: {
                "shares": [
                    reproduced_variance(results.folder / other.path)
                    for other in dict.fromkeys(other for other, _ in results.clustered_features)
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
        clusters=clusters,
        maps=map_data(
            results.images,
            drawn,
            int(np.clip(FIGURE_BYTES - n_bytes, *PICTURE_BYTES)),
            with_classes=results.has_classes,
        ),
        # Not included as templates: a script may hold what Jinja would take for its own.
        map_scripts=[(TEMPLATES / name).read_text(encoding="utf-8") for name in MAP_SCRIPTS],
        commit=commit(SCRIPTS),
        versions=versions(),
        machine=machine(),
        hashes=file_hashes(
            results.folder,
            [results.images, *args.learned, *(results.folder / f"{name}.csv" for name in TABLES)],
        ),
        times=job_times(results.folder / "benchmarks"),
        written=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC",
    )
    with atomic_write(args.out) as part:
        part.write_text(html, encoding="utf-8")


def answer_alt(decisive: pd.DataFrame) -> str:
    """What the figure of the answer shows, for those who cannot see it.

    Parameters
    ----------
    decisive
        The rows of comparison.csv that decide.
    """
    n = len(decisive.groupby(["split", "features_a", "features_b"]))
    text = f"Differences with their intervals, of {n} pair{'' if n == 1 else 's'} of feature spaces"
    return f"{text}, against the number of clusters." if decisive["k"].nunique() > 1 else f"{text}."


def wildcards_of(clustering: Clustering | Imported) -> dict[str, str | int]:
    """The wildcards of the rules that draw a clustering, which captions use."""
    if isinstance(clustering, Imported):
        return {"features": clustering.name, "split": clustering.split, "run": clustering.seed}
    return {
        "features": clustering.space.path,
        "split": clustering.split,
        "k": clustering.k,
        "seed": clustering.seed,
    }


def caption_paragraphs(caption: Path, wildcards: dict, params: dict) -> list[str]:
    """The paragraphs of a caption as in Snakemake's report, without the one that names the clustering.

    Parameters
    ----------
    caption
        A template, .rst.
    wildcards
        Of the rule that draws the figure.
    params
        Likewise.
    """
    job = SimpleNamespace(wildcards=wildcards, params=params)
    text = jinja2.Template(caption.read_text(encoding="utf-8"), trim_blocks=True).render(snakemake=job)
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
    return [text for text in paragraphs if text and not text.startswith("Clusters of ")]


def embedded(path: Path) -> dict[str, str | int]:
    """A figure to be part of a page: `source`, a data URL, and `width` and `height` in pixels.

    The size keeps the page from moving while it loads.
    """
    with Image.open(path) as figure:
        width, height = figure.size
        return {"width": width, "height": height, "source": image_url(figure.convert("RGB"), quality=90)}


def reproduced_variance(model: Path) -> float:
    """The share of the variance of the images put aside that an autoencoder reproduces, 1 for all.

    Where a dataset is one whole, of all.

    Parameters
    ----------
    model
        The folder of the autoencoder.
    """
    mean_image_loss = read_examples(model / "examples.h5").mean_image_loss
    return 1 - pd.read_csv(model / "history.csv")["val_loss"].iloc[-1] / mean_image_loss


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="write_report", description=__doc__)
    Results.add_arguments(parser)
    parser.add_argument("--shown-k", type=int, required=True, help="number of clusters that the answer is about")
    parser.add_argument(
        "--learned", type=Path, nargs="*", default=[], help="files that were learned, whose hashes are shown"
    )
    parser.add_argument("--captions", type=Path, required=True, help="folder of the captions of all figures")
    parser.add_argument("--config", required=True, help="the settings to show, as JSON")
    parser.add_argument("--out", type=Path, required=True, help="to write, .html")
    run_script(main, parser)
