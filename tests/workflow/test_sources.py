"""Where the images of the datasets come from."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from lib.workflow.sources import Sources

SHA256 = "0123456789abcdef" * 4


def sources(**settings):
    return Sources({"tiny": {"format": "npz", "source": "tiny.npz", "sha256": None, **settings}})


def test_archive_is_named_by_its_checksum_or_its_source():
    assert sources(sha256=SHA256).archives("tiny") == ["results/archives/0123456789abcdef"]
    name = hashlib.sha256(b"tiny.npz").hexdigest()[:16]
    assert sources().archives("tiny") == [f"results/archives/{name}"]
    assert sources().of_archive(name)["source"] == "tiny.npz"


def test_datasets_share_an_archive():
    settings = {"format": "npz", "source": "a.npz", "sha256": SHA256}
    both = Sources({"a": settings, "b": settings | {"source": "b.npz"}})
    assert both.archives("a") == both.archives("b")
    assert both.of_archive(SHA256[:16]) == settings


@pytest.mark.parametrize("settings", [{"format": "digits"}, {"format": "folder", "source": "photos"}])
def test_no_archive(settings):
    assert Sources({"mine": settings}).archives("mine") == []


def test_only_without_a_checksum_is_an_archive_unverified():
    assert sources(sha256=SHA256).unverified_archives("tiny") == []
    assert sources().unverified_archives("tiny") == sources().archives("tiny")


def test_local_file_is_watched_where_no_checksum_vouches_for_it(tmp_path):
    path, made = tmp_path / "tiny.npz", tmp_path / "archive"

    def watched(**settings):
        given = sources(source=str(path), **settings)
        return given.local_files(given.archives("tiny")[0].rpartition("/")[2], str(made))

    assert watched() == []  # missing from the start: the script says so
    made.touch()
    assert watched() == [str(path)]  # gone: Snakemake says so, and keeps what was made of it
    made.unlink()
    path.touch()
    assert watched() == [str(path)]
    assert watched(sha256=SHA256) == []


@pytest.mark.parametrize(
    ("settings", "splits"),
    [
        ({"format": "digits"}, ["train", "test"]),
        ({"format": "folder", "source": "whole"}, ["all"]),
        ({"format": "folder", "source": "whole", "test_fraction": 0.2}, ["train", "test"]),
        ({"format": "folder", "source": "parted"}, ["train", "test"]),
        ({"format": "folder", "source": "parted", "test_fraction": 0.2}, ["train", "test"]),
        ({"format": "folder", "source": "missing"}, None),
        ({"format": "npz", "source": "x.npz"}, ["all"]),
        ({"format": "npz", "source": "x_train.npz"}, ["train", "test"]),
        ({"format": "npz", "source": "https://example.org/x.npz"}, None),
        ({"format": "npz", "source": "https://example.org/x.npz", "n_images": {"all": 3}}, ["all"]),
        ({"format": "npz", "source": "damaged.npz"}, None),
    ],
)
def test_splits_of_a_dataset(tmp_path, monkeypatch, settings, splits):
    monkeypatch.chdir(tmp_path)
    for folder in ("whole/cats", "whole/.train", "whole/.test", "parted/Training", "parted/valid"):
        Path(folder).mkdir(parents=True)
    np.savez("x.npz", x=np.zeros(3), y=np.zeros(3))
    np.savez("x_train.npz", x_train=np.zeros(3), x_test=np.zeros(3))
    Path("damaged.npz").write_bytes(b"PK")
    assert Sources({"mine": {"sha256": None} | settings}).splits("mine", "missing") == splits


def test_splits_of_an_archive_that_is_here(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.zeros(3))
    given = sources(source="https://example.org/tiny.npz")
    assert given.splits("tiny", str(tmp_path / "x.npz")) == ["all"]


def test_url_is_not_watched(tmp_path):
    given = sources(source="https://example.org/tiny.npz")
    assert given.local_files(given.archives("tiny")[0].rpartition("/")[2], str(tmp_path)) == []


def test_changed_file_with_braces_is_another_archive(tmp_path):
    """Snakemake cannot watch it: it takes braces for wildcards."""
    path = tmp_path / "{tiny}.npz"
    path.write_bytes(b"a")
    before = sources(source=str(path)).archives("tiny")
    assert sources(source=str(path)).archives("tiny") == before
    path.write_bytes(b"ab")
    assert sources(source=str(path)).archives("tiny") != before


def test_digest_of_photos(tmp_path):
    folder, made = tmp_path / "photos", tmp_path / "images.h5"
    given = Sources({"mine": {"format": "folder", "source": str(folder)}})
    assert given.photos_digest("mine", str(made)) == ""  # missing from the start: the script says so
    folder.mkdir()
    (folder / "a.png").write_bytes(b"")
    before = given.photos_digest("mine", str(made))
    (folder / "b.png").write_bytes(b"")
    assert given.photos_digest("mine", str(made)) not in ("", before)
    assert sources().photos_digest("tiny", str(made)) == ""


def test_photos_that_are_gone_after_use_stop_the_workflow(tmp_path):
    made = tmp_path / "images.h5"
    made.touch()
    given = Sources({"mine": {"format": "folder", "source": str(tmp_path / "photos")}})
    with pytest.raises(SystemExit, match=r"config: datasets\.mine: .*photos.*what was made of it stays as it is"):
        given.photos_digest("mine", str(made))


def test_options_of_the_script():
    assert sources(source="-a.npz").options("tiny", ["x"]) == ["--archive=x", "--source=-a.npz"]
    assert Sources({"digits": {"format": "digits"}}).options("digits", []) == []
