"""The scripts that score: what is there is kept, and the bytes are those of scores that are made at once."""

import shutil
from argparse import ArgumentParser, Namespace

import numpy as np
import pytest

import cluster
import cluster_halves
import evaluate
import pair_sums
import sample_silhouette
import score_halves
from lib.evaluation import half_silhouettes, noise
from lib.evaluation.partial_sums import within_memory
from lib.features.features_file import write_features
from lib.workflow.layout import Results

X = np.random.default_rng(0).random((80, 3))
SPACES = {"pixels": X, "pca": X[:, :2]}
COMMON = {"init": "random", "n_init": 1, "code_digest": "", "threads": 1}


@pytest.fixture
def project(tmp_path):
    """Two spaces, and their clusterings into 3 and 5 clusters from three seeds."""
    for space, points in SPACES.items():
        write_features(tmp_path / f"{space}.h5", points)
        clusterings = [(k, seed) for k in (3, 5) for seed in (0, 1, 2)]
        out = [tmp_path / "clusters" / space / f"test/k{k}/seed{seed}.h5" for k, seed in clusterings]
        ks, seeds = map(list, zip(*clusterings, strict=True))
        features = tmp_path / f"{space}.h5"
        cluster.main(Namespace(features=features, n_clusters=ks, seeds=seeds, out=out, **COMMON))
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


def in_pixels(folder, ks, seeds, made_in=("pixels",), **options):
    """What the scripts that score in the space of pixels take."""
    parser = ArgumentParser()
    Results.add_arguments(parser)
    layout = ["--results", folder, "--clustered-features", *(f"{space}/test" for space in made_in)]
    layout += ["--n-clusters", *ks, "--seeds", *seeds]
    defaults = {"features": folder / "pixels.h5", "space": "pixels", "code_digest": "", "threads": 1}
    return Namespace(**vars(parser.parse_args(list(map(str, layout)))) | defaults | options)


def evaluated(folder, ks, seeds, made_in=("pixels",), **options):
    """Score clusterings. Returns the files' bytes."""
    evaluate.main(in_pixels(folder, ks, seeds, made_in, **{"pair_sums": []} | options))
    return [(folder / f"metrics/pixels/test/k{k}.h5").read_bytes() for k in ks]


def forget(folder):
    shutil.rmtree(folder / "metrics")


def test_only_new_clusterings_are_scored(project, monkeypatch):
    numbers = scored(monkeypatch, noise, "partial_sums")
    at_once = evaluated(project, [3, 5], [0, 1, 2], SPACES)
    forget(project)
    evaluated(project, [3], [0, 1])
    evaluated(project, [3], [0, 1, 2])  # a seed more
    evaluated(project, [3, 5], [0, 1, 2])  # a k more
    assert evaluated(project, [3, 5], [0, 1, 2], SPACES) == at_once  # a space more
    assert numbers == [12, 2, 1, 3, 6]
    fewer = evaluated(project, [3, 5], [2])
    forget(project)
    assert fewer == evaluated(project, [3, 5], [2])
    assert numbers == [12, 2, 1, 3, 6, 2]


def test_scores_of_something_else_are_made_again(project, monkeypatch):
    numbers = scored(monkeypatch, noise, "partial_sums")
    before = evaluated(project, [3, 5], [0, 1, 2])
    (project / "metrics/pixels/test/k5.h5").write_bytes(before[1][:1000])  # as a disk leaves it that was full
    assert evaluated(project, [3, 5], [0, 1, 2]) == before
    clusters = project / "clusters/pixels/test"
    (clusters / "k3/seed1.h5").write_bytes((clusters / "k5/seed1.h5").read_bytes())
    assert evaluated(project, [3, 5], [0, 1, 2]) != before
    evaluated(project, [3, 5], [0, 1, 2], code_digest="other")
    write_features(project / "pixels.h5", X**2)
    evaluated(project, [3, 5], [0, 1, 2], code_digest="other")
    assert numbers == [6, 3, 1, 6, 6]


def test_sums_of_chunks_are_of_what_is_not_scored_yet(project, monkeypatch):
    at_once = evaluated(project, [3], [0, 1, 2], SPACES)
    forget(project)
    evaluated(project, [3], [0, 1])
    chunks = [project / f"{number}-of-2.h5" for number in (1, 2)]
    numbers = scored(monkeypatch, noise, "partial_sums")
    for number, path in enumerate(chunks, 1):
        options = {"chunk": (number, 2), "evaluate_digest": "", "out": path}
        pair_sums.main(in_pixels(project, [3], [0, 1, 2], SPACES, **options))
    assert numbers == [4, 4]  # the third seed, and another space
    assert evaluated(project, [3], [0, 1, 2], SPACES, pair_sums=chunks) == at_once
    assert numbers == [4, 4]


def test_estimated_silhouettes_are_kept_too(project, monkeypatch):
    found = []

    def counted(points, labels, *args, **options):
        found.append(len(labels))
        return original(points, labels, *args, **options)

    original = sample_silhouette.sampled_silhouette_without_noise
    monkeypatch.setattr(sample_silhouette, "sampled_silhouette_without_noise", counted)

    def run(seeds, n_samples=20):
        sample_silhouette.main(in_pixels(project, [3], seeds, n_samples=n_samples))
        return len(found)

    assert [run([0]), run([0, 1]), run([1, 0]), run([0, 1], 30)] == [1, 2, 2, 4]


def test_scores_of_halves_are_kept(tmp_path, monkeypatch):
    for space, points in SPACES.items():
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
    whole = evaluated(project, [3, 5], [0, 1, 2])
    forget(project)
    monkeypatch.setattr(evaluate, "within_memory", lambda labellings: within_memory(labellings, 20 * 80 * 7))
    assert evaluated(project, [3, 5], [0, 1, 2]) == whole
    assert numbers == [6, 2, 1, 1, 1, 1]


def test_one_clustering_is_scored_however_large():
    labels = np.arange(100)
    assert [len(some) for some in within_memory([labels, labels], max_bytes=1)] == [1, 1]
    assert list(within_memory([])) == []
