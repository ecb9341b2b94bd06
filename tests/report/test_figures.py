"""What figures show, computed in a second way; and that each script draws whatever data there are."""

import logging
import os
import subprocess
import sys
import warnings
from argparse import Namespace
from pathlib import Path

import h5py
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib import pyplot as plt

import draw_autoencoder
import draw_clusters
import draw_map
import draw_pictures
import draw_scores
from lib.evaluation.validity import validity
from lib.features.features_file import write_features
from lib.features.training_files import Examples, write_examples
from lib.report import figures, labels

NAMES = ["<b>cat</b>", "$x^{", "a_b & \\dog", "a name that is much longer than there is room for"]
CLUSTERING = "pixels/test/k4/seed7"
FIGURES = ("silhouettes", "contents", "montage", "centroids", "dunn")


def dataset(folder, *, n=60, k=3, shape=(8, 8), n_classes=4, estimated=False, seed=0):
    """The files of one clustering of the pixels, and the arguments of the scripts that draw them."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(k), rng.integers(0, k, n - k)]).astype(np.int32)
    patterns = rng.integers(0, 200, (k, *shape))
    images = (patterns[labels] + rng.integers(0, 56, (n, *shape))).astype(np.uint8)
    X = images.reshape(n, -1) / np.float32(255)
    folder.mkdir(parents=True, exist_ok=True)
    with h5py.File(folder / "images.h5", "w") as file:
        file["test/images"] = images
        if n_classes:
            file["test/labels"] = rng.integers(0, n_classes, n).astype(np.uint8)
            file.attrs["class_names"] = [NAMES[i % len(NAMES)] for i in range(n_classes)]
    write_features(folder / "features.h5", X)
    with h5py.File(folder / "clusters.h5", "w") as file:
        file.attrs["seed"] = 7
        file["labels"] = labels
        file["centroids"] = np.array([X[labels == cluster].mean(axis=0) for cluster in range(k)])
    with h5py.File(folder / "scores.h5", "w") as file:
        scores = validity(X, labels)._asdict()
        if estimated:
            scores = {"silhouette": scores["silhouette"], "silhouette_lower": 0.1, "silhouette_upper": 0.3}
        else:
            file[f"{CLUSTERING}/silhouette_samples"] = scores.pop("silhouette_samples")
        group = file.require_group(CLUSTERING)
        group.attrs.update({name: value for name, value in scores.items() if value is not None})
    inputs = {name: folder / f"{name}.h5" for name in ("images", "features", "clusters", "scores")}
    outputs = {name: folder / f"{name}.png" for name in FIGURES} | {"points": folder / "map.csv"}
    return Namespace(**inputs, split="test", no_classes=False, scored_as=CLUSTERING, decoded=None, **outputs)


def drawn(path):
    """The pixels of a figure, which should be of a page's width and not empty."""
    pixels = plt.imread(path)
    assert pixels.shape[1] == figures.WIDTH * plt.rcParams["savefig.dpi"]
    assert pixels.shape[0] >= 100
    assert np.ptp(pixels[..., :3]) > 0.5
    return pixels


DATA = {
    "plain": {},
    "without classes": {"n_classes": 0},
    "rgb": {"shape": (8, 8, 3)},
    "not square": {"shape": (6, 12)},
    "one cluster": {"k": 1},
    "one cluster, estimated": {"k": 1, "estimated": True},
    "estimated": {"estimated": True},
    "many clusters and classes": {"n": 300, "k": 30, "n_classes": 25},
    "each image by itself": {"n": 4, "k": 4},
    "one image": {"n": 1, "k": 1},
    "two images": {"n": 2, "k": 2},
    "three images": {"n": 3, "k": 2},
}


def test_without_the_classes_figures_are_those_of_a_dataset_that_has_none(tmp_path):
    hidden = dataset(tmp_path / "hidden")
    hidden.no_classes = True
    for args in (hidden, dataset(tmp_path / "none", n_classes=0)):
        draw_clusters.main(args)
        draw_pictures.main(args)
        draw_map.main(Namespace(**vars(args), method="pca", max_points=50, out=args.contents.parent / "map.png"))
    for name in ("contents", "map", "dunn"):
        first, second = ((tmp_path / folder / f"{name}.png").read_bytes() for folder in ("hidden", "none"))
        assert first == second


@pytest.mark.parametrize("data", DATA.values(), ids=DATA.keys())
def test_every_figure_of_a_clustering_is_drawn_twice_the_same(tmp_path, data):
    for folder in ("one", "two"):
        args = dataset(tmp_path / folder, **data)
        draw_clusters.main(args)
        draw_pictures.main(args)
        draw_map.main(Namespace(**vars(args), method="pca", max_points=50, out=tmp_path / folder / "map.png"))
    for file in [*(f"{name}.png" for name in FIGURES), "map.png", "map.csv"]:
        if file.endswith(".png"):
            drawn(tmp_path / "one" / file)
        bytes_of = [(tmp_path / folder / file).read_bytes() for folder in ("one", "two")]
        assert bytes_of[0] == bytes_of[1], file


def test_table_of_the_points_of_a_map(tmp_path):
    args = dataset(tmp_path)
    draw_map.main(Namespace(**vars(args), method="pca", max_points=50, out=tmp_path / "map.png"))
    table = pd.read_csv(args.points)
    assert len(table) == len(set(table["number"])) == 50
    with h5py.File(args.features) as features, h5py.File(args.clusters) as clusters:
        X = features["features"][:][table["number"]]
        centroids = clusters["centroids"][:][clusters["labels"][:][table["number"]]]
    points, _ = draw_map.project_by_pca(X)
    np.testing.assert_allclose(table[["x", "y"]], points, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(table["distance"], np.linalg.norm(X - centroids, axis=1), rtol=1e-4)


def test_decoded_centroids_are_shown_instead_of_the_features(tmp_path):
    args = dataset(tmp_path, k=2)
    with h5py.File(tmp_path / "decoded.h5", "w") as file:
        file["images"] = np.full((2, 8, 8, 3), [0.0, 0.5, 1.0], np.float32)
    args.decoded = tmp_path / "decoded.h5"
    draw_pictures.main(args)
    assert (np.abs(drawn(args.centroids)[..., :3] - [0, 0.5, 1]) < 0.01).all(axis=2).mean() > 0.1


def test_a_clustering_with_noise_that_was_made_elsewhere(tmp_path, monkeypatch):
    """Noise is a row of its own where images are counted, and is in no montage; names are those of elsewhere."""
    args = dataset(tmp_path, k=3)
    with h5py.File(args.clusters, "r+") as file:
        labels = file["labels"][:]
        labels[:10] = -1
        del file["labels"], file["centroids"]
        file["labels"], file["names"] = labels, ["red", "17", "a name that is long"]
    with h5py.File(args.scores, "r+") as file:
        group = file[CLUSTERING]
        group["silhouette_samples"][:10] = 0
        clustered = np.flatnonzero(labels >= 0)
        group.attrs["separation_pair"] = group.attrs["diameter_pair"] = clustered[:2]
    saved = {}
    monkeypatch.setattr(figures, "save", lambda figure, path: saved.update({path.stem: figure}))
    draw_clusters.main(args)
    draw_pictures.main(args)
    sizes = [int((labels == i).sum()) for i in range(3)]
    names = ["red", "cluster 17", "a name that…"]
    rows = [f"{name}: n = {size}" for name, size in zip([*names, "noise"], [*sizes, 10], strict=True)]
    assert sorted(x.get_text() for x in saved["contents"].axes[0].get_yticklabels()) == sorted(rows)
    bars = [x.get_text().partition(", mean")[0] for x in saved["silhouettes"].axes[0].get_yticklabels()]
    assert bars == rows
    for figure in ("montage", "centroids"):
        texts = [text.get_text() for text in saved[figure].axes[0].texts]
        assert [text.partition("\n")[0] for text in texts if text.endswith(" images")] == names
    draw_map.main(Namespace(**vars(args), method="pca", max_points=100, out=tmp_path / "map.png"))
    np.testing.assert_array_equal(pd.read_csv(args.points)["distance"].isna(), labels < 0)
    panel = saved["map"].axes[0]
    assert panel.get_title() == "clusters; gray: 10 in none"
    gray = (panel.collections[0].get_facecolors()[:, :3] == mpl.colors.to_rgb(figures.GRAY)).all(axis=1)
    assert np.flatnonzero(gray).tolist() == list(range(10))
    plt.close("all")


def test_mean_pictures_are_those_of_each_cluster(tmp_path):
    args = dataset(tmp_path, k=2)
    with h5py.File(args.images) as file, h5py.File(args.clusters) as clusters:
        images, labels = file["test/images"][:] / 255, clusters["labels"][:]
    found = draw_pictures.mean_pictures(args.images, "test", labels, np.bincount(labels))
    expected = [images[labels == cluster].mean(axis=0) for cluster in range(2)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3)])
def test_pictures_come_in_the_order_asked_for(tmp_path, shape):
    args = dataset(tmp_path, shape=shape)
    with h5py.File(args.images) as file:
        images = file["test/images"][:]
    rows = np.array([7, 3, 59, 3])
    pictures = draw_pictures.read_pictures(args.images, "test", rows)
    assert pictures.dtype == np.float32
    np.testing.assert_allclose(pictures, images[rows] / 255, atol=1e-6)
    assert draw_pictures.read_pictures(args.images, "test", rows[:0]).shape == (0, *shape)


def test_only_classes_of_the_split_are_shown(tmp_path, monkeypatch):
    """Classes can have images in the other split alone."""
    args = dataset(tmp_path, n_classes=2)
    with h5py.File(args.images, "r+") as file:
        labels = file["test/labels"][:]
        file["test/labels"][:] = np.array([30, 7])[labels]
        file.attrs["class_names"] = [f"kind {i}" for i in range(40)]
    saved = {}
    monkeypatch.setattr(figures, "save", lambda figure, path: saved.update({path.stem: figure}))
    draw_clusters.main(args)
    draw_pictures.main(args)
    axis = saved["contents"].axes[0]
    assert [label.get_text() for label in axis.get_xticklabels()] == ["kind 7", "kind 30"]
    assert axis.get_xlabel() == "class"
    assert axis.images[0].get_array().shape == (3, 2)
    texts = [text.get_text() for text in saved["dunn"].axes[0].texts]
    assert sum("\nclass kind 7" in text or "\nclass kind 30" in text for text in texts) == 4
    draw_map.main(Namespace(**vars(args), method="pca", max_points=50, out=tmp_path / "map.png"))
    panel = saved["map"].axes[1]
    assert panel.get_title() == "classes"
    assert {text.get_text() for text in panel.texts} == {"kind 7", "kind 30"}
    plt.close("all")


def test_contents_count_images_by_cluster_and_class():
    rng = np.random.default_rng(0)
    labels, classes = rng.integers(0, 4, 200).astype(np.int32), rng.integers(0, 5, 200).astype(np.uint8)
    expected = np.zeros((6, 7))
    for cluster, number in zip(labels, classes, strict=True):
        expected[cluster, number] += 1
    np.testing.assert_array_equal(draw_clusters.count_classes(labels, classes, 6, 7), expected)


@pytest.mark.parametrize("n", [1, 5])
def test_examples_are_the_nearest_and_the_farthest_and_others(n):
    rng = np.random.default_rng(0)
    labels, distances = rng.integers(0, 3, 200), rng.integers(0, 40, 200).astype(float)  # with ties
    for cluster in range(3):
        nearest, at_random, farthest = draw_pictures.examples(labels, distances, cluster, n)
        own = sorted(distances[labels == cluster])
        assert distances[nearest].tolist() == own[:n]
        assert distances[farthest].tolist() == own[-n:]
        assert distances[at_random].tolist() == sorted(distances[at_random])
        chosen = [*nearest, *at_random, *farthest]
        assert len(set(chosen)) == 3 * n
        assert (labels[chosen] == cluster).all()


def test_random_examples_are_not_of_one_end():
    """Among 1,000 they should be about the middle, on average."""
    _, at_random, _ = draw_pictures.examples(np.zeros(1000, int), np.arange(1000.0), 0, 100)
    assert abs(at_random.mean() - 500) < 4 * 290 / 10


@pytest.mark.parametrize(("size", "expected"), [(1, (1, 0, 0)), (5, (5, 0, 0)), (7, (5, 0, 2)), (12, (5, 2, 5))])
def test_small_clusters_have_fewer_examples(size, expected):
    found = draw_pictures.examples(np.zeros(size, int), np.arange(size), 0, 5)
    assert tuple(map(len, found)) == expected
    assert sorted(np.concatenate(found)) == list(range(size))


def test_clusters_are_sorted_by_their_most_frequent_class():
    counts = np.array([[1, 1, 8], [6, 4, 0], [0, 9, 1], [9, 0, 1]])
    (axis, *_) = draw_clusters.plot_contents(counts, ["a", "b", "c"], [f"cluster {i}" for i in range(4)]).axes
    assert [label.get_text().partition(":")[0] for label in axis.get_yticklabels()] == [
        "cluster 3",
        "cluster 1",
        "cluster 2",
        "cluster 0",
    ]
    texts = np.array([text.get_text() for text in axis.texts]).reshape(4, 3)
    assert texts[:2].tolist() == [["9\n90 %", "0", "1\n10 %"], ["6\n60 %", "4\n40 %", "0"]]
    plt.close("all")


def test_the_largest_clusters_are_shown_in_order():
    sizes = np.random.default_rng(0).permutation(50)
    found = figures.largest(sizes)
    assert sorted(sizes[found]) == list(range(50 - figures.MAX_SHOWN, 50))
    assert (np.diff(found) > 0).all()
    assert figures.largest(sizes[:3]).tolist() == [0, 1, 2]
    assert "20 largest of 50" in figures.omission_note(sizes, "clusters")
    assert figures.omission_note(sizes[:20], "clusters") == ""


@pytest.mark.parametrize("seed", range(20))
def test_placed_labels_do_not_overlap(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.uniform(1, 2, (15, 2))
    bounds = np.array([[-5.0, 0.0], [10.0, 12.0]])
    centres = rng.normal([9, 6], size=(15, 2))
    centres[:4] = centres[0]
    moved = labels.place_labels(centres, sizes, bounds)
    assert (moved - sizes / 2 >= bounds[0] - 1e-9).all()
    assert (moved + sizes / 2 <= bounds[1] + 1e-9).all()
    for i in range(15):
        for j in range(i):
            assert (np.abs(moved[i] - moved[j]) > (sizes[i] + sizes[j]) / 2 - 1e-9).any()


def test_labels_without_room_stay():
    centres = np.full((3, 2), 1.0)
    moved = labels.place_labels(centres, np.full((3, 2), 1.6), np.array([[0, 0], [2, 2]]))
    np.testing.assert_array_equal(moved, centres)


def test_labels_with_room_stay():
    centres = np.array([[1.0, 1.0], [4.0, 1.0], [1.0, 4.0]])
    moved = labels.place_labels(centres, np.ones((3, 2)), np.array([[0, 0], [5, 5]]))
    np.testing.assert_array_equal(moved, centres)


def test_principal_components_are_those_of_the_covariance():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5)) @ rng.normal(size=(5, 5))
    points, names = draw_map.project_by_pca(X)
    values, vectors = np.linalg.eigh(np.cov(X.T))
    projected = (X - X.mean(axis=0)) @ vectors[:, [-1, -2]]
    np.testing.assert_allclose(np.abs(points), np.abs(projected), atol=1e-6)
    for name, value in zip(names, values[[-1, -2]], strict=True):
        assert f"({100 * value / values.sum():.0f} % " in name


def test_one_feature_is_a_line():
    points, names = draw_map.project_by_pca(np.arange(5.0)[:, None])
    assert np.ptp(points[:, 0]) == 4
    assert (points[:, 1] == 0).all()
    assert "(0 % " in names[1]


@pytest.mark.parametrize("X", [np.array([[3.0, 4.0]]), np.zeros((5, 3))], ids=["one point", "all the same"])
def test_points_without_variance_share_none(X):
    points, names = draw_map.project_by_pca(X)
    assert np.isfinite(points).all()
    assert [name.partition("(")[2] for name in names] == ["0 % of the variance)"] * 2


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 16])
def test_umap_of_few_images(tmp_path, n):
    args = dataset(tmp_path, n=n, k=min(n, 2))
    draw_map.main(Namespace(**vars(args), method="umap", max_points=50, out=tmp_path / "map.png"))
    drawn(tmp_path / "map.png")
    for X in (np.random.default_rng(0).normal(size=(n, 3)), np.zeros((n, 3))):
        points, _ = draw_map.project_by_umap(X)
        assert points.shape == (n, 2)
        assert np.isfinite(points).all()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_three_images_or_fewer_are_as_far_apart_as_they_are(n):
    """In a plane they fit; UMAP, which needs more of them, is not asked."""
    X = np.random.default_rng(0).normal(size=(n, 5))
    points, names = draw_map.project_by_umap(X)
    assert all("principal component" in name for name in names)
    distances = [[np.linalg.norm(x - y) for x in Y for y in Y] for Y in (X, points)]
    np.testing.assert_allclose(*distances, atol=1e-9)


@pytest.mark.slow
def test_umap_tells_groups_apart():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(50, 10)), rng.normal(size=(50, 10)) + 20])
    points, _ = draw_map.project_by_umap(X)
    assert points.shape == (100, 2)
    middles = points[:50].mean(axis=0), points[50:].mean(axis=0)
    nearest = np.argmin([np.linalg.norm(points - middle, axis=1) for middle in middles], axis=0)
    assert nearest.tolist() == [0] * 50 + [1] * 50
    np.testing.assert_array_equal(draw_map.project_by_umap(X)[0], points)


def summary(ks, metrics, splits=("test",)):
    rng = np.random.default_rng(0)
    rows = []
    for features in ("pixels", "autoencoder"):
        for split in splits:
            for k in ks:
                for metric in metrics:
                    values = rng.random(4) * (100 / k if metric == "relative_inertia" else 1)
                    row = ["tiny", features, split, k, metric, 4, values.mean(), values.std()]
                    rows.append([*row, values.min(), values.max()])
    columns = ["dataset", "features", "split", "k", "metric", "n", "mean", "std", "min", "max"]
    return pd.DataFrame(rows, columns=columns)


METRICS = [
    "inertia",
    "relative_inertia",
    "silhouette",
    "dunn",
    "adjusted_rand",
    "normalized_mutual_info",
    "accuracy",
]
METRICS += ["silhouette_in_pixels", "dunn_in_pixels", "silhouette_in_autoencoder", "dunn_in_autoencoder"]
METRICS += ["stability", "stability_of_models", "gap", "gap_standard_error"]


@pytest.mark.parametrize(
    ("ks", "metrics", "splits"),
    [
        ([2, 3, 4, 5, 10], METRICS, ("train", "test")),
        ([10], METRICS, ("test",)),
        ([2, 3], ["inertia", "relative_inertia", "silhouette", "silhouette_lower", "silhouette_upper"], ("test",)),
        ([1], ["relative_inertia"], ("test",)),
    ],
)
def test_scores_are_drawn_twice_the_same(tmp_path, ks, metrics, splits):
    table = summary(ks, metrics, splits)
    table.loc[table["metric"] == "dunn", ["mean", "min", "max"]] = np.inf
    table.loc[table["metric"] == "silhouette", ["mean", "min", "max"]] = np.nan
    table.to_csv(tmp_path / "summary.csv")
    for name in ("one.png", "two.png"):
        draw_scores.main(Namespace(summary=tmp_path / "summary.csv", out=tmp_path / name))
    drawn(tmp_path / "one.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_equal_scores_are_drawn():
    """Whose mean is rounded past them."""
    table = summary([10], ["accuracy"])
    table[["min", "max"]] = 0.7
    table["mean"] = np.nextafter(0.7, 1)
    assert len(draw_scores.plot_scores(table).axes[0].texts) == 2
    plt.close("all")


def test_the_gap_has_its_error():
    table = summary([3, 2], METRICS).set_index(["metric", "features", "k"]).sort_index()
    found = draw_scores.curves(table.reset_index())
    for features in ("pixels", "autoencoder"):
        for k in (2, 3):
            gap, error = (table.loc[(name, features, k), "mean"] for name in ("gap", "gap_standard_error"))
            assert found["gap", features, "test"].loc[k].tolist() == pytest.approx([gap, gap - error, gap + error])
    assert {metric for metric, _, _ in found} == set(METRICS) - {"inertia", "gap_standard_error"}


def test_the_choice_is_marked_at_its_place():
    table = summary([1, 2, 3, 4], ["relative_inertia"])
    table["mean"] = [100, 50, 10, 9, 100, 10, 9, 8]
    axis = draw_scores.plot_scores(table).axes[0]
    assert [(text.get_text(), text.xy) for text in axis.texts] == [("k = 3", (3, 10)), ("k = 2", (2, 10))]
    plt.close("all")


@pytest.mark.parametrize(("channels", "n_filters"), [(1, 1), (3, 2)])
def test_autoencoder_is_drawn(tmp_path, channels, n_filters):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (10, 8, 8, 3) if channels == 3 else (10, 8, 8), np.uint8)
    codes, reconstructions = rng.random((10, 2, 2, n_filters)), rng.random((10, 8, 8, channels))
    write_examples(tmp_path / "examples.h5", Examples(images, codes, reconstructions, 0.1))
    history = pd.DataFrame({"epoch": [1, 2], "loss": [0.2, 0.1], "val_loss": [0.3, 0.1], "seconds": [1, 1]})
    history.to_csv(tmp_path / "history.csv")
    outputs = {name: tmp_path / f"{name}.png" for name in ("loss", "reconstructions")}
    inputs = {"history": tmp_path / "history.csv", "examples": tmp_path / "examples.h5"}
    draw_autoencoder.main(Namespace(**inputs, **outputs, splits=["all"]))
    for path in outputs.values():
        pixels = plt.imread(path)
        assert min(pixels.shape[:2]) > 200
        assert np.ptp(pixels[..., :3]) > 0.5


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "channels"), [((16, 16), 1), ((16, 16, 3), 3)])
def test_decoded_codes_are_the_reconstructions(shape, channels):
    from lib.features import autoencoder

    images = np.random.default_rng(0).integers(0, 256, (5, *shape), np.uint8)
    model = autoencoder.build(16, [4, 2], channels=channels)
    _, reconstructions = autoencoder.encode_and_reconstruct(model, images)
    decoded = autoencoder.decode(model, autoencoder.encode(model, images))
    assert decoded.shape == images.shape
    assert decoded.dtype == np.float32
    np.testing.assert_allclose(decoded, reconstructions.reshape(images.shape), atol=1e-6)
    assert np.ptp(decoded, axis=0).max() > 1e-3


@pytest.mark.parametrize("names", ["pyplot figures labels", "labels figures pyplot"])
def test_modules_are_imported_in_any_order(names):
    """Figures need no screen, and look the same."""
    modules = {"pyplot": "matplotlib.pyplot", "figures": "lib.report.figures", "labels": "lib.report.labels"}
    lines = [f"import {modules[name]}" for name in names.split()]
    lines += ["lib.report.labels.use_fonts_for('cat')", "from matplotlib import get_backend, rcParams"]
    lines += ["print(get_backend().lower(), *map(rcParams.get, ['font.size', 'font.family', 'savefig.dpi']))"]
    environment = os.environ | {"PYTHONPATH": str(Path(draw_map.__file__).parent), "MPLBACKEND": "TkAgg"}
    command = [sys.executable, "-c", "\n".join(lines)]
    run = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    assert run.stdout == "agg 8.0 ['DejaVu Sans'] 200.0\n"


def make_font(path, family, characters):
    """A font in which each character is a square."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for point in ((0, 700), (700, 700), (700, 0)):
        pen.lineTo(point)
    pen.closePath()
    names = [f"glyph{i}" for i in range(len(characters))]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap({ord(character): name for character, name in zip(characters, names, strict=True)})
    builder.setupGlyf(dict.fromkeys([".notdef", *names], pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names], (1000, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(usWeightClass=400)
    builder.setupPost()
    builder.save(path)
    return str(path)


@pytest.fixture
def fonts(tmp_path, monkeypatch):
    """The fonts of the system, to be made."""
    files = []
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: files)
    known = list(font_manager.fontManager.ttflist)
    with mpl.rc_context():
        yield lambda family, characters: files.append(make_font(tmp_path / f"{family}.ttf", family, characters))
    font_manager.fontManager.ttflist = known


def all_drawn(name):
    """Whether a figure shows each character of a name."""
    figure = figures.message(name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure.canvas.draw()
    plt.close(figure)
    return not [warning for warning in caught if "missing from font" in str(warning.message)]


def names_of(folder, *names):
    with h5py.File(folder / "names.h5", "w") as file:
        file.attrs["class_names"] = list(names)
        file["test/labels"] = np.arange(len(names))
    return labels.read_classes(folder / "names.h5", "test").names


@pytest.mark.parametrize("name", ["写真", "고양이", "ねこ", "कुत्ता", "แมว", "\U0001f9a4", "写 고 \U0001f9a4"])
def test_font_that_has_the_characters_of_a_class_is_used(tmp_path, fonts, caplog, name):
    assert not all_drawn(name)
    fonts("A", "abc")
    for i, character in enumerate(sorted(set(name) - {" "})):
        fonts(f"B{i}", f"a{character}")
    fonts("C", name.replace(" ", ""))
    assert names_of(tmp_path, "cat", name) == ["cat", name]
    assert all_drawn(f"cat {name}")
    assert len(mpl.rcParams["font.family"]) == 2, "one for all"
    assert not caplog.records


def test_fonts_that_have_the_characters_together_are_used(tmp_path, fonts, caplog):
    for family, characters in {"A": "写", "B": "写真고", "C": "고양", "D": "abc", "E": "양이"}.items():
        fonts(family, characters)
    names_of(tmp_path, "写真", "고양이")
    assert all_drawn("写真 고양이")
    assert mpl.rcParams["font.family"] == [labels.FONT, "B", "E"]
    assert not caplog.records


def test_usual_font_is_preferred_to_a_special_one(tmp_path, fonts):
    for family in ("A Bold", "B-Light", "C Sans", "D Serif", "E Sans"):
        fonts(family, "写真")
    names_of(tmp_path, "写真")
    assert mpl.rcParams["font.family"] == [labels.FONT, "C Sans"]


def test_characters_that_no_font_has_are_named(tmp_path, fonts, caplog):
    fonts("A", "写")
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    font_manager.findSystemFonts().append(str(tmp_path / "broken.ttf"))
    with caplog.at_level(logging.INFO):
        names_of(tmp_path, "写真", "cat", "แมว")
    (record,) = caplog.records
    assert " ".join(sorted("真แมว")) in record.getMessage()
    assert "写" not in record.getMessage()
    assert "fonts-noto" in record.getMessage()
    assert not all_drawn("写真")
    assert all_drawn("写")


def test_fonts_of_the_system_are_not_looked_for_without_need(tmp_path, monkeypatch):
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: pytest.fail("looked for"))
    with mpl.rc_context():
        names = ["cat", "Größe", "кошка", "قطة", "_hidden", "$x$", "a\nb", "a\tb", "zero\u200bwidth"]
        names_of(tmp_path, *names)
        assert all_drawn("".join(names_of(tmp_path, *names)))


@pytest.mark.parametrize(
    ("name", "length", "expected"),
    [
        ("a name of twenty cha", 20, "a name of twenty cha"),
        ("a name of twenty-one c", 20, "a name of twenty-on…"),
        ("中文类别名称很长很长", 20, "中文类别名称很长很长"),
        ("中文类别名称很长很长很", 20, "中文类别名称很长很…"),
        ("a中文类别名称很长很长很", 20, "a中文类别名称很长很…"),
        ("e\u0301" * 20, 20, "e\u0301" * 20),
        ("e\u0301" * 21, 20, "e\u0301" * 19 + "…"),
        ("a\nb\tc", 20, "a\\nb\\tc"),
        ("_$x$", 20, "_$x$"),
    ],
)
def test_long_names_are_cut_by_their_width(name, length, expected):
    assert labels.truncate(name, length) == expected
    assert labels.text_width(expected) <= length


def test_names_that_mean_something_to_matplotlib_are_shown_as_they_are():
    names = ["_hidden", "$x^{", "$x$", "猫" * 5]
    (axis, *_) = draw_clusters.plot_contents(np.eye(4) + 1, names, list("abcd")).axes
    assert [label.get_text() for label in axis.get_xticklabels()] == names
    assert not any(label.get_parse_math() for label in axis.get_xticklabels())
    plt.close("all")
