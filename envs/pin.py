"""Write envs/{extra}.yaml, a conda environment for each extra of pyproject.toml but dev.

The versions are those of requirements.lock, so conda jobs and the virtual
environment run the same packages. Called by `make lock`.
"""

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEADER = "# Written by `make lock` from pyproject.toml and requirements.lock: do not edit.\n"


def pins(extra: str) -> list[str]:
    """Every package that the extra needs, directly or not, at its locked version (markers: Python and OS)."""
    command = ["uv", "pip", "compile", "-", "--universal", "--fork-strategy", "fewest"]
    command += ["--python-version", "3.11", "--no-header", "--no-annotate", "--quiet"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = "\n".join(project["optional-dependencies"][extra])
    command += ["--constraint", str(ROOT / "requirements.lock")]
    lines = subprocess.run(command, input=requirements, cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True)
    return [line.partition(" ;")[0] for line in lines.stdout.splitlines()]


def environment(extra: str) -> str:
    # Wheels from PyPI inside a conda environment: conda-forge lags behind on
    # TensorFlow, and other builds could give other last digits.
    lines = ["channels: [conda-forge, nodefaults]", "dependencies:", "  - python=3.12", "  - pip", "  - pip:"]
    return HEADER + "\n".join(lines + [f"      - {pin}" for pin in pins(extra)]) + "\n"


if __name__ == "__main__":
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra in extras.keys() - {"dev"}:
        (ROOT / "envs" / f"{extra}.yaml").write_text(environment(extra))
