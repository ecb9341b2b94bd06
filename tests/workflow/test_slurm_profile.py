"""The profile for Slurm, before any Slurm is asked to do anything."""

import importlib.util
from pathlib import Path

import pytest
from snakemake.profiles import ProfileConfigFileParser

PROFILE = Path(__file__).parents[2] / "profiles" / "slurm" / "profile.yaml"


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Read the profile, with or without the plugin, where `scontrol show config` says something."""
    find_spec = importlib.util.find_spec

    def read(config: str | None = None, *, with_plugin: bool = True):
        monkeypatch.setattr(
            importlib.util,
            "find_spec",
            lambda name: with_plugin if name == "snakemake_executor_plugin_slurm" else find_spec(name),
        )
        if config is not None:
            (tmp_path / "scontrol").write_text(f"#!/bin/sh\necho '{config}'\n")
            (tmp_path / "scontrol").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin" if config is not None else str(tmp_path))
        with PROFILE.open() as file:
            return ProfileConfigFileParser().parse(file)

    return read


def test_without_the_plugin_it_says_what_to_install(read):
    with pytest.raises(SystemExit, match=r"plugin for Slurm is not installed; run `make install-slurm`$"):
        read(with_plugin=False)


@pytest.mark.parametrize("config", [None, "AccountingStorageType = accounting_storage/slurmdbd"])
def test_with_accounting_the_plugin_asks_as_it_does_by_itself(read, capfd, config):
    settings = read(config)
    assert settings["executor"] == "slurm"
    assert "slurm-status-command" not in settings
    assert capfd.readouterr() == ("", "")


def test_without_accounting_squeue_is_asked(read, capfd):
    settings = read("AccountingStorageType = accounting_storage/none")
    assert settings["slurm-status-command"] == "squeue"
    output, errors = capfd.readouterr()
    assert not output
    assert errors == "profiles/slurm: sacct knows of no jobs here (no accounting), so squeue is asked\n"
