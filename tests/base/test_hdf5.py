"""Output that is whole or not there, and input that is checked."""

import errno
import io
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from lib.base.errors import InputError
from lib.base.files import atomic_write
from lib.base.hdf5 import writing
from lib.clustering.clusters_file import read_clusters
from lib.data.images_file import read_images, read_labels
from lib.features import training_files
from lib.features.features_file import open_features, read_features, write_features
from lib.features.model_file import read_model

SCRIPTS = Path(__file__).parents[2] / "scripts"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "folder" / "out.h5"
    with atomic_write(path) as part:
        part.write_text("content")
        assert part.parent == path.parent, "on the same file system"
        assert part.suffix == ".h5"
        assert not path.exists()
    assert path.read_text() == "content"
    assert names(path.parent) == ["out.h5"]


def test_old_file_is_there_until_the_block_ends(tmp_path):
    path = tmp_path / "out"
    path.write_text("old")
    with atomic_write(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("old", [None, "old"])
def test_exception_leaves_everything_as_it_was(tmp_path, error, old):
    path = tmp_path / "out"
    if old:
        path.write_text(old)

    def write():
        with atomic_write(path) as part:
            part.write_text("half of it")
            raise error

    with pytest.raises(error):
        write()
    assert names(tmp_path) == (["out"] if old else [])
    assert not old or path.read_text() == old


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_full_disk_is_told_in_one_line_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "out"
    path.write_text("old")

    def write():
        with atomic_write(path) as part:
            part.unlink()
            part.symlink_to("/dev/full")
            part.write_text("new")

    with pytest.raises(InputError, match="no space left") as error:
        write()
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    assert names(tmp_path) == ["out"]
    assert path.read_text() == "old"


def test_hdf5_file_is_whole_or_not_there(tmp_path):
    path = tmp_path / "folder" / "X.h5"

    def write(error):
        with writing(path) as file:
            file["x"] = np.arange(1_000_000)
            if error:
                raise error

    with pytest.raises(ZeroDivisionError):
        write(ZeroDivisionError)
    assert names(path.parent) == []
    write(None)
    with pytest.raises(ZeroDivisionError):
        write(ZeroDivisionError)
    assert names(path.parent) == ["X.h5"]
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["x"][:], np.arange(1_000_000))


def test_error_while_writing_hdf5_leaves_the_old_file_and_no_crash(tmp_path):
    path = tmp_path / "X.h5"
    path.write_text("old")
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom lib.base.hdf5 import writing\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "with writing(Path(sys.argv[1])) as file:\n    file['x'] = [0.5] * 1_000_000\n"
    )
    failed = subprocess.run([sys.executable, "-c", code, path], cwd=SCRIPTS, capture_output=True, check=False)
    assert failed.returncode == 1
    assert names(tmp_path) == ["X.h5"]
    assert path.read_text() == "old"


def test_killed_writer_leaves_the_old_file_and_the_next_one_cleans_up(tmp_path):
    path = tmp_path / "out.h5"
    path.write_text("old")
    (tmp_path / "out.h5.txt").write_text("of someone else")
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom lib.base.files import atomic_write\n"
        "with atomic_write(Path(sys.argv[1])) as part:\n"
        "    part.write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, path], cwd=SCRIPTS, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(names(tmp_path)) == 3
    with atomic_write(path) as part:
        part.write_text("new")
    assert names(tmp_path) == ["out.h5", "out.h5.txt"]
    assert path.read_text() == "new"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600), (0o002, 0o664)])
def test_mode_follows_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        with atomic_write(tmp_path / "out") as part:
            part.write_text("content")
        assert os.umask(umask) == umask, "the umask itself is left as it was"
    finally:
        os.umask(before)
    assert (tmp_path / "out").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (5000, 300), (2, 2**19)])
def test_features_come_back_as_float32(tmp_path, shape):
    X = np.random.default_rng(0).normal(size=shape)
    write_features(tmp_path / "X.h5", X)
    features = read_features(tmp_path / "X.h5")
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, X.astype(np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite_are_refused(tmp_path, value):
    X = np.zeros((3000, 4))
    X[[1234, 1234, 2000], [0, 3, 2]] = value
    path = tmp_path / "X.h5"
    write_features(path, X)
    with pytest.raises(InputError) as error:
        read_features(path)
    message = f"{path}: 2 of 3000 rows hold NaN or infinity, the first is row 1234"
    assert str(error.value).startswith(message)


def test_datasets_without_classes_have_no_labels(tmp_path):
    with h5py.File(tmp_path / "images.h5", "w") as file:
        file["train/images"] = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
        file["train/labels"] = np.array([3, 4], np.uint8)
        file["test/images"] = np.zeros((1, 2, 2), np.uint8)
    assert read_images(tmp_path / "images.h5", "train").tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    assert read_labels(tmp_path / "images.h5", "train").tolist() == [3, 4]
    assert read_labels(tmp_path / "images.h5", "test") is None


def hdf5(path, name, data):
    with h5py.File(path, "w") as file:
        file[name] = data


def cut_off(path):
    write_features(path, np.zeros((1000, 10)))
    path.write_bytes(path.read_bytes()[:-1000])


@pytest.mark.parametrize(
    "read",
    [read_features, lambda path: read_images(path, "test"), lambda path: read_labels(path, "test")],
    ids=["features", "images", "labels"],
)
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.write_bytes(b""), "damaged"),
        (lambda path: path.write_bytes(np.random.default_rng(0).bytes(10_000)), "damaged"),
        (lambda path: path.write_text("<html>\n404\n</html>\n"), "damaged"),
        (cut_off, "damaged"),
        (lambda path: hdf5(path, "train/x", np.zeros((2, 2))), "not of this workflow"),
    ],
    ids=["missing", "empty", "garbage", "html", "cut off", "other split"],
)
def test_unreadable_file_is_told_in_one_line(tmp_path, read, make, reason):
    path = tmp_path / "X.h5"
    make(path)
    with pytest.raises(InputError) as error:
        read(path)
    assert str(path) in str(error.value)
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(Path.mkdir, id="folder"),
        pytest.param(lambda path: hdf5(path, "features/a", np.zeros(3)), id="group for a dataset"),
        pytest.param(lambda path: hdf5(path, "features", np.zeros(3)), id="one axis"),
    ],
)
def test_file_of_another_layout_is_told_in_one_line(tmp_path, make):
    make(tmp_path / "X.h5")
    with pytest.raises(InputError) as error:
        read_features(tmp_path / "X.h5")
    assert "\n" not in str(error.value)


FAULTS = [
    errno.EIO,
    errno.EACCES,
    errno.EPERM,
    errno.ENOLCK,
    errno.ESTALE,
    errno.EMFILE,
    errno.EAGAIN,
    errno.ENXIO,
]
FAULTS = pytest.mark.parametrize("number", FAULTS, ids=errno.errorcode.get)


def failing(number, path=None):
    """A function that fails as the operating system would."""

    def fail(*args, **kwargs):
        raise OSError(number, os.strerror(number), *([str(path)] if path else []))

    return fail


def told_of_the_disk(error, path, number):
    message = str(error.value)
    assert str(path) in message
    assert os.strerror(number) in message
    assert "delete" not in message
    assert "damaged" not in message
    assert "\n" not in message


@FAULTS
def test_file_that_the_disk_does_not_open_is_not_to_be_deleted(tmp_path, monkeypatch, number):
    path = tmp_path / "X.h5"
    write_features(path, np.zeros((10, 3)))
    monkeypatch.setattr(Path, "open", failing(number, path))
    with pytest.raises(InputError) as error:
        read_features(path)
    told_of_the_disk(error, path, number)


class Failing(io.FileIO):
    """A file of which only the beginning can be read."""

    number = errno.EIO

    def readinto(self, buffer):
        if self.tell() > 3000:
            failing(self.number)()
        return super().readinto(buffer)


@FAULTS
def test_file_that_the_disk_does_not_read_is_not_to_be_deleted(tmp_path, monkeypatch, number):
    path = tmp_path / "X.h5"
    write_features(path, np.zeros((1000, 30)))
    monkeypatch.setattr(Failing, "number", number)
    monkeypatch.setattr(Path, "open", lambda path, mode: Failing(path))
    with pytest.raises(InputError) as error:
        read_features(path)
    told_of_the_disk(error, path, number)


def test_too_many_open_files_are_no_damage(tmp_path):
    path = tmp_path / "X.h5"
    write_features(path, np.zeros((10, 3)))
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom lib.base.errors import InputError\n"
        "from lib.features.features_file import read_features\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\n"
        "try:\n    read_features(Path(sys.argv[1]))\nexcept InputError as error:\n    print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, path], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith(f"{path}: {os.strerror(errno.EMFILE)}")
    assert "delete" not in run.stdout


def test_error_that_lives_to_the_end_crashes_nothing(tmp_path):
    (tmp_path / "X.h5").write_bytes(b"no HDF5")
    code = (
        "import ctypes, sys\nfrom pathlib import Path\nfrom lib.base.errors import InputError\n"
        "from lib.features.features_file import read_features\n"
        "try:\n    read_features(Path(sys.argv[1]))\n"
        "except InputError as error:\n    ctypes.pythonapi.Py_IncRef(ctypes.py_object(error))\n"
    )
    assert (
        subprocess.run([sys.executable, "-c", code, tmp_path / "X.h5"], cwd=SCRIPTS, check=False).returncode == 0
    )


def test_whole_file_of_something_else_is_not_to_be_deleted(tmp_path):
    path = tmp_path / "X.h5"
    hdf5(path, "thesis", np.zeros(3))
    for read in (read_features, read_clusters, lambda path: read_images(path, "test")):
        with pytest.raises(InputError, match=r"not of this workflow.*move it away") as error:
            read(path)
        assert "delete" not in str(error.value)
    hdf5(path, "labels", np.zeros(3))
    with pytest.raises(InputError, match=r"3 labels for 4 rows.*move it away") as error:
        read_clusters(path, 4)
    assert "delete" not in str(error.value)


@pytest.mark.parametrize("error", [ValueError, KeyError, OSError(errno.EIO, "of another file"), RuntimeError])
def test_what_is_done_with_features_is_no_fault_of_their_file(tmp_path, error):
    path = tmp_path / "X.h5"
    write_features(path, np.zeros((10, 3)))

    def use():
        with open_features(path):
            raise error

    with pytest.raises(error if isinstance(error, type) else OSError):
        use()


def no_model(path, compile):
    raise ValueError("Keras' many\nwords")


def model(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", 1000 * "{}")
    return path


@FAULTS
def test_model_that_the_disk_does_not_give_is_not_to_be_deleted(tmp_path, monkeypatch, number):
    path = model(tmp_path / "model.keras")
    monkeypatch.setattr(Path, "read_bytes", failing(number, path))
    with pytest.raises(InputError) as error:
        read_model(path, no_model)
    told_of_the_disk(error, path, number)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data, ["not of this workflow", "Keras' many words", "move it away"]),
        (lambda data: data[:-30], ["damaged", "delete it"]),
        (lambda data: b"", ["damaged", "delete it"]),
        (lambda data: data.replace(b"{}{}", b"{}[]"), ["damaged", "delete it"]),
        (None, ["does not exist"]),
    ],
    ids=["no model", "cut off", "empty", "changed", "missing"],
)
def test_model_that_cannot_be_used_is_told_in_one_line(tmp_path, change, words):
    path = model(tmp_path / "model.keras")
    if change:
        path.write_bytes(change(path.read_bytes()))
    else:
        path.unlink()
    with pytest.raises(InputError) as error:
        read_model(path, no_model)
    for word in (str(path), *words):
        assert word in str(error.value)
    assert "\n" not in str(error.value)


@FAULTS
def test_output_that_the_disk_does_not_take_is_told_in_one_line(tmp_path, monkeypatch, number):
    path = tmp_path / "out"
    path.write_text("old")
    monkeypatch.setattr(Path, "chmod", failing(number))

    def write():
        with atomic_write(path) as part:
            part.write_text("new")

    with pytest.raises(InputError) as error:
        write()
    told_of_the_disk(error, path, number)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["out"]


@FAULTS
def test_checkpoint_that_the_disk_does_not_give_is_not_thrown_away(tmp_path, monkeypatch, number):
    (tmp_path / "checkpoint.npz").write_bytes(b"hours of training")
    monkeypatch.setattr(np, "load", failing(number))
    with pytest.raises(OSError, match=os.strerror(number)):
        training_files.read_checkpoint(tmp_path / "checkpoint.npz", "key")
