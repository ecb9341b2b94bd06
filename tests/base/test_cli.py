"""What every script does with arguments, log, errors and progress bars, seen from outside."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
SCRIPT = """\
import argparse, logging, os
from lib.base.cli import progress_bar, run_script
from lib.base.errors import InputError
from lib.base.files import atomic_write

def main(args):
    logging.info("started with %d", args.number)
    {body}

parser = argparse.ArgumentParser(prog="tiny")
parser.add_argument("--number", type=int, default=7)
run_script(main, parser)
"""


@pytest.fixture
def run_script(tmp_path):
    def run_script(body, *arguments):
        (tmp_path / "tiny.py").write_text(SCRIPT.format(body=body))
        return subprocess.run(
            [sys.executable, "tiny.py", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run_script


def test_log_goes_to_the_terminal_and_to_the_file(run_script, tmp_path):
    done = run_script("logging.info('done')", "--number", "3", "--log", "new/folder/log.txt")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "tiny: started with 3\ntiny: done\n")
    assert (tmp_path / "new/folder/log.txt").read_text() == done.stderr


def test_log_is_of_the_last_call(run_script, tmp_path):
    run_script("pass", "--number", "1", "--log", "log.txt")
    run_script("pass", "--number", "2", "--log", "log.txt")
    assert (tmp_path / "log.txt").read_text() == "tiny: started with 2\n"


def test_what_libraries_print_goes_to_the_log_only(run_script, tmp_path):
    body = "os.write(2, b'noise\\n')"
    done = run_script(body, "--log", "log.txt")
    assert (done.returncode, done.stderr) == (0, "tiny: started with 7\n")
    assert (tmp_path / "log.txt").read_text() == "tiny: started with 7\nnoise\n"
    assert run_script(body).stderr == "tiny: started with 7\nnoise\n", "unless there is none"


@pytest.mark.parametrize("log", [[], ["--log", "log.txt"]])
def test_input_error_is_one_line(run_script, tmp_path, log):
    done = run_script("raise InputError('x.h5 does not exist')", *log)
    assert done.returncode == 1
    assert done.stderr == "tiny: started with 7\ntiny: error: x.h5 does not exist\n"
    assert not log or (tmp_path / "log.txt").read_text() == done.stderr


def test_input_error_from_another_error_is_one_line(run_script):
    body = "\n    ".join(["try:", "    1 / 0", "except ZeroDivisionError:", "    raise InputError('no')"])
    done = run_script(body)
    assert done.returncode == 1
    assert done.stderr == "tiny: started with 7\ntiny: error: no\n"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("OSError(5, 'Input/output error')", "Input/output error"),
        ("PermissionError(13, 'Permission denied', '/data/a.npz')", "/data/a.npz: Permission denied"),
    ],
)
def test_fault_of_the_disk_is_one_line(run_script, error, line):
    done = run_script(f"raise {error}")
    assert done.returncode == 1
    assert done.stderr == (
        f"tiny: started with 7\ntiny: error: {line}; see to the disk or to its permissions, and run again\n"
    )


def test_other_error_is_internal_and_has_a_traceback(run_script, tmp_path):
    done = run_script("{}['key']", "--log", "log.txt")
    assert done.returncode == 70
    assert "tiny: internal error" in done.stderr
    assert "Traceback (most recent call last)" in done.stderr
    assert "KeyError: 'key'" in done.stderr
    assert (tmp_path / "log.txt").read_text() == done.stderr


def test_unknown_argument_is_refused(run_script):
    done = run_script("pass", "--numbr", "3x")
    assert done.returncode == 2
    assert "started" not in done.stderr


BAR = """\
with progress_bar(total=4, unit=" steps", mininterval=0) as bar:
        for step in range(4):
            bar.update()
            if step == 1:
                logging.info("half of it")
        {end}
    logging.info("done")"""


def screen(output: str) -> list[str]:
    """The lines that a terminal shows after some output."""
    lines, column = [""], 0
    for text in re.findall(r"\r|\n|[^\r\n]+", output):
        if text == "\n":
            lines.append("")
        elif text != "\r":
            lines[-1] = lines[-1][:column].ljust(column) + text + lines[-1][column + len(text) :]
        column = 0 if text in "\r\n" else column + len(text)
    return [line.rstrip() for line in lines]


@pytest.fixture
def on_terminal(tmp_path):
    """Run the script on a terminal of 60 columns; its exit status and its output."""

    def on_terminal(body, *arguments):
        (tmp_path / "tiny.py").write_text(SCRIPT.format(body=body))
        ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        script = subprocess.Popen(
            [sys.executable, "tiny.py", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
            stdin=its,
            stdout=its,
            stderr=its,
        )
        os.close(its)
        output = b""
        while chunk := read(ours):
            output += chunk
        os.close(ours)
        return script.wait(), output.decode()

    def read(descriptor):
        try:
            return os.read(descriptor, 2**16)
        except OSError:  # how Linux says that the other end is closed
            return b""

    return on_terminal


@pytest.mark.parametrize("log", [[], ["--log", "log.txt"]])
@pytest.mark.parametrize(
    ("end", "status", "last"),
    [
        ("pass", 0, "done"),
        ("raise InputError('no')", 1, "error: no"),
        ("raise KeyboardInterrupt", 130, "interrupted; run again to go on"),
    ],
    ids=["done", "error", "interrupt"],
)
def test_log_goes_above_the_progress_bar_which_is_gone_at_the_end(on_terminal, tmp_path, log, end, status, last):
    code, output = on_terminal(BAR.format(end=end), *log)
    assert code == status
    lines = ["tiny: started with 7", "tiny: half of it", f"tiny: {last}", ""]
    assert screen(output) == lines
    between = screen(output[: output.index("3/4")])
    assert between[:-1] == lines[:2]
    assert re.match(r" 50%\|.+\| 2/4 \[", screen(output[: output.index(" 75%")])[-1])
    assert max(map(len, screen(output.replace("\r", "\n")))) < 60, "no bar wraps"
    assert not log or (tmp_path / "log.txt").read_text().splitlines() == lines[:-1]


def test_progress_bar_is_for_terminals_only(run_script):
    done = run_script(BAR.format(end="pass"))
    assert done.stderr == "tiny: started with 7\ntiny: half of it\ntiny: done\n"
