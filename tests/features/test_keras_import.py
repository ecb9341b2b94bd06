"""The import of Keras: what is hidden from it, and what is left of that afterwards."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_keras_is_imported_without_packages_that_can_be_imported_afterwards():
    code = """
import gc, sys
from lib.features.keras_import import UNUSED, keras, tf
assert not set(UNUSED) & sys.modules.keys()
assert gc.isenabled()
assert gc.get_freeze_count() > 100_000
import matplotlib.pyplot, pandas, PIL.Image, scipy.sparse, sklearn.decomposition
assert pandas.Series([1, 2]).sum() == 3
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(SCRIPTS)})


def test_modules_are_hidden_within_the_block_only(monkeypatch):
    from lib.features.keras_import import hidden_modules

    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with hidden_modules(["colorsys", "gc"]):
        with pytest.raises(ModuleNotFoundError):
            import colorsys
        import gc as loaded_already
    assert loaded_already is gc
    import colorsys

    assert colorsys.rgb_to_hsv(0, 0, 1)[2] == 1


def test_an_error_within_the_block_restores_everything(monkeypatch):
    from lib.features.keras_import import hidden_modules, paused_garbage_collection

    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with pytest.raises(ZeroDivisionError), hidden_modules(["colorsys"]), paused_garbage_collection():
        raise ZeroDivisionError
    assert gc.isenabled()
    import colorsys

    assert colorsys.rgb_to_hsv(0, 0, 1)[2] == 1


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (
            "keras",
            "lib.base.errors.InputError: TensorFlow is not installed; "
            "run `make install`, or leave autoencoder and encoders in Keras files out of `features`",
        ),
        ("numpy", "ModuleNotFoundError: import of numpy halted; None in sys.modules"),
    ],
)
def test_what_is_not_installed(missing, message):
    """TensorFlow may be left out on purpose; anything else that is missing is a fault of the installation."""
    code = f"import sys; sys.modules['{missing}'] = None; import lib.features.keras_import"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
    )
    assert run.stderr.splitlines()[-1] == message
