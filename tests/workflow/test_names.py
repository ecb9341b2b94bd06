"""Names that mean something to Snakemake, to the shell or to YAML are names like any other."""

import shutil
import subprocess

import numpy as np
import pytest
from conftest import Project, records
from test_own_images import use, write_photos

pytestmark = pytest.mark.slow

NAMES = ["{brace}", '{archive} } it\'s "1" $HOME `id` \\ & *', "-dash", "~", "100%20 #1? [x] naïve 写真"]
SOME = [NAMES[1], NAMES[2], NAMES[4]]


def write_arrays(path, n=50, seed=0):
    rows = np.frombuffer(records(n, seed), np.uint8).reshape(n, -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, x=rows[:, 1:1025].reshape(-1, 32, 32), y=rows[:, 0])


@pytest.mark.parametrize("name", NAMES)
def test_array_file_and_its_changes(fresh, name):
    source = f"{name}/{name}.npz"
    write_arrays(fresh.path / source)
    use(fresh, format="npz", source=source, sha256=None)
    fresh.run()
    assert fresh.jobs() == set()
    before = fresh.metrics.read_text()
    write_arrays(fresh.path / source, seed=1)
    assert "download" in fresh.jobs()
    fresh.run()
    assert fresh.metrics.read_text() != before
    assert fresh.jobs() == set()
    use(fresh, format="npz", source=(fresh.path / source).as_uri(), sha256=None)
    fresh.run()
    assert fresh.jobs() == set()


@pytest.mark.parametrize("name", SOME)
def test_folder_of_photos(fresh, name):
    write_photos(fresh.path / name, 40, (name, "dog"))
    use(fresh, format="folder", source=name)
    fresh.run()
    assert fresh.jobs() == set()


@pytest.mark.parametrize("name", SOME)
def test_working_directory(tmp_path, finished, name):
    """With the workflow elsewhere, in a folder that has no braces."""
    folder = tmp_path / name
    folder.mkdir()
    project = Project.create(folder)
    project.without_training()
    for part in ("Snakefile", "rules", "scripts", "envs"):
        (folder / part).rename(tmp_path / part)
    shutil.copy2(folder / "config.yaml", tmp_path)
    command = project.command("--directory", str(folder), "--snakefile", str(tmp_path / "Snakefile"))
    command[-1] = str(project.settings_file)
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert project.metrics.read_text() == project.metrics_of(finished)


@pytest.mark.parametrize("name", SOME)
def test_folder_of_the_workflow(tmp_path, finished, name):
    folder = tmp_path / name
    folder.mkdir()
    project = Project.create(folder)
    project.without_training()
    run = project.snakemake()
    text = run.stdout + run.stderr
    if set("{}") & set(name):
        assert run.returncode != 0
        line = text.splitlines()[-1]
        assert str(folder) in line
        assert "braces" in line
        assert "Traceback" not in text
    else:
        assert run.returncode == 0, text
        assert project.metrics.read_text() == project.metrics_of(finished)
        assert project.jobs() == set()


def test_settings_of_the_command_line_are_those_of_a_file(project):
    """Nothing is made again because a number came as text."""
    project.without_training()
    project.configure(clustering={"n_clusters": [3, 4]})
    project.run()
    project.configure(clustering={"n_clusters": [5], "seeds": [7]})
    settings = [
        "clustering={n_clusters: [3, 4], seeds: [0, 1]}",
        "evaluation={silhouette_samples: null, n_chunks: 1}",
    ]
    settings += ["pca={whiten: false}", "autoencoder={learning_rate: 1e-2}"]
    assert project.jobs("--config", *settings) == set()
    settings[0] = "clustering={n_clusters: [3, five]}"
    run = project.snakemake("--config", *settings)
    assert run.returncode != 0
    line = "config: clustering.n_clusters[1] is 'five'; allowed: a whole number, 1 or more"
    assert (run.stdout + run.stderr).splitlines()[-1] == line
