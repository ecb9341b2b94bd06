"""Files that are whole or not there, and folders that one process at a time works in."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lib.base.errors import InputError
from lib.base.files import alone_in, atomic_write

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


def test_output_that_the_disk_does_not_take_is_told_in_one_line(tmp_path, monkeypatch, disk_fault):
    path = tmp_path / "out"
    path.write_text("old")
    monkeypatch.setattr(Path, "chmod", disk_fault.raiser())

    def write():
        with atomic_write(path) as part:
            part.write_text("new")

    with pytest.raises(InputError) as error:
        write()
    disk_fault.assert_told(error, path)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["out"]


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


def test_folder_is_for_one_at_a_time(tmp_path, caplog):
    caplog.set_level("INFO")
    done = []

    def work():
        with alone_in(tmp_path / "model"):
            done.append("second")

    second = threading.Thread(target=work)
    with alone_in(tmp_path / "model"):
        second.start()
        second.join(0.2)
        done.append("first")
    second.join()
    assert done == ["first", "second"]
    assert caplog.messages == [f"waiting for another training to end, which writes to {tmp_path}/model too"]


def test_file_system_without_locks(tmp_path, monkeypatch, caplog, disk_fault):
    caplog.set_level("INFO")
    monkeypatch.setattr("fcntl.flock", disk_fault.raiser())
    done = []
    with alone_in(tmp_path):
        done.append("work")
    assert done
    assert "has no locks" in caplog.messages[-1]
