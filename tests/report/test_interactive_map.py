"""What the maps of the report are made of: the right point with the right image, name, cluster and class."""

import base64
import hashlib
import io
import json
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lib.report import figures, interactive_map
from lib.report.interactive_map import Drawn, map_data, picture_sheet

TEMPLATES = Path(figures.__file__).parents[2] / "templates"
N, CHOSEN = 40, np.array([1, 2, 5, 8, 13, 21, 34, 39])
LABELS = np.resize([0, 1, -1, 1], N)


def decoded(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype)


def picture_of(sheet, point):
    image = Image.open(io.BytesIO(base64.b64decode(sheet["source"].partition(",")[2])))
    left, top = point % sheet["columns"] * sheet["width"], point // sheet["columns"] * sheet["height"]
    return np.asarray(image)[top : top + sheet["height"], left : left + sheet["width"]].astype(float)


@pytest.fixture
def drawn(tmp_path):
    """A clustering with noise, made elsewhere, of images with names and classes, and a map of some of them."""
    rng = np.random.default_rng(0)
    with h5py.File(tmp_path / "images.h5", "w") as file:
        levels = np.arange(N, dtype=np.uint8) * 6
        file["test/images"] = np.broadcast_to(levels[:, None, None], (N, 8, 16))
        file["test/labels"] = np.array([7, 2])[np.arange(N) % 2].astype(np.uint8)
        file["test/files"] = [f"photos/{i}" for i in range(N)]
        file.attrs["class_names"] = [f"kind {i}" for i in range(9)]
    points = {"number": CHOSEN, "x": rng.normal(size=8), "y": rng.normal(size=8), "distance": rng.random(8)}
    points["distance"][3] = np.nan
    pd.DataFrame(points).to_csv(tmp_path / "map.csv", index=False)
    return tmp_path


def data_of(folder, n_runs=1):
    run = Drawn("test", LABELS, ["red", "7"], folder / "map.csv")
    return map_data(folder / "images.h5", [run] * n_runs, 100_000)


def test_each_point_has_its_image_name_class_and_cluster(drawn):
    data = data_of(drawn)
    split, clustering = data["splits"]["test"], data["clusterings"][0]
    assert data["thing"] == "image"
    assert decoded(split["numbers"], "<u4").tolist() == CHOSEN.tolist()
    assert split["names"] == [f"photos/{i}" for i in CHOSEN]
    classes, clusters = split["classes"], clustering["clusters"]
    assert classes["names"] == ["kind 2", "kind 7"]
    assert [classes["names"][i] for i in decoded(classes["labels"], "<u2")] == [
        f"kind {[7, 2][i % 2]}" for i in CHOSEN
    ]
    assert clusters["names"] == ["red", "cluster 7", "in no cluster"]
    assert (classes["noise"], clusters["noise"]) == (None, 2)
    expected = [["red", "cluster 7", "in no cluster", "cluster 7"][i % 4] for i in CHOSEN]
    assert [clusters["names"][i] for i in decoded(clusters["labels"], "<u2")] == expected
    assert (classes["sizes"], clusters["sizes"]) == ([20, 20], [10, 20, 10])
    assert clusters["colours"] == [*figures.GROUP_COLOURS[:2], figures.GRAY]
    for point, number in enumerate(CHOSEN):
        picture = picture_of(split["pictures"], point)
        assert picture.shape[:2] == (8, 16)
        np.testing.assert_allclose(picture, 6 * number, atol=4)


def test_points_are_where_the_map_has_them(drawn):
    clustering = data_of(drawn)["clusterings"][0]
    table = pd.read_csv(drawn / "map.csv")
    for name in ("x", "y"):
        values = table[name] - table[name].min()
        span = max(np.ptp(table["x"]), np.ptp(table["y"]))
        np.testing.assert_allclose(decoded(clustering[name], "<u2") / 65535, values / span, atol=1e-5)
    order = decoded(clustering["order"], "<u4")
    assert sorted(order) == list(range(8))
    assert (np.diff(table["distance"][order][:7]) >= 0).all()
    assert order[-1] == 3  # which is in no cluster


def test_each_split_is_there_once_and_always_the_same(drawn):
    one, two = data_of(drawn), data_of(drawn, n_runs=2)
    assert two["splits"] == one["splits"]
    assert two["clusterings"] == one["clusterings"] * 2
    assert json.dumps(data_of(drawn)) == json.dumps(one)


def test_vectors_have_no_pictures(drawn):
    with h5py.File(drawn / "images.h5", "r+") as file:
        del file["test/images"], file["test/labels"], file.attrs["class_names"]
        file["all"] = file["test"]
        file["all"].attrs["n"] = N
        del file["test"]
    data = map_data(drawn / "images.h5", [Drawn("all", LABELS, ["red", "7"], drawn / "map.csv")], 100_000)
    assert data["thing"] == "row"
    assert data["splits"]["all"]["pictures"] is None
    assert data["splits"]["all"]["classes"] is None
    assert data["splits"]["all"]["names"][0] == "photos/1"


@pytest.mark.parametrize("shape", [(96, 96, 3), (40, 96)])
def test_pictures_take_no_more_room_than_there_is(tmp_path, shape):
    noise = np.random.default_rng(0).integers(0, 256, (300, *shape), dtype=np.uint8)
    with h5py.File(tmp_path / "images.h5", "w") as file:
        file["all/images"] = noise
    widths = []
    for n_bytes in (10_000_000, 500_000, 50_000):
        sheet = picture_sheet(tmp_path / "images.h5", "all", np.arange(300), n_bytes)
        assert len(sheet["source"]) <= n_bytes
        widths.append(sheet["width"])
    assert widths[0] == 96 > widths[1] > widths[2]


def test_pictures_of_many_photos_are_small_at_once(tmp_path, monkeypatch):
    """Sheets that would not fit into memory are not tried."""
    monkeypatch.setattr(interactive_map, "MAX_PIXELS", 100 * 32 * 32)
    with h5py.File(tmp_path / "images.h5", "w") as file:
        file["all/images"] = np.zeros((100, 96, 96), np.uint8)
    assert picture_sheet(tmp_path / "images.h5", "all", np.arange(100), 10_000_000)["width"] == 32


def test_scripts_cannot_end_before_they_end():
    for name in ("d3.min.js", "map.js", "d3.LICENSE"):
        text = (TEMPLATES / name).read_text()
        assert not any(end in text.lower() for end in ("</script", "<!--", "<script"))
    assert "*/" not in (TEMPLATES / "d3.LICENSE").read_text()


def test_d3_is_as_it_was_published():
    """d3@7.9.0, dist/d3.min.js, of the npm registry."""
    digest = hashlib.sha256((TEMPLATES / "d3.min.js").read_bytes()).hexdigest()
    assert digest == "f2094bbf6141b359722c4fe454eb6c4b0f0e42cc10cc7af921fc158fceb86539"
