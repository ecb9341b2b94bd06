"""The variance of a difference by its parts, against what is known of made-up scores; and its intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lib.clustering.halves import MAX_SIZE, half_seed, n_starts, random_halves
from lib.evaluation.uncertainty import ALLOWANCE, Scores, difference, holm


def scores_of_means(rng, n, n_models, n_seeds, n_splits, *, image=1.0, model=0.0, seed=0.0, side=0):
    """Scores of which each part is known: the mean of the images, an effect of the model, and one of the seed."""
    images = rng.normal(size=n) * image
    models = rng.normal(size=n_models) * model
    halves = random_halves(n, n_splits, seed=1)
    whole = images.mean() + models[:, None] + rng.normal(size=(n_models, n_seeds)) * seed
    starts = n_starts(n_models)
    of_halves = np.array([images[half].mean() for half in halves])
    of_halves = of_halves + models[:, None, None] + rng.normal(size=(n_models, starts, len(halves))) * seed
    axis = 1 - side
    return Scores(np.expand_dims(whole, axis), np.expand_dims(of_halves, axis))


def nothing(n_seeds, n_splits):
    return Scores(np.zeros((1, 1, n_seeds)), np.zeros((1, 1, 5, 2 * n_splits)))


def parts_of_many(n_repetitions, *, n=60, n_models=1, n_seeds=10, n_splits=20, **effects):
    rng = np.random.default_rng(0)
    learned = (False, n_models > 1)
    return [
        difference(
            nothing(n_seeds, n_splits),
            scores_of_means(rng, n, n_models, n_seeds, n_splits, side=1, **effects),
            learned=learned,
        )
        for _ in range(n_repetitions)
    ]


def test_variance_that_images_cause_is_that_of_a_mean():
    found = np.array([x.images.variance for x in parts_of_many(300, image=2.0)])
    expected = 4 / 60
    # The allowance is half a standard error: of 20 splits, about a third of the part.
    allowance = ALLOWANCE * np.sqrt(2 / 20)
    assert found.mean() == pytest.approx(expected * (1 + allowance), rel=0.1)


def test_what_starts_cause_is_not_taken_for_what_images_cause():
    deviation = 3.0
    without = np.mean([x.images.variance for x in parts_of_many(200, image=0.0, seed=deviation)])
    # The variance of the starts in a half, which would be there if it was not subtracted.
    assert without < 0.3 * deviation**2 / 5


@pytest.mark.parametrize("model", [0.0, 1.0])
def test_variance_that_models_and_seeds_cause(model):
    found = parts_of_many(300, image=0.0, n_models=4, model=model, seed=0.5)
    seeds = np.mean([x.seeds.variance for x in found])
    models = np.mean([x.models_b.variance for x in found])
    assert seeds == pytest.approx(0.25 / 4 / 10, rel=0.1)  # of a mean of 4 models x 10 seeds
    assert models == pytest.approx(model**2 / 4, rel=0.15, abs=0.003)
    assert all(x.models_a.variance == 0 for x in found)


@pytest.mark.parametrize(
    ("effects", "n_models"),
    [
        ({"image": 1.0}, 1),
        ({"image": 1.0, "seed": 0.5}, 1),
        ({"image": 0.2, "model": 0.3, "seed": 0.3}, 3),
        ({"image": 0.2, "model": 1.0}, 5),
    ],
)
def test_intervals_hold_the_truth(effects, n_models):
    intervals = np.array([x.interval() for x in parts_of_many(500, n_models=n_models, **effects)])
    assert 0.92 < np.mean((intervals[:, 0] <= 0) & (intervals[:, 1] >= 0)) < 0.99


def test_both_sides_learned_from_models_of_their_own():
    rng = np.random.default_rng(0)
    a, b = (scores_of_means(rng, 60, m, 10, 20, model=s, side=i) for i, (m, s) in enumerate([(3, 1.0), (5, 0.0)]))
    assert (b.whole - a.whole).shape == (3, 5, 10)
    found = difference(a, b, learned=(True, True))
    means = a.whole.mean(axis=(1, 2))
    assert found.models_a.variance == pytest.approx(means.var(ddof=1) / 3, rel=1e-6)
    assert found.models_b.variance == 0
    swapped = difference(
        Scores(b.whole.swapaxes(0, 1), b.halves.swapaxes(0, 1)),
        Scores(a.whole.swapaxes(0, 1), a.halves.swapaxes(0, 1)),
        learned=(True, True),
    )
    np.testing.assert_allclose(swapped.interval(), np.negative(found.interval())[::-1])


def test_degrees_of_freedom_are_those_of_the_only_part():
    rng = np.random.default_rng(0)
    seeds = rng.normal(size=(1, 1, 7))
    found = difference(nothing(7, 20), Scores(seeds, np.zeros((1, 1, 5, 40))))
    assert found.seeds.degrees_of_freedom == 6
    reference = stats.ttest_1samp(seeds.ravel(), 0)
    assert found.p_value() == pytest.approx(reference.pvalue)
    np.testing.assert_allclose(found.interval(0.9), reference.confidence_interval(0.9))


def test_level_at_which_the_interval_touches_0_is_the_p_value():
    found = parts_of_many(1, image=1.0, seed=0.2)[0]
    bounds = found.interval(1 - found.p_value())
    assert min(map(abs, bounds)) == pytest.approx(0, abs=1e-9)


def test_what_one_model_or_one_seed_cannot_tell_is_not_known():
    one_seed = difference(nothing(1, 4), nothing(1, 4))
    one_model = difference(nothing(5, 4), nothing(5, 4), learned=(False, True))
    for found in (one_seed, one_model):
        assert np.isnan(found.standard_error)
        assert np.isnan(found.interval()).all()
        assert np.isnan(found.p_value())
    assert not np.isnan(difference(nothing(5, 4), nothing(5, 4)).standard_error)


def test_scores_that_never_differ():
    found = difference(nothing(5, 4), nothing(5, 4))
    assert found.interval() == (0, 0)
    assert found.p_value() == 1
    assert found.largest() == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_rejects_step_by_step(p_values):
    adjusted = holm(p_values)
    for level in (0.01, 0.05, 0.3):
        rejected, left = set(), sorted(range(len(p_values)), key=p_values.__getitem__)
        while left and p_values[left[0]] * len(left) < level:
            rejected.add(left.pop(0))
        by_adjusted = {i for i, p in enumerate(adjusted) if p < level}
        # Equal p-values are rejected together or not at all.
        assert {p_values[i] for i in by_adjusted} == {p_values[i] for i in rejected}


@given(st.integers(2, 200), st.integers(1, 5), st.integers(0, 9))
def test_halves_have_no_image_in_common(n, n_splits, seed):
    halves = random_halves(n, n_splits, seed)
    assert len(halves) == 2 * n_splits
    for one, other in zip(halves[::2], halves[1::2], strict=True):
        assert len(one) == len(other) == n // 2
        assert len({*one.tolist(), *other.tolist()}) == n // 2 * 2
        assert (np.diff(one) > 0).all()
    assert [half.tolist() for half in halves] == [half.tolist() for half in random_halves(n, n_splits, seed)]


def test_halves_of_many_images_are_small():
    assert {len(half) for half in random_halves(50_000, 2)} == {MAX_SIZE}


def test_every_start_has_a_seed_of_its_own():
    seeds = [half_seed(h, s, m, i) for h in range(10) for s in range(3) for m in range(3) for i in range(5)]
    assert len(set(seeds)) == len(seeds)


def test_smaller_halves_estimate_the_same():
    """With a tenth of the images in each half: the variance that images cause is still that of the whole."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        images = rng.normal(size=200)
        halves = [images[half].mean() for half in (h[:20] for h in random_halves(200, 20))]
        b = Scores(np.full((1, 1, 5), images.mean()), np.tile(halves, (1, 1, 5, 1)))
        found.append(difference(nothing(5, 20), b, share=0.1).images.variance)
    assert np.mean(found) == pytest.approx(1 / 200 * (1 + ALLOWANCE * np.sqrt(2 / 20)), rel=0.1)
