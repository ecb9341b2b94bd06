"""Vectors without images through the real workflow."""

import h5py
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from test_bad_input import refused

pytestmark = pytest.mark.slow

N = 90
RNG = np.random.default_rng(0)
CLASSES = RNG.integers(0, 3, N)
ROWS = RNG.normal(size=(N, 5)) + 3 * np.eye(5)[CLASSES]
NAMES = [f"text {i}" for i in range(N)]


def vectors(project, features, **settings):
    """Make vectors the dataset of a project."""
    project.settings_file.unlink()
    project.configure(
        dataset="tiny",
        datasets={"tiny": {"format": "vectors", **settings}},
        features=list(features),
        external=features,
        clustering={"n_clusters": [3], "seeds": [0, 1]},
    )


@pytest.fixture(scope="module")
def clustered(finished, tmp_path_factory):
    """Two arrays, one in another order, with classes of two kinds, run to the report."""
    project = finished.copy(tmp_path_factory.mktemp("vectors") / "project")
    np.save(project.path / "own.npy", ROWS)
    order = RNG.permutation(N)
    np.savez(project.path / "other.npz", rows=ROWS[order, :2], names=np.array(NAMES)[order])
    labels = pd.DataFrame({"id": NAMES, "kind": np.array(["x", "y", "z"])[CLASSES], "half": np.arange(N) % 2})
    labels.to_csv(project.path / "labels.csv", index=False)
    other = {"source": "other.npz", "key": "rows", "file_column": "names"}
    vectors(project, {"own": {"source": "own.npy"}, "other": other}, classes="labels.csv", name_column="id")
    project.targets = ["all"]
    project.run()
    return project


def test_rows_meet_their_names_and_classes(clustered):
    images = pd.read_csv(clustered.results / "images.csv")
    assert images["file"].tolist() == NAMES
    assert images["class"].tolist() == [("x", "y", "z")[label] for label in CLASSES]
    with h5py.File(clustered.results / "features/other/all.h5") as file:
        np.testing.assert_allclose(file["features"][:], ROWS[:, :2].astype("f4"))


def test_clusters_are_compared_with_each_column(clustered):
    table = pd.read_csv(clustered.metrics)
    for _, row in table.iterrows():
        path = clustered.results / f"clusters/{row['features']}/all/k3/seed{row['seed']}.h5"
        with h5py.File(path) as file:
            labels = file["labels"][:]
        assert row["adjusted_rand"] == pytest.approx(adjusted_rand_score(CLASSES, labels))
        half = np.arange(N) % 2
        assert row["adjusted_rand_with_half"] == pytest.approx(adjusted_rand_score(half, labels))
    compared = pd.read_csv(clustered.results / "comparison.csv").set_index("metric")
    assert compared.loc["adjusted_rand", "decisive"] == "yes"
    assert compared.loc["accuracy_with_half", "verdict"] in ("no difference found", "own higher", "other higher")


def test_report_without_pictures(clustered):
    figures = clustered.results / "figures/own/all/k3/seed0"
    assert {path.name for path in figures.iterdir()} == {
        "silhouettes.png",
        "contents.png",
        "map.png",
        "map.csv",
    }
    report = (clustered.results / "report.html").read_text()
    assert "90 rows, vectors without images" in report
    assert "images, k" not in report
    assert "made elsewhere (own.npy)" in report
    assert clustered.jobs() == set()


def test_other_classes_are_noticed(clustered, tmp_path):
    project = clustered.copy(tmp_path / "project")
    project.targets = ["tables"]
    path = project.path / "labels.csv"
    path.write_text(path.read_text().replace(",x,", ",u,"))
    assert {"prepare_vectors", "collect_scores", "compare"} <= project.jobs()


def test_without_classes_the_first_features_say_how_many_there_are(clustered, tmp_path):
    project = clustered.copy(tmp_path / "project")
    vectors(project, {"own": {"source": "own.npy"}, "mine": {"source": ["own.npy", "own.npy"]}})
    project.targets = ["tables"]
    project.run()
    assert "adjusted_rand" not in pd.read_csv(project.metrics)
    assert pd.read_csv(project.results / "images.csv")["file"].isna().all()
    np.save(project.path / "short.npy", ROWS[1:])
    vectors(project, {"own": {"source": "own.npy"}, "mine": {"source": "short.npy"}})
    refused(project, "encode_external", "89 rows", "90", log="tiny/logs/encode_external/mine/all.log")
    made = project.snapshot()
    vectors(project, {"own": {"source": "gone.npy"}, "mine": {"source": "own.npy"}})
    run = project.snakemake()
    assert "config: gone.npy does not exist; what was made of it stays as it is" in run.stderr.splitlines()
    assert run.returncode == 1
    assert project.snapshot() == made


def test_features_that_need_images(clustered, tmp_path):
    project = clustered.copy(tmp_path / "project")
    project.configure(features=["pixels", "own"])
    run = project.snakemake("-n")
    assert (run.stdout + run.stderr).splitlines()[-1] == (
        "config: features lists pixels, which needs images, and tiny has vectors alone; name features below "
        "external"
    )
