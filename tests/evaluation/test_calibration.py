"""A small run of benchmarks/calibration.py: what verdicts are worth, with real k-means."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
N = 50


@pytest.mark.slow
@pytest.mark.parametrize("case", ["noise, alike, n 500", "signal, both sides learned, skewed"])
def test_few_verdicts_are_false(case, tmp_path):
    command = [sys.executable, ROOT / "benchmarks" / "calibration.py", "--repetitions", str(N), "--cases", case]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "scripts"), "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([*command, "--out", tmp_path / "table.csv"], check=True, env=environment)
    with (tmp_path / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["seeds"] for row in rows} == {"3", "10", "30"}
    for row in rows:
        if "2" in (row["models_a"], row["models_b"]):
            continue  # two models are too few for a claim
        # Of 50 intervals that hold the truth in 93 %, fewer than 41 do so once in 1,000 times.
        assert float(row["coverage"]) >= 41 / N, row
        assert float(row["width"]) < 3, row
