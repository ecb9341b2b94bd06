"""The scripts that score: what is there is kept, and the bytes are those of scores that are made at once."""

from argparse import Namespace

import numpy as np
import pytest

import cluster
import cluster_halves
import evaluate
import sample_silhouette
import score_halves
from lib.evaluation import half_silhouettes, noise
from lib.evaluation.partial_sums import within_memory
from lib.features.features_file import write_features

X = np.random.default_rng(0).random((80, 3))
COMMON = {"init": "random", "n_init": 1, "code_digest": "", "threads": 1}


@pytest.fixture
def project(tmp_path):
    """Features, and their clusterings into 3 and 5 clusters from three seeds."""
    write_features(tmp_path / "X.h5", X)
    clusterings = [(k, seed) for k in (3, 5) for seed in (0, 1, 2)]
    out = [tmp_path / f"k{k}" / f"seed{seed}.h5" for k, seed in clusterings]
    ks, seeds = map(list, zip(*clusterings, strict=True))
    cluster.main(Namespace(features=tmp_path / "X.h5", n_clusters=ks, seeds=seeds, out=out, **COMMON))
    return tmp_path


def scored(monkeypatch, module, function):
    """A list that gets the number of clusterings that are scored, each time."""
    numbers = []
    original = getattr(module, function)

    def counted(points, labellings, *args, **options):
        numbers.append(len(labellings))
        return original(points, labellings, *args, **options)

    monkeypatch.setattr(module, function, counted)
    return numbers


def evaluated(folder, ks, seeds, name="scores", **changes):
    """Score clusterings. Returns the files' bytes."""
    files = [folder / name / f"k{k}.h5" for k in ks]
    clusters = [folder / f"k{k}" / f"seed{seed}.h5" for k in ks for seed in seeds]
    options = {"features": folder / "X.h5", "clusters": clusters, "pair_sums": [], "out": files} | COMMON
    evaluate.main(Namespace(**options | changes))
    return [path.read_bytes() for path in files]


def test_only_new_clusterings_are_scored(project, monkeypatch):
    numbers = scored(monkeypatch, noise, "partial_sums")
    at_once = evaluated(project, [3, 5], [0, 1, 2], "at once")
    evaluated(project, [3], [0, 1])
    assert evaluated(project, [3], [0, 1, 2]) == at_once[:1]  # a seed more
    assert evaluated(project, [3, 5], [0, 1, 2]) == at_once  # a k more
    assert numbers == [6, 2, 1, 3]
    fewer = evaluated(project, [3, 5], [2])
    assert fewer == evaluated(project, [3, 5], [2], "others at once")
    assert numbers == [6, 2, 1, 3, 2]


def test_scores_of_something_else_are_made_again(project, monkeypatch):
    numbers = scored(monkeypatch, noise, "partial_sums")
    before = evaluated(project, [3, 5], [0, 1, 2])
    (project / "scores" / "k5.h5").write_bytes(before[1][:1000])  # as a disk leaves it that was full
    assert evaluated(project, [3, 5], [0, 1, 2]) == before
    changed = project / "k3" / "seed1.h5"
    changed.write_bytes((project / "k5" / "seed1.h5").read_bytes())
    assert evaluated(project, [3, 5], [0, 1, 2]) != before
    evaluated(project, [3, 5], [0, 1, 2], code_digest="other")
    write_features(project / "X.h5", X**2)
    evaluated(project, [3, 5], [0, 1, 2], code_digest="other")
    assert numbers == [6, 3, 1, 6, 6]


def test_estimated_silhouettes_are_kept_too(project, monkeypatch):
    found = []

    def counted(points, labels, *args, **options):
        found.append(len(labels))
        return original(points, labels, *args, **options)

    original = sample_silhouette.sampled_silhouette_without_noise
    monkeypatch.setattr(sample_silhouette, "sampled_silhouette_without_noise", counted)

    def run(seeds, n_samples=20):
        clusters = [project / "k3" / f"seed{seed}.h5" for seed in seeds]
        options = {"features": project / "X.h5", "out": [project / "estimated.h5"], "n_samples": n_samples}
        sample_silhouette.main(Namespace(clusters=clusters, code_digest="", threads=1, **options))
        return len(found)

    assert [run([0]), run([0, 1]), run([1, 0]), run([0, 1], 30)] == [1, 2, 2, 4]


def test_scores_of_halves_are_kept(tmp_path, monkeypatch):
    spaces = {"pixels": X, "pca": X[:, :2]}
    for space, points in spaces.items():
        write_features(tmp_path / f"{space}.h5", points)
        halves = [tmp_path / space / f"k{k}.h5" for k in (3, 5)]
        options = {"features": tmp_path / f"{space}.h5", "n_clusters": [3, 5], "out": halves, "learned": False}
        cluster_halves.main(Namespace(space=space, **options, **COMMON))
    numbers = scored(monkeypatch, half_silhouettes, "validities")

    def run(ks, made_in, name="scores"):
        """The number of clusterings of the first half that were scored, and the files' bytes."""
        numbers.clear()
        out = [tmp_path / name / f"k{k}.h5" for k in ks]
        halves = [tmp_path / space / f"k{k}.h5" for k in ks for space in made_in]
        options = {"features": tmp_path / "pixels.h5", "halves": halves, "made_in": made_in, "out": out}
        score_halves.main(Namespace(**options, code_digest="", threads=1))
        return numbers[:1], [path.read_bytes() for path in out]

    at_once = run([3, 5], ["pixels", "pca"], "at once")
    assert at_once[0] == [2 * 2 * 5]  # ks, spaces, starts
    assert run([3], ["pixels"])[0] == [5]
    assert run([3], ["pixels", "pca"]) == ([5], at_once[1][:1])
    assert run([3, 5], ["pixels", "pca"]) == ([10], at_once[1])
    assert run([3, 5], ["pixels", "pca"]) == ([], at_once[1])


def test_memory_is_bounded_and_the_scores_are_the_same(project, monkeypatch):
    numbers = scored(monkeypatch, noise, "partial_sums")
    whole = evaluated(project, [3, 5], [0, 1, 2], "whole")
    monkeypatch.setattr(evaluate, "within_memory", lambda labellings: within_memory(labellings, 20 * 80 * 7))
    assert evaluated(project, [3, 5], [0, 1, 2], "in parts") == whole
    assert numbers == [6, 2, 1, 1, 1, 1]


def test_one_clustering_is_scored_however_large():
    labels = np.arange(100)
    assert [len(some) for some in within_memory([labels, labels], max_bytes=1)] == [1, 1]
    assert list(within_memory([])) == []
