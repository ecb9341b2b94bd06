"""What is said of the file of a model that cannot be used."""

import zipfile
from pathlib import Path

import pytest

from lib.base.errors import InputError
from lib.features.model_file import read_model


def no_model(path, compile):
    raise ValueError("Keras' many\nwords")


def model(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", 1000 * "{}")
    return path


def test_model_that_the_disk_does_not_give_is_not_to_be_deleted(tmp_path, monkeypatch, disk_fault):
    path = model(tmp_path / "model.keras")
    monkeypatch.setattr(Path, "read_bytes", disk_fault.raiser(path))
    with pytest.raises(InputError) as error:
        read_model(path, no_model)
    disk_fault.assert_told(error, path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data, ["not of this workflow", "Keras' many words", "move it away"]),
        (lambda data: data[:-30], ["damaged", "delete it"]),
        (lambda data: b"", ["damaged", "delete it"]),
        (lambda data: data.replace(b"{}{}", b"{}[]"), ["damaged", "delete it"]),
        (None, ["does not exist"]),
    ],
    ids=["no model", "cut off", "empty", "changed", "missing"],
)
def test_model_that_cannot_be_used_is_told_in_one_line(tmp_path, change, words):
    path = model(tmp_path / "model.keras")
    if change:
        path.write_bytes(change(path.read_bytes()))
    else:
        path.unlink()
    with pytest.raises(InputError) as error:
        read_model(path, no_model)
    for word in (str(path), *words):
        assert word in str(error.value)
    assert "\n" not in str(error.value)
