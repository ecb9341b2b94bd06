"""HDF5 files that are whole or not there, and what is said of one that cannot be read."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from lib.base.errors import InputError
from lib.base.hdf5 import reading, writing

SCRIPTS = Path(__file__).parents[2] / "scripts"


def write(path, n=1000):
    with writing(path) as file:
        file["x"] = np.zeros(n)


def read(path):
    with reading(path) as file:
        return file["x"][:]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


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


def cut_off(path):
    write(path)
    path.write_bytes(path.read_bytes()[:-1000])


def group(path):
    with writing(path) as file:
        file["x/y"] = [1, 2]


def something_else(path):
    with writing(path) as file:
        file["thesis"] = [1, 2]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, ["does not exist"]),
        (lambda path: path.write_bytes(b""), ["damaged", "delete it"]),
        (lambda path: path.write_bytes(np.random.default_rng(0).bytes(10_000)), ["damaged", "delete it"]),
        (lambda path: path.write_text("<html>\n404\n</html>\n"), ["damaged", "delete it"]),
        (cut_off, ["damaged", "delete it"]),
        (something_else, ["not of this workflow", "move it away"]),
        (group, ["not of this workflow", "move it away"]),
    ],
    ids=["missing", "empty", "garbage", "html", "cut off", "something else", "group for a dataset"],
)
def test_unreadable_file_is_told_in_one_line(tmp_path, make, words):
    path = tmp_path / "X.h5"
    make(path)
    with pytest.raises(InputError) as error:
        read(path)
    for word in (str(path), *words):
        assert word in str(error.value)
    assert ("delete" in str(error.value)) == ("delete it" in words)
    assert "\n" not in str(error.value)


def test_folder_in_the_place_of_a_file(tmp_path):
    with pytest.raises(InputError, match=str(tmp_path)) as error:
        read(tmp_path)
    assert "\n" not in str(error.value)


def test_file_that_the_disk_does_not_open_is_not_to_be_deleted(tmp_path, monkeypatch, disk_fault):
    path = tmp_path / "X.h5"
    write(path)
    monkeypatch.setattr(Path, "open", disk_fault.raiser(path))
    with pytest.raises(InputError) as error:
        read(path)
    disk_fault.assert_told(error, path)


def test_file_that_the_disk_does_not_read_is_not_to_be_deleted(tmp_path, monkeypatch, disk_fault):
    path = tmp_path / "X.h5"
    write(path, 30_000)

    class Failing(io.FileIO):
        """A file of which only the beginning can be read."""

        def readinto(self, buffer):
            if self.tell() > 3000:
                disk_fault.raiser()()
            return super().readinto(buffer)

    monkeypatch.setattr(Path, "open", lambda path, mode: Failing(path))
    with pytest.raises(InputError) as error:
        read(path)
    disk_fault.assert_told(error, path)


def test_too_many_open_files_are_no_damage(tmp_path):
    path = tmp_path / "X.h5"
    write(path)
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom lib.base.errors import InputError\n"
        "from lib.base.hdf5 import reading\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\n"
        "try:\n    with reading(Path(sys.argv[1])): pass\nexcept InputError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"{path}: {os.strerror(errno.EMFILE)}")
    assert "delete" not in done.stdout


def test_error_that_lives_to_the_end_crashes_nothing(tmp_path):
    (tmp_path / "X.h5").write_bytes(b"no HDF5")
    code = (
        "import ctypes, sys\nfrom pathlib import Path\nfrom lib.base.errors import InputError\n"
        "from lib.base.hdf5 import reading\n"
        "try:\n    with reading(Path(sys.argv[1])): pass\n"
        "except InputError as error:\n    ctypes.pythonapi.Py_IncRef(ctypes.py_object(error))\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "X.h5"], cwd=SCRIPTS, check=True)
