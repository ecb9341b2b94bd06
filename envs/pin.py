"""Write envs/{extra}.yaml, a conda environment for each extra of pyproject.toml but dev.

The versions are those of requirements.lock, so conda jobs and the virtual
environment run the same packages. Called by `make lock`.
"""

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
HEADER = "# Written by `make lock` from pyproject.toml and requirements.lock: do not edit.\n"


def pins(extra: str) -> list[str]:
    """Every package that the extra needs, directly or not, at its locked version.

    A marker says where a package is needed, unless it is needed wherever the workflow runs.
    """
    command = ["uv", "pip", "compile", "-", "--universal", "--fork-strategy", "fewest"]
    command += ["--python-version", "3.11", "--no-header", "--no-annotate", "--quiet"]
    requirements = "\n".join(EXTRAS[extra])
    command += ["--constraint", str(ROOT / "requirements.lock")]
    lines = subprocess.run(command, input=requirements, cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True)
    (everywhere,) = PYPROJECT["tool"]["uv"]["environments"]
    return [line.removesuffix(f" ; {everywhere}") for line in lines.stdout.splitlines()]


def environment(extra: str) -> str:
    # Wheels from PyPI inside a conda environment: conda-forge lags behind on
    # TensorFlow, and other builds could give other last digits.
    lines = ["channels: [conda-forge, nodefaults]", "dependencies:", "  - python=3.12", "  - pip", "  - pip:"]
    return HEADER + "\n".join(lines + [f"      - {pin}" for pin in pins(extra)]) + "\n"


if __name__ == "__main__":
    for extra in EXTRAS.keys() - {"dev"}:
        (ROOT / "envs" / f"{extra}.yaml").write_text(environment(extra))
