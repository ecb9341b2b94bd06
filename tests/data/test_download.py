"""A download over HTTP, and its progress bar."""

import contextlib
import functools
import http.server
import io
import threading

import pytest
from tqdm import tqdm

import download
from lib.base.errors import InputError


@pytest.fixture
def server(tmp_path):
    """The URL of a server of the files in `tmp_path`."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_progress_bar_shows_the_share_that_has_arrived(tmp_path, server, monkeypatch):
    shown = io.StringIO()

    @contextlib.contextmanager
    def progress_bar(**options):
        with tqdm(file=shown, mininterval=0, **options) as bar:
            yield bar

    monkeypatch.setattr(download, "progress_bar", progress_bar)
    (tmp_path / "archive").write_bytes(bytes(10 * 1024))
    download.download(f"{server}/archive", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == bytes(10 * 1024)
    assert " 50%" in shown.getvalue()


def test_each_attempt_is_logged_with_its_reason(tmp_path, server, monkeypatch, caplog):
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    caplog.set_level("INFO")
    with pytest.raises(InputError, match=r"cannot download http.*404.*at the path of that copy"):
        download.download(f"{server}/missing", tmp_path / "copy")
    attempts = [message for message in caplog.messages if "failed" in message]
    assert [message.partition(":")[0] for message in attempts] == [
        f"attempt {i} of 4 failed" for i in (1, 2, 3, 4)
    ]
