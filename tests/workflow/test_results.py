"""The tables of a real workflow, against scikit-learn and pandas on the files behind them."""

import itertools

import h5py
import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from lib.evaluation.uncertainty import Scores, difference

pytestmark = pytest.mark.slow

GROUP = ["features", "split", "k"]


def read(path, name):
    with h5py.File(path) as file:
        return file[name][:]


def folder_of(row):
    return "pixels" if row["features"] == "pixels" else f"{row['features']}/seed{row['model_seed']:.0f}"


def labels_of(project, row):
    clustering = f"{folder_of(row)}/{row['split']}/k{row['k']}/seed{row['seed']}"
    return read(project.results / "clusters" / f"{clustering}.h5", "labels")


@pytest.fixture(scope="module")
def project(finished, tmp_path_factory):
    """A project with two numbers of clusters, two models and three seeds."""
    project = finished.copy(tmp_path_factory.mktemp("results") / "project")
    project.configure(autoencoder={"seeds": [0, 4]}, clustering={"n_clusters": [3, 5], "seeds": [0, 1, 2]})
    project.run()
    return project


@pytest.fixture(scope="module")
def table(project):
    return pd.read_csv(project.metrics)


def test_scores_are_those_of_scikit_learn(project, table):
    assert len(table) == 2 * 3 * (1 + 2)
    classes = read(project.results / "images.h5", "test/labels")
    X = {
        space: read(project.results / "features" / space / "test.h5", "features")
        for space in ("pixels", "autoencoder/seed0", "autoencoder/seed4")
    }
    for _, row in table.iterrows():
        own, labels = X[folder_of(row)], labels_of(project, row)
        models = [own] if row["features"] == "autoencoder" else [X["autoencoder/seed0"], X["autoencoder/seed4"]]
        expected = {
            "silhouette": metrics.silhouette_score(own, labels),
            "silhouette_in_pixels": metrics.silhouette_score(X["pixels"], labels),
            "silhouette_in_autoencoder": np.mean([metrics.silhouette_score(model, labels) for model in models]),
            "adjusted_rand": metrics.adjusted_rand_score(classes, labels),
            "normalized_mutual_info": metrics.normalized_mutual_info_score(classes, labels),
            "inertia": sum(
                ((own[labels == c] - own[labels == c].mean(axis=0)) ** 2).sum() for c in range(row["k"])
            ),
        }
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, rel=1e-5, abs=1e-6), name
        assert (row["n_samples"], row["n_features"]) == own.shape


def test_summary_is_that_of_the_table(project, table):
    summary = pd.read_csv(project.results / "summary.csv").set_index([*GROUP, "metric"])
    for key, rows in table.groupby(GROUP):
        for metric in ("inertia", "silhouette", "dunn_in_pixels", "accuracy"):
            found, values = summary.loc[(*key, metric)], rows[metric]
            assert found[["n", "mean", "std", "min", "max"]].tolist() == pytest.approx(
                [len(values), values.mean(), values.std(), values.min(), values.max()]
            )


def test_assignments_are_those_of_the_files(project):
    """In one line of pandas; of the shown clusterings alone, unless all are asked for."""
    images = pd.read_csv(project.results / "images.csv")
    assignments = pd.read_csv(project.results / "assignments.csv")
    pd.testing.assert_frame_equal(
        assignments[images.columns], images[images["split"] == "test"].reset_index(drop=True)
    )
    shown = [f"{space}/test/k3/seed0" for space in ("pixels", "autoencoder/seed0")]
    assert [name for name in assignments if "/" in name and " " not in name] == shown
    for name, space in zip(shown, ("pixels", "autoencoder/seed0"), strict=True):
        X = read(project.results / "features" / space / "test.h5", "features").astype(float)
        labels = read(project.results / "clusters" / f"{name}.h5", "labels")
        assert assignments[name].tolist() == labels.tolist()
        silhouettes = assignments[f"{name} silhouette"].tolist()
        assert silhouettes == pytest.approx(metrics.silhouette_samples(X, labels), abs=1e-6)
        distances = [
            np.linalg.norm(x - X[labels == label].mean(axis=0)) for x, label in zip(X, labels, strict=True)
        ]
        assert assignments[f"{name} distance to centroid"].tolist() == pytest.approx(distances, rel=1e-5)
    project.configure(report={"assignments": "all"})
    assert project.jobs() == {"list_assignments"}
    project.run()
    everything = pd.read_csv(project.results / "assignments.csv")
    pd.testing.assert_frame_equal(everything[assignments.columns], assignments)
    assert len(everything.columns) == len(assignments.columns) + 2 * 3 * (1 + 2) - len(shown)
    project.configure(report={"assignments": "shown"})


def test_stability_is_between_seeds_of_one_model(project, table):
    summary = pd.read_csv(project.results / "summary.csv").set_index([*GROUP, "metric"])
    rows = table[(table["features"] == "autoencoder") & (table["k"] == 5)]
    same, other = [], []
    for (_, a), (_, b) in itertools.combinations(rows.iterrows(), 2):
        value = metrics.adjusted_rand_score(labels_of(project, a), labels_of(project, b))
        (same if a["model_seed"] == b["model_seed"] else other).append(value)
    for metric, values in {"stability": same, "stability_of_models": other}.items():
        found = summary.loc[("autoencoder", "test", 5, metric)]
        assert found[["n", "mean"]].tolist() == pytest.approx([len(values), np.mean(values)])


def test_comparison_is_of_the_means(project, table):
    compared = pd.read_csv(project.results / "comparison.csv")
    assert set(compared["k"]) == {3, 5}
    for _, row in compared.iterrows():
        means = table[table["k"] == row["k"]].groupby("features")[row["metric"]].mean()
        assert row["mean_a"] == pytest.approx(means["pixels"])
        assert row["mean_b"] == pytest.approx(means["autoencoder"])
        assert row["difference"] == pytest.approx(means["autoencoder"] - means["pixels"])
        if "dunn" not in row["metric"]:
            assert row["lower"] <= row["difference"] <= row["upper"]
        assert row["comparable"] == ("no" if row["metric"] in ("silhouette", "dunn") else "yes")


@pytest.mark.parametrize("metric", ["accuracy", "silhouette", "silhouette_in_autoencoder"])
def test_comparison_follows_from_the_replicates(project, metric):
    """The difference, and what seeds and halves of the images contribute to its variance, by pandas alone."""
    replicates = pd.read_csv(project.results / "replicates.csv")
    index, _, scored_in = metric.partition("_in_")
    compared = pd.read_csv(project.results / "comparison.csv").set_index(["k", "metric"])
    for k in (3, 5):
        of_seed, by_half, by_start = [], [], []
        for kind in ("pixels", "autoencoder"):
            rows = replicates[(replicates["k"] == k) & (replicates["features"] == kind)]
            rows = rows[rows["metric"] == index]
            if metric != "accuracy":
                rows = rows[rows["scored_in"].str.partition("/")[0] == (scored_in or kind)]
            of_seed.append(rows.groupby("seed")["value"].mean())
            by_half.append(rows.groupby(["cut", "half"])["value"].mean())
            by_start.append(rows.groupby(["start", "cut", "half"])["value"].mean().unstack("start"))
        row = compared.loc[(k, metric)]
        differences = of_seed[1] - of_seed[0]
        assert row["difference"] == pytest.approx(differences.mean())
        assert row["variance_of_seeds"] == pytest.approx(differences.var() / 3)
        halves = (by_half[1] - by_half[0]).unstack("half")
        n = len(halves)
        assert n == row["n_splits"] == (20 if metric == "accuracy" else 10)
        of_half = ((halves[0] - halves[1]) ** 2).mean() / 2
        of_starts = [starts.var(axis=1).mean() / starts.shape[1] for starts in by_start]
        variance = (of_half - sum(of_starts)) / 2 - max(0, halves.mean(axis=1).var() - sum(of_starts) / 2)
        noise = sum(part**2 / n / (x.shape[1] - 1) for part, x in zip(of_starts, by_start, strict=True))
        error = np.sqrt(2 * of_half**2 / n + noise) / 2
        assert row["variance_of_images"] == pytest.approx(max(0, variance) + 0.75 * error)


SPACES = {"pixels": ["pixels"], "autoencoder": ["autoencoder/seed0", "autoencoder/seed4"]}


@pytest.mark.parametrize("metric", ["adjusted_rand", "silhouette_in_pixels"])
def test_intervals_are_of_the_halves_and_seeds(project, table, metric):
    """From the files of halves and scikit-learn's scores of them; those of both k hold together."""
    k, split = 3, "test"
    classes = read(project.results / "images.h5", f"{split}/labels")
    pixels = read(project.results / f"features/pixels/{split}.h5", "features")
    sides = []
    for axis, (kind, models) in enumerate(SPACES.items()):
        rows = table[(table["features"] == kind) & (table["k"] == k)]
        whole, halves = [], []
        for model in models:
            path = project.results / "halves" / model / split / f"k{k}.h5"
            images, labels = read(path, "images"), read(path, "labels")
            of_model = rows[
                rows["model_seed"].isna() | rows["model_seed"].eq(int(model[-1]) if "/" in model else -1)
            ]
            whole.append(of_model.sort_values("seed")[metric].tolist())
            halves.append(
                [
                    [
                        metrics.adjusted_rand_score(classes[half], x)
                        if metric == "adjusted_rand"
                        else metrics.silhouette_score(pixels[half], x)
                        for half, x in zip(images, of_start, strict=True)
                    ]
                    for of_start in labels.swapaxes(0, 1)
                ]
            )
        n_halves = 40 if metric == "adjusted_rand" else 20
        sides.append(
            Scores(*(np.expand_dims(x, 1 - axis) for x in (np.array(whole), np.array(halves)[..., :n_halves])))
        )
    found = difference(*sides, half_size=30, n_images=60, learned=(False, True))
    compared = pd.read_csv(project.results / "comparison.csv").set_index(["k", "metric"]).loc[(k, metric)]
    assert compared["n_splits"] == n_halves / 2
    n_intervals = 2 if metric == "adjusted_rand" else 2 * 4
    assert [compared["lower"], compared["upper"]] == pytest.approx(
        found.interval(1 - 0.05 / n_intervals), abs=1e-6
    )
