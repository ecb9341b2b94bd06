"""assignments.csv, as pandas reads it, against the files that it is made from."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.clustering.clusters_file import write_clusters, write_labels
from lib.clustering.labels import Labels
from lib.clustering.result import KMeansResult
from lib.evaluation.scores_file import write_scores
from lib.features.features_file import write_features

SCRIPT = Path(__file__).parents[2] / "scripts" / "list_assignments.py"
N = {"train": 7, "test": 5}
K = 3
SPACES = ("pixels", "codes/seed4")
SHOWN = {split: [f"{space}/{split}/k{K}/seed0" for space in SPACES] for split in N}
OWN = {split: f"own/{split}/run0" for split in N}
rng = np.random.default_rng(0)


@pytest.fixture
def results(tmp_path):
    """Two feature spaces of two splits, two seeds, and labels with noise; and what is in the files, by name."""
    folder = tmp_path / "results"
    known = {}
    for split, n in N.items():
        for space in SPACES:
            X = known[space, split] = rng.random((n, 4), dtype=np.float32)
            scores = {}
            for seed in (0, 1):
                labels = rng.permutation(np.arange(n, dtype=np.int32) % K)
                centroids = np.array([X[labels == c].mean(axis=0) for c in range(K)])
                name = f"{space}/{split}/k{K}/seed{seed}"
                write_clusters(
                    made(folder / f"clusters/{name}.h5"), KMeansResult(labels, centroids, 1, 1, True), seed
                )
                scores[name] = {"silhouette": 0.1, "silhouette_samples": rng.uniform(-1, 1, n)}
                known[name] = labels, centroids[labels], scores[name]["silhouette_samples"]
            write_features(made(folder / f"features/{space}/{split}.h5"), X)
            path = made(folder / f"metrics/{space}/{split}/k{K}.h5")
            write_scores(path, 4, scores, dict.fromkeys(scores, ""))
        labels = np.array([-1, 1, 0, 1, 0, 1, 1][:n], np.int32)
        write_labels(made(folder / f"clusters/{OWN[split]}.h5"), Labels(labels, ["4", "17"]), 0)
        samples = rng.uniform(-1, 1, n)
        path = made(folder / f"metrics/pixels/{split}/imported.h5")
        write_scores(path, 4, {OWN[split]: {"silhouette_samples": samples}}, {OWN[split]: ""})
        known[OWN[split]] = labels, samples
    rows = [f"{split},{i},NA,nan" for split, n in N.items() for i in range(n)]
    (folder / "images.csv").write_text("\n".join(["split,number,file,class", *rows, ""]))
    return folder, known


def made(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def listed(folder, *options, splits=tuple(N)):
    """Run the script; the bytes of the table, and what pandas reads."""
    command = [sys.executable, SCRIPT, "--results", folder, "--images", folder / "images.csv"]
    command += ["--clustered-features", *(f"{space}/{split}" for split in splits for space in SPACES)]
    command += ["--n-clusters", str(K), "--seeds", "0", "1", "--shown-space", "pixels"]
    command += ["--shown", *(name for split in splits for name in SHOWN[split]), *(OWN[split] for split in splits)]
    command += ["--imported", *(OWN[split] for split in splits), "--out", folder / "assignments.csv", *options]
    subprocess.run(command, check=True, capture_output=True)
    return (folder / "assignments.csv").read_bytes(), pd.read_csv(folder / "assignments.csv")


def columns(name, suffix=""):
    return [name, f"{name} silhouette{suffix}", f"{name} distance to centroid{suffix}"]


def test_one_split(results):
    """Numbers are whole in pandas too, and rows are those of the split alone."""
    folder, known = results
    _, table = listed(folder, splits=["test"])
    expected = ["split", "number", "file", "class", *columns(SHOWN["test"][0]), *columns(SHOWN["test"][1])]
    assert table.columns.tolist() == [*expected, *columns(OWN["test"], " in pixels")]
    assert table["split"].tolist() == ["test"] * N["test"]
    assert table["number"].tolist() == list(range(N["test"]))
    for space, name in zip(SPACES, SHOWN["test"], strict=True):
        labels, centroids, silhouettes = known[name]
        assert table[name].dtype == int
        assert table[name].tolist() == labels.tolist()
        assert table[f"{name} silhouette"].tolist() == pytest.approx(silhouettes, abs=1e-7)
        distances = np.linalg.norm(known[space, "test"].astype(float) - centroids, axis=1)
        assert table[f"{name} distance to centroid"].tolist() == pytest.approx(distances, rel=1e-7)


def test_clusterings_that_were_made_elsewhere(results):
    """Clusters have the names that they had there, and noise is -1, and at no distance from anything."""
    folder, known = results
    _, table = listed(folder)
    for split in N:
        rows = table[table["split"] == split]
        labels, samples = known[OWN[split]]
        X = known["pixels", split].astype(float)
        assert rows[OWN[split]].tolist() == [{-1: -1, 0: 4, 1: 17}[label] for label in labels]
        assert rows[f"{OWN[split]} silhouette in pixels"].tolist() == pytest.approx(samples, abs=1e-7)
        expected = [
            np.nan if label < 0 else np.linalg.norm(x - X[labels == label].mean(axis=0))
            for x, label in zip(X, labels, strict=True)
        ]
        found = rows[f"{OWN[split]} distance to centroid in pixels"].tolist()
        assert found == pytest.approx(expected, rel=1e-6, nan_ok=True)


def test_clusterings_of_two_splits_are_in_columns_of_their_own(results):
    folder, known = results
    _, table = listed(folder)
    texts = pd.read_csv(folder / "assignments.csv", dtype=str)
    assert len(table) == sum(N.values())
    for split in N:
        for name in SHOWN[split]:
            inside = table["split"] == split
            assert table.loc[inside, name].tolist() == known[name][0].tolist()
            assert table.loc[~inside, columns(name)].isna().all(axis=None)
            assert set(texts[name].dropna()) == {"0", "1", "2"}


def test_all_of_them(results):
    """The others have their clusters alone. The bytes are the same each time, and texts stay as they are."""
    folder, known = results
    shown, _ = listed(folder)
    data, table = listed(folder, "--all")
    others = [name.replace("seed0", "seed1") for split in N for name in SHOWN[split]]
    names = [column for column in table if "/" in column and " " not in column]
    assert sorted(names) == sorted([*SHOWN["train"], *SHOWN["test"], *others, *OWN.values()])
    for name in others:
        assert table[name].dropna().astype(int).tolist() == known[name][0].tolist()
        assert f"{name} silhouette" not in table
    assert listed(folder, "--all")[0] == data
    assert pd.read_csv(folder / "assignments.csv", keep_default_na=False)["file"].unique().tolist() == ["NA"]
    assert listed(folder)[0] == shown


def test_names_of_rows_stay_as_they_are(results):
    folder, _ = results
    names = ["x\ry", '"a, b"', '"a\nb"', "NA", '" "']
    rows = [f"test,{i},{name},\n" for i, name in enumerate(names)]
    (folder / "images.csv").write_bytes("".join(["split,number,file,class\n", *rows]).encode())
    data, _ = listed(folder, splits=["test"])
    for row in rows:
        assert f"\n{row[:-1]}".replace('" "', " ").encode() in data


def test_estimated_silhouettes_are_of_no_image(results):
    folder, _ = results
    for space, name in zip(SPACES, SHOWN["test"], strict=True):
        write_scores(folder / f"metrics/{space}/test/k{K}.h5", 4, {name: {"silhouette": 0.1}}, {name: ""})
    _, table = listed(folder, splits=["test"])
    assert f"{SHOWN['test'][0]} silhouette" not in table
    assert f"{SHOWN['test'][0]} distance to centroid" in table
