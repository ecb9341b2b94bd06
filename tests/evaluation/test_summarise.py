"""The script summarise.py: the summary of the table of all clusterings."""

from argparse import Namespace

import h5py
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.metrics import adjusted_rand_score

import draw_scores
import summarise
from lib.clustering.gap import write_references
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
        write_references(tmp_path / "gap" / "pixels" / "test" / f"k{k}.h5", inertias)
    args = {
        "results": tmp_path,
        "clustered_features": ["pixels/test"],
        "n_clusters": [2, 3],
        "seeds": [0, 1],
        "spaces": [],
        "no_classes": False,
        "imported": [],
    }
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


def test_runs_that_were_made_elsewhere_are_summarised_together(tmp_path):
    """Whatever numbers of clusters they have; and the rows of k-means stay as they are."""
    rng = np.random.default_rng(0)
    runs = [rng.integers(-1, k, 40) for k in (2, 5)]
    seeds = [rng.integers(0, 3, 40) for _ in range(2)]
    folders = {"pixels/test/k3/seed": seeds, "mine/test/run": runs}
    for name, labellings in folders.items():
        for i, labels in enumerate(labellings):
            path = tmp_path / "clusters" / f"{name}{i}.h5"
            path.parent.mkdir(parents=True, exist_ok=True)
            with h5py.File(path, "w") as file:
                file["labels"] = labels
    rows = [["tiny", "pixels", "test", 3, seed, 2.0 + seed, 0.5] for seed in (0, 1)]
    table = pd.DataFrame(rows, columns=["dataset", "features", "split", "k", "seed", "inertia", "accuracy"])
    table["model_seed"] = np.nan
    args = {"results": tmp_path, "clustered_features": ["pixels/test"], "n_clusters": [3], "seeds": [0, 1]}
    args |= {
        "spaces": [],
        "no_classes": False,
        "metrics": tmp_path / "metrics.csv",
        "gap": False,
        "out": tmp_path / "summary.csv",
    }
    table.to_csv(args["metrics"], index=False)
    summarise.main(Namespace(**args, imported=[]))
    without = args["out"].read_text().splitlines()
    for run, k in enumerate((2, 5)):
        row = {"dataset": "tiny", "features": "mine", "split": "test", "k": k, "seed": run, "accuracy": 0.2 + run}
        table = pd.concat([table, pd.DataFrame([row | {"n_noise": 10 * run}])])
    table.to_csv(args["metrics"], index=False)
    summarise.main(Namespace(**args, imported=["mine/test/run0", "mine/test/run1"]))
    lines = args["out"].read_text().splitlines()
    assert [line for line in lines if ",mine," not in line] == without
    found = pd.read_csv(args["out"]).query("features == 'mine'").set_index("metric")
    assert found["k"].isna().all()
    assert found["mean"].drop("stability").to_dict() == {"n_clusters": 3.5, "n_noise": 5, "accuracy": 0.7}
    apart = [np.where(labels < 0, 100 + np.arange(40), labels) for labels in runs]
    assert found.loc["stability", "mean"] == pytest.approx(adjusted_rand_score(*apart))
    draw_scores.main(Namespace(summary=args["out"], out=tmp_path / "scores.png"))
    for ks in ([3], [3, 4]):
        summary = pd.read_csv(args["out"])
        summary = pd.concat([summary, *(summary[summary["k"] == 3].assign(k=k) for k in ks[1:])])
        figure = draw_scores.plot_scores(summary)
        titles = {axis.get_title().partition("\n")[0] for axis in figure.axes}
        assert {"accuracy", "stability: adjusted Rand index"} <= titles
        assert not titles & {"n_clusters", "n_noise"}
        if len(ks) > 1:
            (legend,) = figure.legends
            assert [text.get_text() for text in legend.get_texts()] == ["pixels, test", "mine, test"]
    plt.close("all")
