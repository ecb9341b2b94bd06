"""The worked examples of the docs, run as they are printed, through the real workflow."""

import re
import subprocess
import sys

import pytest
from conftest import ROOT

pytestmark = pytest.mark.slow

# A library that rounds otherwise may move a figure by this much. Verdicts stay.
TOLERANCE = 0.02


def blocks(page, section):
    """The code blocks of a section of a page of the docs: their language and their text."""
    text = (ROOT / "docs" / page).read_text()
    (body,) = re.findall(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return re.findall(r"^```(\w*)\n(.*?)^```$", body, re.MULTILINE | re.DOTALL)


def write_files(path, found):
    """Write each block whose first line is the name of a file."""
    for _, text in found:
        if name := re.match(r"# ([\w.]+\.(?:py|yaml))\n", text):
            (path / name[1]).write_text(text)


def run(path, command):
    """Run a line of the docs, which has the Python of the workflow in .venv."""
    if not (path / ".venv").exists():
        (path / ".venv").symlink_to(sys.prefix)
    done = subprocess.run(command, shell=True, cwd=path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def commands(found):
    return [line for language, text in found if not language for line in text.splitlines()]


def verdicts(text):
    """Each answer without its figures, and the figures."""
    found = [line for line in text.splitlines() if line.startswith(("Yes: ", "No: ", "No difference "))]
    number = r"\d+\.\d+"
    return {re.sub(number, "…", line): [float(x) for x in re.findall(number, line)] for line in found}


def assert_same_answers(answer, page):
    """What came out has each answer of the page."""
    out, printed = verdicts(answer), verdicts(page)
    assert printed
    assert out.keys() >= printed.keys(), answer
    for sentence, figures in printed.items():
        assert out[sentence] == pytest.approx(figures, abs=TOLERANCE), sentence


def test_two_encoders_made_here(fresh):
    found = blocks("embeddings.md", "Two encoders made here")
    write_files(fresh.path, found)
    assert len(commands(found)) == 3
    for command in commands(found):
        run(fresh.path, command)
    results = fresh.path / "results" / "digits"
    assert (results / "report.html").exists()
    (page,) = [text for language, text in found if language == "text"]
    assert len(verdicts(page)) == 3
    assert_same_answers((results / "comparison.txt").read_text(), page)
