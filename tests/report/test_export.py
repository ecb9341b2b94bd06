"""Images sorted into a folder for each cluster: all of them, the same again, and nothing of the user's changed."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from lib.clustering.clusters_file import write_labels
from lib.clustering.labels import Labels
from lib.report.export import export_paths

SCRIPT = Path(__file__).parents[2] / "scripts" / "export.py"
# The same name in two folders, names that differ in the case alone, and characters that are odd.
FILES = ["cat/a.jpg", "dog/a.jpg", "dog/A.jpg", "dog/b.jpg", "two\nlines/c\\d.png", "Größe/é.webp"]
LABELS = [0, 0, 0, 1, 1, -1]
OPTIONS = ["--results", "results/mine", "--clustered-features", "pixels/all", "--n-clusters", "2", "--seeds", "0"]
OPTIONS += ["--imported", "own/all/run0", "--clusterings", "own/all/run0"]


def tree(folder):
    """What is below a folder: where each link leads, or the bytes of each file."""
    return {
        str(path.relative_to(folder)): path.readlink() if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


class Results:
    """A dataset with one clustering."""

    def __init__(self, path):
        self.path = path
        self.folder = path / "results/mine"
        self.exported = self.folder / "export/own/all/run0"
        self.write(["red", "17/x"])

    def write(self, names, labels=LABELS):
        (self.folder / "clusters/own/all").mkdir(parents=True, exist_ok=True)
        write_labels(self.folder / "clusters/own/all/run0.h5", Labels(np.array(labels), names), run=0)

    def images(self, shape=(4, 4), files=None):
        images = np.random.default_rng(0).integers(0, 256, (len(LABELS), *shape), np.uint8)
        with h5py.File(self.folder / "images.h5", "w") as file:
            file["all/images"] = images
            if files:
                file["all/files"] = np.array(files, h5py.string_dtype())
        return images

    def export(self, *options):
        """Run the script; its exit code and the last line that it says."""
        command = [sys.executable, SCRIPT, *OPTIONS, *options]
        done = subprocess.run(command, cwd=self.path, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr.splitlines()[-1]

    def succeed(self, *options):
        code, line = self.export(*options)
        assert code == 0, line
        return tree(self.exported)

    def refused(self, *options):
        code, line = self.export(*options)
        assert code == 1
        assert line.startswith("export: error: ")
        return line.removeprefix("export: error: ")


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path)


@pytest.fixture
def photos(results):
    """The same with photos, whose bytes are their names."""
    for file in FILES:
        path = results.path / "photos" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file)
    results.images(files=[file.replace("\\", "\\\\").replace("\n", "\\n") for file in FILES])
    return results


PLACES = [
    *("cluster0-red/0-a.jpg", "cluster0-red/1-a.jpg", "cluster0-red/2-A.jpg"),
    *("cluster1-17_x/3-b.jpg", r"cluster1-17_x/4-c\\d.png", "noise/5-é.webp"),
]


def test_links_to_photos(photos):
    found = photos.succeed("--photos", "photos")
    assert found == {place: photos.path / "photos" / file for place, file in zip(PLACES, FILES, strict=True)}
    for place, file in zip(PLACES, FILES, strict=True):
        assert (photos.exported / place).read_text() == file


def test_copies_of_photos(photos):
    before = tree(photos.path / "photos")
    os.utime(photos.path / "photos" / FILES[0], (1e9, 1e9))
    found = photos.succeed("--photos", "photos", "--copy")
    assert found == {place: file.encode() for place, file in zip(PLACES, FILES, strict=True)}
    assert (photos.exported / PLACES[0]).stat().st_mtime == 1e9
    assert tree(photos.path / "photos") == before


@pytest.mark.parametrize(("first", "second"), [([], ["--copy"]), (["--copy"], [])], ids=["copies", "links"])
def test_links_and_copies_are_two_things(photos, first, second):
    photos.succeed("--photos", "photos", *first)
    said = photos.refused("--photos", "photos", *second)
    there, wanted = ("copies", "links") if first else ("links", "copies")
    assert f"has {there} of the images, and {wanted} were asked for" in said


@pytest.mark.parametrize("shape", [(5, 5), (4, 4, 3)], ids=["gray", "rgb"])
def test_images_that_are_no_files(results, shape):
    images = results.images(shape)
    results.write(["0", "1"])
    found = results.succeed()
    assert len(found) == len(images)
    for number, (label, pixels) in enumerate(zip(LABELS, images, strict=True)):
        place = f"cluster{label}/{number}-image.png" if label >= 0 else f"noise/{number}-image.png"
        with Image.open(results.exported / place) as image:
            np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("options", [[], ["--copy"]], ids=["links", "copies"])
def test_again_changes_nothing(photos, options):
    photos.succeed("--photos", "photos", *options)
    (photos.exported / ".DS_Store").touch()
    times = {path: path.lstat().st_mtime_ns for path in photos.exported.rglob("*")}
    assert "is there already, with the same 6 images" in photos.export("--photos", "photos", *options)[1]
    assert {path: path.lstat().st_mtime_ns for path in photos.exported.rglob("*")} == times


def another_clustering(photos):
    photos.write(["red", "17/x"], [1, 0, 0, 1, 1, -1])
    return PLACES[0]


def a_note(photos):
    (photos.exported / "cluster0-red/notes.txt").write_text("mine")
    return "cluster0-red/notes.txt"


def a_photo_put_elsewhere(photos):
    (photos.exported / "cats").mkdir()
    (photos.exported / PLACES[1]).rename(photos.exported / "cats/a.jpg")
    return "cats/a.jpg"


def a_photo_in_place_of_a_link(photos):
    (photos.exported / PLACES[3]).unlink()
    (photos.exported / PLACES[3]).write_text(FILES[3])
    return PLACES[3]


@pytest.mark.parametrize("change", [another_clustering, a_note, a_photo_put_elsewhere, a_photo_in_place_of_a_link])
def test_what_differs_is_left_as_it_is(photos, change):
    photos.succeed("--photos", "photos")
    first = change(photos)
    before = tree(photos.exported)
    said = photos.refused("--photos", "photos")
    assert said.startswith(
        "results/mine/export/own/all/run0 holds other files than the clustering has now, the first"
    )
    assert f" is {first}; move it away" in said
    assert tree(photos.exported) == before
    photos.exported.rename(photos.path / "moved")
    photos.succeed("--photos", "photos")
    assert tree(photos.path / "moved") == before


def test_what_a_kill_left_is_taken_away(photos):
    left = photos.exported.with_name(".run0.part") / "cluster0-red/0-a.jpg"
    left.parent.mkdir(parents=True)
    left.symlink_to(photos.path / "photos" / FILES[0])
    photos.succeed("--photos", "photos")
    assert [path.name for path in photos.exported.parent.iterdir()] == ["run0"]
    assert (photos.path / "photos" / FILES[0]).read_text() == FILES[0]


def test_vectors_have_no_images(results):
    with h5py.File(results.folder / "images.h5", "w") as file:
        file.create_group("all").attrs["n"] = len(LABELS)
    assert results.refused() == "mine has vectors alone, and no images; take assignments.csv instead"


def test_photo_that_is_gone(photos):
    (photos.path / "photos" / FILES[3]).unlink()
    assert photos.refused("--photos", "photos").startswith("the photo dog/b.jpg is no longer there; bring it back")
    assert not photos.exported.parent.exists()


def test_numbers_are_of_one_width():
    assert export_paths([0] * 11, ["0"], ["a.png"] * 11)[::10] == ["cluster0/00-a.png", "cluster0/10-a.png"]


def test_names_of_clusters_that_look_alike_as_folders():
    names = ["a/b", "a:b", ".." + "x" * 300]
    folders = [path.partition("/")[0] for path in export_paths([0, 1, 2], names, ["a.png"] * 3)]
    assert folders == ["cluster0-a_b", "cluster1-a_b", "cluster2-.." + "x" * 48]
