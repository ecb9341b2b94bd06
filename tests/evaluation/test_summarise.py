"""The script summarise.py: the summary of the table of all clusterings."""

import json
from argparse import Namespace

import h5py
import numpy as np
import pandas as pd
import pytest

import draw_scores
import summarise
from lib.evaluation.choose_k import gap_choice
from summarise import relative_inertia


def test_inertia_is_relative_to_the_same_model():
    rows = [("pixels", np.nan, 2, 10), ("pixels", np.nan, 2, 30), ("pixels", np.nan, 3, 5)]
    rows += [
        ("autoencoder", 0, 3, 1),
        ("autoencoder", 0, 2, 4),
        ("autoencoder", 7, 2, 400),
        ("autoencoder", 7, 3, 200),
    ]
    table = pd.DataFrame(rows, columns=["features", "model_seed", "k", "inertia"]).assign(split="test")
    assert relative_inertia(table).tolist() == [0.5, 1.5, 0.25, 0.25, 1, 1, 0.5]


def test_gap_with_a_cluster_for_each_image_is_undefined(tmp_path):
    """The other gaps and the figure are made all the same."""
    rows = [["tiny", "pixels", "test", k, seed, inertia] for k, inertia in [(2, 1.0), (3, 0.0)] for seed in (0, 1)]
    table = pd.DataFrame(rows, columns=["dataset", "features", "split", "k", "seed", "inertia"])
    table.assign(model_seed=np.nan).to_csv(tmp_path / "metrics.csv", index=False)
    for k, inertias in {2: [np.e, np.e], 3: [0.0, 0.0]}.items():
        folder = tmp_path / "clusters" / "pixels" / "test" / f"k{k}"
        folder.mkdir(parents=True)
        for seed in (0, 1):
            with h5py.File(folder / f"seed{seed}.h5", "w") as file:
                file["labels"] = np.arange(3) % k
        (tmp_path / "gap" / "pixels" / "test").mkdir(parents=True, exist_ok=True)
        (tmp_path / "gap" / "pixels" / "test" / f"k{k}.json").write_text(json.dumps({"inertia": inertias}))
    args = {"results": tmp_path, "groups": ["pixels/test"], "n_clusters": [2, 3], "seeds": [0, 1], "spaces": []}
    args |= {"metrics": tmp_path / "metrics.csv", "gap": True, "out": tmp_path / "summary.csv"}
    summarise.main(Namespace(**args))
    found = pd.read_csv(tmp_path / "summary.csv")
    gaps = found[found["metric"] == "gap"].set_index("k")
    assert gaps["mean"].tolist() == [pytest.approx(1), pytest.approx(np.nan, nan_ok=True)]
    assert gaps["n"].tolist() == [2, 0]
    errors = found[found["metric"] == "gap_standard_error"]["mean"]
    assert gap_choice([2, 3], gaps["mean"], errors) is None
    draw_scores.main(Namespace(summary=tmp_path / "summary.csv", out=tmp_path / "scores.png"))
    for k in (2, 3):
        only = found[found["k"] == k]
        texts = {text.get_text() for axis in draw_scores.plot_scores(only).axes for text in axis.texts}
        assert ("undefined" in texts) == (k == 3)
