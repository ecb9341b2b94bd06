"""The worked examples of the docs, run as they are printed, through the real workflow."""

import re
import subprocess
import sys

import pandas as pd
import pytest
from conftest import ROOT
from test_own_images import write_photos

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


def test_from_an_array_to_the_answer(fresh):
    photos = write_photos(fresh.path / "photos", 60, ["bright", "dark"])
    files = sorted(path for path in photos.rglob("*") if path.is_file())
    rows = [[1, 5 * (path.parent.name == "dark"), i / 1000] for i, path in enumerate(files)]
    program, settings = (text for _, text in blocks("external.md", "From an array to the answer"))
    there = {"/data/photos": str(photos), "[5]": "[2]"}
    for old, new in there.items():
        assert old in settings
        settings = settings.replace(old, new)
    (fresh.path / "mine.yaml").write_text(settings)
    program = program.replace("/data/photos", str(photos))
    given = f"rows = {rows!r}\nfiles = {[str(file) for file in files]!r}\n"
    (fresh.path / "program.py").write_text(given + program)
    run(fresh.path, ".venv/bin/python program.py")
    line = ".venv/bin/snakemake --cores 4 --configfile mine.yaml"
    assert f"`{line}`" in (ROOT / "docs" / "external.md").read_text()
    run(fresh.path, line.replace("--cores 4", "--cores 2"))
    results = fresh.path / "results" / "photos"
    assert "Yes: dinov2 clusters better than pixels." in (results / "comparison.txt").read_text()
    assert (results / "report.html").exists()


def test_texts_that_you_have(fresh):
    """Without the sentence encoder, which is not installed here."""
    found = blocks("vectors.md", "Texts that you have: docstrings")
    write_files(fresh.path, found)
    fresh.edit("texts.yaml", "trigram, minilm]", "trigram]")
    first, second = [line for line in commands(found) if line.startswith(".venv/bin/python ")]
    run(fresh.path, first)
    texts = pd.read_csv(fresh.path / "texts.csv")
    assert (texts.groupby("package").size() == 120).all()
    assert set(texts["kind"]) == {"class", "function"}
    run(fresh.path, second)
    line = ".venv/bin/snakemake --cores 2 --configfile texts.yaml"
    assert f"`{line}`" in (ROOT / "docs" / "vectors.md").read_text()
    run(fresh.path, line)
    answer = (fresh.path / "results" / "docstrings" / "comparison.txt").read_text()
    (page,) = [text for language, text in found if language == "text"]
    without = "\n".join(line for line in page.splitlines() if "minilm" not in line)
    assert_same_answers(answer, without)
