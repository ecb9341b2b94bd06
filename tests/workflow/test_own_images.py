"""Images of one's own through the real workflow: folders of photos, NumPy files, CIFAR-100."""

import csv
import io
import json
import tarfile
import time

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import CLASSES, records, touch
from PIL import Image
from test_bad_input import refused

pytestmark = pytest.mark.slow

OF_CLASSES = {"adjusted_rand", "normalized_mutual_info", "accuracy"}


def jobs_of_pixels(split):
    return {
        "prepare_images",
        "list_images",
        f"encode_pixels {split}",
        f"cluster pixels {split}",
        f"evaluate {split} in pixels",
        "collect_scores",
        "summarise",
        "compare",
        "conclude",
        "list_assignments",
    }


def use(project, *, autoencoder=False, **dataset):
    """Make this, and nothing else, the dataset `tiny`."""
    settings = project.settings
    settings["datasets"]["tiny"] = dataset
    settings["clustering"] = {"n_clusters": [3], "seeds": [0]}
    settings["features"] = ["pixels", "autoencoder"] if autoencoder else ["pixels"]
    settings["autoencoder"] |= {
        "filters": [8, 4],
        "epochs": 10,
    }  # so few images take no time, and need many epochs
    project.settings_file.write_text(yaml.safe_dump(settings))


def write_photos(folder, n, classes=("",)):
    """Photos of the patterns of the tiny dataset, in many sizes, kinds and modes."""
    rng = np.random.default_rng(0)
    rows = np.frombuffer(records(n, 0), np.uint8).reshape(n, -1)
    for i, row in enumerate(rows):
        size = tuple(int(side) for side in rng.integers(20, 200, 2))
        image = Image.fromarray(row[1:].reshape(3, 32, 32).transpose(1, 2, 0)).resize(size)
        mode, suffix = [("RGB", "jpg"), ("RGBA", "png"), ("L", "PNG"), ("P", "png"), ("RGB", "webp")][i % 5]
        path = folder / classes[row[0] % len(classes)] / f"IMG {i}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.convert(mode).save(path)
    return folder


def columns(project, file):
    with (project.results / file).open() as table:
        return set(next(csv.reader(table)))


def test_photos_without_classes_through_everything(fresh):
    write_photos(fresh.path / "my photos", 150)
    use(fresh, format="folder", source="my photos", autoencoder=True)
    fresh.targets = ["all"]
    fresh.run()
    assert not columns(fresh, "metrics.csv") & OF_CLASSES
    for file in ("summary.csv", "comparison.csv"):
        table = pd.read_csv(fresh.results / file)
        assert set(table["metric"]) > {"silhouette", "dunn"}
        assert not set(table["metric"]) & OF_CLASSES
    assert "accuracy" not in (fresh.results / "comparison.txt").read_text()
    with h5py.File(fresh.results / "images.h5") as file:
        assert {name: set(group) for name, group in file.items()} == {"all": {"images", "files"}}
        assert file["all/images"].shape == (150, 32, 32)
    for features in ("pixels", "autoencoder/seed0"):
        figures = fresh.results / "figures" / features / "all/k3/seed0"
        assert {"contents.png", "montage.png", "map.png"} <= {path.name for path in figures.iterdir()}
    report = (fresh.results / "report.html").read_text()
    assert "They have no classes" in report
    assert "adjusted Rand" not in report
    assert fresh.jobs() == set()


def test_photos_in_colour_with_classes(fresh):
    shown = {"<script>alert(1)<": "&lt;script&gt;alert(1)&lt;", "Größe $x$": "Größe $x$", "a\nb": r"a\nb"}
    shown["a\tb"] = r"a\tb"
    names = sorted(shown)
    for split, n in {"Training": 60, "Test": 30}.items():
        write_photos(fresh.path / "photos" / split, n, names)
    photo = next((fresh.path / "photos/Test/<script>alert(1)<").iterdir())
    name = "script>\"quoted'.png"  # that of the folder ends in <
    photo.rename(photo.with_name(name))
    use(fresh, format="folder", source="photos", side=16, channels="rgb", autoencoder=True)
    fresh.targets = ["all"]
    fresh.run()
    assert columns(fresh, "metrics.csv") > OF_CLASSES
    with h5py.File(fresh.results / "images.h5") as file:
        class_names = file.attrs["class_names"].tolist()
        assert class_names == [name.replace("\n", r"\n").replace("\t", r"\t") for name in names]
        assert file["test/images"].shape == (30, 16, 16, 3)
        files = file["test/files"].asstr()[:]
        assert [class_names[label] for label in file["test/labels"]] == [path.split("/")[1] for path in files]
    report = (fresh.results / "report.html").read_text()
    assert all(f'<th scope="row">{name}</th>' in report for name in shown.values())
    assert "alert(1)</" not in report
    _, _, data = report.partition('<script type="application/json" id="map-data">')
    assert (
        f"Test/<script>alert(1)</{name}" in json.loads(data.partition("</script>")[0])["splits"]["test"]["names"]
    )
    said = (
        "The folder Training was taken for the training images, and Test for the test images; the folders in "
        "these were taken for classes, 4 in all."
    )
    assert said in report
    assert said in (fresh.results / "logs/prepare_images.log").read_text()
    table = pd.read_csv(fresh.metrics)
    assert table.groupby("features")["n_features"].first().to_dict() == {
        "autoencoder": 4 * 4 * 4,
        "pixels": 16 * 16 * 3,
    }


def test_without_the_classes_scores_are_made_anew_and_nothing_else(fresh):
    folder = write_photos(fresh.path / "photos", 50, ("cat", "dog"))
    use(fresh, format="folder", source="photos")
    fresh.run()
    with_classes = fresh.metrics.read_bytes()
    use(fresh, format="folder", source="photos", classes="none")
    assert fresh.jobs() == {
        "list_images",
        "collect_scores",
        "summarise",
        "compare",
        "conclude",
        "list_assignments",
    }
    fresh.run()
    assert fresh.jobs() == set()
    assert not columns(fresh, "metrics.csv") & OF_CLASSES
    assert pd.read_csv(fresh.results / "images.csv")["class"].isna().all()
    use(fresh, format="folder", source="photos")
    fresh.run()
    assert fresh.metrics.read_bytes() == with_classes

    (folder / "beside.png").write_bytes(next(folder.glob("cat/*.png")).read_bytes())
    use(fresh, format="folder", source="photos", classes="none")
    fresh.run()
    use(fresh, format="folder", source="photos")
    run = fresh.snakemake()
    assert run.returncode != 0
    assert "list_images: error: " in run.stdout + run.stderr
    assert "1 beside them" in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr


def test_what_happens_to_the_folder(fresh):
    """A photo more is noticed; other files, another place and an unplugged disk change nothing."""
    folder = write_photos(fresh.path / "photos", 50, ("cat", "dog"))
    use(fresh, format="folder", source="photos")
    fresh.run()
    assert fresh.jobs() == set()
    are_exported(fresh)

    (folder / "notes.txt").write_text("")
    (folder / "cat" / ".hidden.jpg").write_text("")
    moved = folder.rename(fresh.path / "moved")
    use(fresh, format="folder", source=str(moved))
    assert fresh.jobs() == set()

    before = fresh.snapshot()
    unplugged = moved.rename(fresh.path / "unplugged")
    run = fresh.snakemake()
    assert run.returncode != 0
    assert (run.stdout + run.stderr).splitlines()[-1] == (
        f"config: datasets.tiny: source {moved} does not exist, or is no folder; correct `source` in the config; "
        "what was made of it stays as it is"
    )
    assert fresh.snapshot() == before
    moved = unplugged.rename(moved)
    assert fresh.jobs() == set()

    first = next((moved / "cat").glob("IMG*"))
    touch(first, time.time() + 5)
    assert fresh.jobs() == jobs_of_pixels("all")
    (moved / "emu").mkdir()
    Image.new("RGB", (40, 30), "red").save(moved / "emu" / "new.png")
    assert fresh.jobs() == jobs_of_pixels("all")
    fresh.run()
    assert fresh.jobs() == set()
    with h5py.File(fresh.results / "images.h5") as file:
        assert file.attrs["class_names"].tolist() == ["cat", "dog", "emu"]
        assert len(file["all/images"]) == 51
    use(fresh, format="folder", source=str(moved), test_fraction=0.3)
    assert fresh.jobs() == jobs_of_pixels("test")


def are_exported(project):
    """Sorted into a folder for each cluster, twice the same, and copied; and a wrong name is told in one line."""
    name = "pixels/all/k3/seed0"
    project.make("export", f"CLUSTERING={name}")
    assignments = pd.read_csv(project.results / "assignments.csv")
    links = {path: path.readlink() for path in (project.results / "export" / name).rglob("*") if path.is_symlink()}
    assert {(path.parent.name, target) for path, target in links.items()} == {
        (f"cluster{label}", project.path / "photos" / file)
        for label, file in zip(assignments[name], assignments["file"], strict=True)
    }
    assert all(path.is_file() for path in links)
    assert "is there already, with the same 50 images" in project.make("export")
    assert "has links of the images, and copies were asked for" in project.make("export", "COPY=1", check=False)
    (project.results / "export").rename(project.results / "moved")
    project.make("export", "COPY=1")
    assert not any(path.is_symlink() for path in (project.results / "export").rglob("*"))
    said = project.make("export", "CLUSTERING=pixels/k3", check=False).splitlines()
    assert "config: export.clusterings names pixels/k3, and there is no such clustering; there is " + name in said
    assert project.jobs() == set()


def test_unreadable_photos_are_refused_then_skipped(fresh):
    folder = write_photos(fresh.path / "photos", 50)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "page.png").write_text("<html>")
    use(fresh, format="folder", source="photos")
    refused(
        fresh,
        "prepare_images",
        "2 of 52 images cannot be read, the first is empty.jpg",
        "remove them, or set `unreadable: skip`",
        log="tiny/logs/prepare_images.log",
    )
    log = (fresh.results / "logs/prepare_images.log").read_text()
    assert "empty.jpg cannot be read: " in log
    assert "page.png cannot be read: " in log
    use(fresh, format="folder", source="photos", unreadable="skip")
    fresh.run()
    assert "prepare_images: skipped 2 of 52 images" in (fresh.results / "logs/prepare_images.log").read_text()
    assert pd.read_csv(fresh.metrics)["n_samples"].item() == 50
    assert fresh.jobs() == set()


@pytest.mark.parametrize(
    ("names", "settings", "words"),
    [
        ([], {}, ["source photos does not exist, or is no folder"]),
        (["a.tif"], {}, ["photos holds no images: none of its 1 files"]),
        (["a.jpg"], {"test_fraction": 0.2}, ["too few images to split", "makes 0 test images"]),
        (
            ["a.jpg", "b.jpg", "c.jpg", "d.jpg"],
            {"test_fraction": 0.5},
            ["clustering.n_clusters has 3, and the split test of photos has 2 images; take numbers up to 2"],
        ),
        (["a/1.jpg", "2.jpg"], {"test_fraction": 0.5}, ["1 beside them, the first is 2.jpg", "`classes: none`"]),
        (["train/1.jpg", "test/2.jpg", "3.jpg"], {}, ["images beside them, the first is 3.jpg"]),
        (["train/1.jpg", "test/2.jpg", "valid/3.jpg"], {}, ["beside them, the first is valid/3.jpg"]),
        (["Training/a/1.jpg"], {}, ["all its folders, Training, are named like splits", "set `source` to one"]),
        (
            ["x/train/1.jpg", "x/test/2.jpg", "x/test/3.jpg"],
            {},
            ["train and test lie in x", "set `source` to photos/x"],
        ),
    ],
    ids=[
        *(
            "missing",
            "no images",
            "too few",
            "fewer than clusters",
            "beside classes",
            "beside splits",
            "third split",
            "one split",
        ),
        "splits further down",
    ],
)
def test_bad_folder(fresh, names, settings, words):
    for name in names:
        path = fresh.path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    use(fresh, format="folder", source="photos", **settings)
    refused(fresh, "prepare_images", *words, log="tiny/logs/prepare_images.log")


def test_more_clusters_than_photos_are_refused_before_anything_runs(fresh):
    write_photos(fresh.path / "photos", 2)
    use(fresh, format="folder", source="photos")
    run = fresh.snakemake("--dry-run")
    assert run.returncode != 0
    line = "config: clustering.n_clusters has 3, and the split all of tiny has 2 images; take numbers up to 2"
    assert line in (run.stdout + run.stderr).splitlines()


def test_numpy_file(fresh):
    rows = np.frombuffer(records(100, 0), np.uint8).reshape(100, -1)
    images = rows[:, 1 + 1024 : 1 + 2048].reshape(-1, 32, 32)[:, 2:-2, 2:-2]
    path = fresh.path / "arrays.npz"
    np.savez(path, x_train=images[:70], y_train=rows[:70, 0], x_test=images[70:], y_test=rows[70:, :1])
    use(fresh, format="npz", source="arrays.npz", n_images={"train": 70, "test": 30})
    fresh.targets = ["all"]
    fresh.run()
    alone = "pixels, test data, k = 3: 1 clustering has an adjusted Rand index of "
    assert f"<strong>{alone}" in (fresh.results / "report.html").read_text()
    assert (fresh.results / "comparison.txt").read_text().startswith(alone)
    fresh.targets = ["tables"]
    table = pd.read_csv(fresh.metrics)
    assert (table["n_samples"].item(), table["n_features"].item()) == (30, 28 * 28)
    assert columns(fresh, "metrics.csv") > OF_CLASSES
    assert fresh.jobs() == set()

    use(fresh, format="npz", source="arrays.npz", sha256=None, side=8)
    assert fresh.jobs() == jobs_of_pixels("test")
    np.savez(fresh.path / "floats.npz", x=images / 255)
    use(fresh, format="npz", source="floats.npz", sha256=None)
    refused(
        fresh,
        "prepare_images",
        "x should be images, uint8",
        "is float64 (100, 28, 28); convert levels from 0 to 1 by",
        "(the archive is from floats.npz)",
        log="tiny/logs/prepare_images.log",
        replaces=["images.h5"],
    )


def test_cifar100(fresh):
    """A class of the fine or of the coarse kind."""
    path = fresh.path / "cifar100.tar.gz"
    files = {
        "fine_label_names.txt": "\n".join([*CLASSES, ""]).encode(),
        "coarse_label_names.txt": b"low\nhigh\n",
    }
    for name, n in {"train": 60, "test": 30}.items():
        rows = np.frombuffer(records(n, n), np.uint8).reshape(n, -1)
        files[f"{name}.bin"] = np.column_stack([rows[:, 0] // 5, rows]).tobytes()
    with tarfile.open(path, "w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"cifar-100-binary/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    use(fresh, format="cifar100-binary", source=path.name)
    fresh.run()
    with h5py.File(fresh.results / "images.h5") as file:
        assert file.attrs["class_names"].tolist() == CLASSES
        fine = file["test/labels"][:]
    use(fresh, format="cifar100-binary", source=path.name, classes="coarse")
    assert fresh.jobs() == jobs_of_pixels("test")
    fresh.targets = ["results/tiny/images.h5"]
    fresh.run()
    with h5py.File(fresh.results / "images.h5") as file:
        assert file.attrs["class_names"].tolist() == ["low", "high"]
        np.testing.assert_array_equal(file["test/labels"][:], fine // 5)
