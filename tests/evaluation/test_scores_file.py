"""The files of scores and of partial sums, written and read."""

import logging
from pathlib import Path

import numpy as np
import pytest
from overlapping import overlapping_clusters

from lib.base.errors import InputError
from lib.evaluation import pairs, scores_file
from lib.evaluation.partial_sums import NO_PAIR
from lib.evaluation.scores_file import read_indices, read_pair_sums, read_scores, write_pair_sums, write_scores
from lib.evaluation.validity import partial_sums, validity
from lib.features.features_file import write_features
from lib.workflow.digest import code_digest

SCRIPTS = Path(scores_file.__file__).parents[2]


def test_scores_that_are_written_are_read(tmp_path, caplog):
    X, labels = overlapping_clusters(300)
    paths = ("pixels/test/k3/seed0", "autoencoder/seed1/test/k3/seed12")
    found = {path: validity(X, labels % modulus) for path, modulus in zip(paths, (3, 7), strict=True)}
    caplog.set_level(logging.INFO)
    digests = dict.fromkeys(paths, "a")
    write_scores(tmp_path / "scores.h5", 3, {path: x._asdict() for path, x in found.items()}, digests)
    for path, result in found.items():
        scores = read_scores(tmp_path / "scores.h5", path)
        assert scores.keys() == {"n_features", *result._fields}
        assert scores["n_features"] == 3
        for name in ("silhouette", "dunn", "separation", "diameter"):
            assert scores[name] == getattr(result, name)
        for name in ("separation_pair", "diameter_pair"):
            assert tuple(scores[name]) == getattr(result, name)
        assert scores["silhouette_samples"].dtype == np.float32
        np.testing.assert_array_equal(scores["silhouette_samples"], result.silhouette_samples.astype(np.float32))
        indices = read_indices(tmp_path / "scores.h5")[path]
        assert indices.keys() == scores.keys() - {"silhouette_samples"}
        assert indices["dunn"] == result.dunn
    assert read_indices(tmp_path / "scores.h5").keys() == set(paths)
    assert f"{paths[1]}: silhouette {found[paths[1]].silhouette:.4g}, dunn" in caplog.text


def test_a_score_that_is_undefined_is_left_out(tmp_path):
    """One cluster has no separation."""
    result = validity(np.eye(3), np.zeros(3, int))
    write_scores(tmp_path / "scores.h5", 3, {"a": result._asdict()}, {"a": ""})
    scores = read_scores(tmp_path / "scores.h5", "a")
    assert "separation_pair" not in scores
    assert np.isnan(scores["dunn"])


def test_an_estimate_has_no_silhouette_of_each_image(tmp_path):
    estimate = {"silhouette": 0.1, "silhouette_lower": 0.05, "silhouette_upper": 0.15}
    write_scores(tmp_path / "scores.h5", 3, {"a": estimate}, {"a": ""})
    assert read_scores(tmp_path / "scores.h5", "a") == estimate | {"n_features": 3}


def test_a_clustering_that_is_not_there(tmp_path):
    write_scores(
        tmp_path / "scores.h5", 3, {"pixels/test/k3/seed1": {"silhouette": 0.1}}, {"pixels/test/k3/seed1": ""}
    )
    with pytest.raises(InputError, match=r"scores\.h5 is not of this workflow, or damaged"):
        read_scores(tmp_path / "scores.h5", "pixels/test/k3/seed2")


def test_a_file_of_something_else(tmp_path):
    write_features(tmp_path / "features.h5", np.eye(3))
    with pytest.raises(InputError, match=r"features\.h5 is not of this workflow, or damaged \(it has no scores\)"):
        read_indices(tmp_path / "features.h5")


def test_partial_sums_that_are_written_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(pairs, "BLOCK_ROWS", 32)
    X, labels = overlapping_clusters(300)
    written = partial_sums(X, [labels, labels * 0], 1, 3)
    write_pair_sums(tmp_path / "2-of-3.h5", dict(zip(("b", "a"), written, strict=True)))
    for path, sums in zip(("b", "a"), written, strict=True):
        read = read_pair_sums(tmp_path / "2-of-3.h5", path)
        for name in ("sums", "exponents"):
            assert getattr(read, name).dtype == getattr(sums, name).dtype
            np.testing.assert_array_equal(getattr(read, name), getattr(sums, name))
        assert (read.separation, read.diameter) == (sums.separation, sums.diameter)
        assert [type(value) for value in read.diameter] == [float, int, int, int]
    assert read.separation == NO_PAIR
    with pytest.raises(InputError, match=r"2-of-3\.h5 is not of this workflow, or damaged"):
        read_pair_sums(tmp_path / "2-of-3.h5", "c")


@pytest.mark.parametrize(
    ("script", "imports_pairs"), [("compare", False), ("collect_scores", False), ("evaluate", True)]
)
def test_code_that_reads_scores_is_not_that_which_sums_pairs(tmp_path, script, imports_pairs):
    """So an edit of pairs.py that changes no score does not repeat the bootstrap."""
    for path in [SCRIPTS / f"{script}.py", *(SCRIPTS / "lib").rglob("*.py")]:
        copy = tmp_path / "scripts" / path.relative_to(SCRIPTS)
        edited = tmp_path / "edited" / path.relative_to(SCRIPTS)
        for to in (copy, edited):
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(path.read_bytes())
    with (tmp_path / "edited" / "lib" / "evaluation" / "pairs.py").open("a") as file:
        file.write("TILES_AT_ONCE = 9\n")
    digests = {code_digest(tmp_path / folder / f"{script}.py") for folder in ("scripts", "edited")}
    assert len(digests) == 1 + imports_pairs
