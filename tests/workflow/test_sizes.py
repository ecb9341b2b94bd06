"""How large files will be: near enough to what they are to ask for memory and time."""

from pathlib import Path

import pytest
import yaml

from lib.workflow.config import with_defaults
from lib.workflow.sizes import Sizes

ROOT = Path(__file__).parents[2]


def sizes(**settings):
    return Sizes(with_defaults(settings, yaml.safe_load((ROOT / "config.yaml").read_text())))


@pytest.mark.parametrize(
    ("path", "megabytes"),
    [
        # As measured.
        ("cifar10/images.h5", 61.5),
        ("cifar10/features/pixels/test.h5", 42.0),
        ("cifar10/features/autoencoder/seed0/test.h5", 3.15),
        ("digits/images.h5", 2.58),
        ("digits/features/pixels/test.h5", 2.11),
        ("digits/features/autoencoder/seed1/test.h5", 0.136),
        # As computed.
        ("cifar10/features/pixels/train.h5", 204.8),
        ("cifar10/features/pca/test.h5", 2),
        ("cifar10/features/invariant/seed0/test.h5", 2.56),
    ],
)
def test_estimate_is_near(path, megabytes):
    assert sizes().megabytes(f"results/{path}") == pytest.approx(megabytes, rel=0.3)


def test_what_nobody_knows_is_as_of_cifar10():
    photos = {"format": "folder", "source": "missing", "side": 64, "channels": "rgb"}
    of_photos = sizes(datasets={"photos": photos})
    assert of_photos.n_images("photos") is None
    assert of_photos.megabytes("results/photos/images.h5") == 60000 * 64 * 64 * 3 / 1e6
    assert of_photos.megabytes("results/photos/features/pixels/all.h5") == 60000 * 64 * 64 * 3 * 4 / 1e6
    assert of_photos.megabytes("results/photos/features/mine/seed0/test.h5") == 10000 * 1024 * 4 / 1e6


def test_photos_are_counted(tmp_path):
    for name in ("cat/1.jpg", "dog/2.png", "dog/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    photos = {"format": "folder", "source": str(tmp_path), "side": 10}
    assert sizes(datasets={"photos": photos}).n_images("photos") == {"all": 2}
    assert (
        sizes(datasets={"photos": photos}).megabytes("results/photos/features/pixels/all.h5") == 2 * 100 * 4 / 1e6
    )
    assert sizes(datasets={"photos": photos | {"test_fraction": 0.2}}).n_images("photos") is None
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
    assert sizes(datasets={"photos": photos}).n_images("photos") is None


def test_file_that_is_there_is_measured(tmp_path):
    path = tmp_path / "results/cifar10/images.h5"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a" * 3000)
    assert sizes().megabytes(str(path)) == 0.003
    assert sizes().megabytes(str(tmp_path / "results/cifar10/clusters/pixels/test/k10/seed0.h5")) == 0
