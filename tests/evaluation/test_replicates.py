"""Bootstrap replicates of scores, against a plain loop over replicates."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from lib.evaluation import bootstrap
from lib.evaluation.agreement import agreement, contingency
from lib.evaluation.bootstrap import bootstrap_counts
from lib.evaluation.replicates import agreement_replicates, index_replicates, pairs_to_compare

N, N_REPLICATES = 60, 7


@pytest.fixture(params=[2**25, 3 * N], ids=["one chunk", "chunks of 3 and 1"])
def counts(request, monkeypatch):
    monkeypatch.setattr(bootstrap, "CHUNK", request.param)
    return bootstrap_counts(N, N_REPLICATES, seed=0)


def samples_of(counts):
    """The rows of each replicate, after all rows as they are."""
    yield np.arange(N)
    for count in np.concatenate(counts, axis=1).T:
        yield np.arange(N).repeat(count)


def test_agreement_is_that_of_each_resampled_data_set(counts):
    rng = np.random.default_rng(1)
    classes = rng.integers(0, 4, N)
    labels = [[np.where(rng.random(N) < 0.5, classes, rng.integers(0, 5, N)) for _ in range(3)] for _ in range(2)]
    found = agreement_replicates(labels, classes, counts)
    assert {values.shape for values in found.values()} == {(2, 3, 1 + N_REPLICATES)}
    for model in range(2):
        for seed in range(3):
            for replicate, rows in enumerate(samples_of(counts)):
                sample = classes[rows], labels[model][seed][rows]
                at = model, seed, replicate
                assert found["adjusted_rand"][at] == pytest.approx(adjusted_rand_score(*sample), abs=1e-12)
                expected = normalized_mutual_info_score(*sample)
                assert found["normalized_mutual_info"][at] == pytest.approx(expected, abs=1e-9)
                assert found["accuracy"][at] == agreement(contingency(*sample))["accuracy"]


def scores_of(n_models, n_spaces, n_seeds, *names):
    rng = np.random.default_rng(2)
    scores = {
        "silhouette": rng.random,
        "dunn": rng.random,
        "silhouette_samples": lambda: rng.random(N, np.float32),
    }
    return [
        [[{name: scores[name]() for name in names} for _ in range(n_seeds)] for _ in range(n_spaces)]
        for _ in range(n_models)
    ]


def test_silhouettes_are_the_mean_of_each_resampled_data_set(counts):
    scores = scores_of(2, 3, 4, "silhouette", "dunn", "silhouette_samples")
    found = index_replicates(scores, counts)
    assert found.keys() == {"silhouette", "dunn"}
    assert found["silhouette"].shape == (2, 3, 4, 1 + N_REPLICATES)
    assert found["dunn"].shape == (2, 3, 4, 1)
    for at in np.ndindex(2, 3, 4):
        model, space, seed = at
        score = scores[model][space][seed]
        assert found["dunn"][at] == [score["dunn"]]
        assert found["silhouette"][at][0] == score["silhouette"]
        means = [score["silhouette_samples"][rows].mean() for rows in samples_of(counts)]
        np.testing.assert_allclose(found["silhouette"][at][1:], means[1:], rtol=1e-5)


def test_estimated_silhouettes_have_no_replicates(counts):
    found = index_replicates(scores_of(1, 1, 2, "silhouette"), counts)
    assert found.keys() == {"silhouette"}
    assert found["silhouette"].shape == (1, 1, 2, 1)


MODELS = {"pixels": 1, "invariant": 2, "autoencoder": 3}  # kinds of features, and how many models each has
N_SEEDS = 2


@pytest.mark.parametrize("in_all_spaces", [True, False])
@pytest.mark.parametrize("with_classes", [True, False])
def test_each_score_of_each_two_kinds_is_compared(with_classes, in_all_spaces):
    rng = np.random.default_rng(3)
    agreements = {kind: {"accuracy": rng.random((n, N_SEEDS, 5))} for kind, n in MODELS.items() if with_classes}
    indices = {
        (made_in, scored_in): {
            index: rng.random((n, 1 if made_in == scored_in else MODELS[scored_in], N_SEEDS, 5))
            for index in ("silhouette", "dunn")
        }
        for made_in, n in MODELS.items()
        for scored_in in (MODELS if in_all_spaces else [made_in])
    }
    found = {(name, a, b): values for name, a, b, values in pairs_to_compare(agreements, indices)}
    names = {"accuracy"} if with_classes else set()
    names |= {"silhouette", "dunn"}
    names |= {f"{index}_in_{kind}" for index in ("silhouette", "dunn") for kind in MODELS if in_all_spaces}
    pairs = [("pixels", "invariant"), ("pixels", "autoencoder"), ("invariant", "autoencoder")]
    assert found.keys() == {(name, *pair) for name in names for pair in pairs}
    for (name, a, b), values in found.items():
        # A plain loop over the models of both sides, the seeds and the replicates.
        x, y = np.broadcast_arrays(*values)
        assert x.shape == (MODELS[a], MODELS[b], N_SEEDS, 5)
        index, _, space = name.partition("_in_")
        for i, j, seed, replicate in np.ndindex(x.shape):
            if name == "accuracy":
                expected = [agreements[a][name][i, seed, replicate], agreements[b][name][j, seed, replicate]]
            else:
                of_a, of_b = (indices[kind, space or kind][index] for kind in (a, b))
                of_a, of_b = of_a[i, :, seed, replicate], of_b[j, :, seed, replicate]  # in each space of the kind
                if space == a:
                    expected = [of_a[0], of_b[i]]
                elif space == b:
                    expected = [of_a[j], of_b[0]]
                else:
                    expected = [of_a.mean(), of_b.mean()]
            assert [x[i, j, seed, replicate], y[i, j, seed, replicate]] == pytest.approx(expected)
