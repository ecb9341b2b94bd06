"""A checkpoint, which may hold hours of training."""

import os

import numpy as np
import pytest

from lib.features import training_files


def test_checkpoint_that_the_disk_does_not_give_is_not_thrown_away(tmp_path, monkeypatch, disk_fault):
    (tmp_path / "checkpoint.npz").write_bytes(b"hours of training")
    monkeypatch.setattr(np, "load", disk_fault.raiser())
    with pytest.raises(OSError, match=os.strerror(disk_fault.number)):
        training_files.read_checkpoint(tmp_path / "checkpoint.npz", "key")
