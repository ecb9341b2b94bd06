"""The variance of a difference by its parts, against what is known of made-up scores; and its intervals."""

import numpy as np
import pytest
from scipy import stats

from lib.clustering.halves import n_starts, random_halves
from lib.evaluation import uncertainty
from lib.evaluation.uncertainty import ALLOWANCE, Difference, Part, Scores, difference


def scores_of_means(rng, n, n_models, n_seeds, n_splits, *, image=1.0, model=0.0, seed=0.0, side=0):
    """Scores of which each part is known: the mean of the images, an effect of the model, and one of the seed."""
    images = rng.normal(size=n) * image
    models = rng.normal(size=n_models) * model
    halves = random_halves(n, n_splits)
    whole = images.mean() + models[:, None] + rng.normal(size=(n_models, n_seeds)) * seed
    starts = n_starts(n_models > 1)
    of_halves = np.array([images[half].mean() for half in halves])
    of_halves = of_halves + models[:, None, None] + rng.normal(size=(n_models, starts, len(halves))) * seed
    axis = 1 - side
    return Scores(np.expand_dims(whole, axis), np.expand_dims(of_halves, axis))


SIZES = {"half_size": 30, "n_images": 60}


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
            **SIZES,
        )
        for _ in range(n_repetitions)
    ]


def test_variance_that_images_cause_is_that_of_a_mean():
    found = np.array([x.images.variance for x in parts_of_many(300, image=2.0)])
    expected = 4 / 60
    # The allowance is one standard error: of 20 splits, about a third of the part.
    allowance = ALLOWANCE * np.sqrt(2 / 20)
    assert found.mean() == pytest.approx(expected * (1 + allowance), rel=0.1)


def test_splits_of_the_same_images_do_not_make_it_surer():
    none = Part(0.0, 9)
    of_20, of_2000, of_3 = (Difference(0, 1, 1, Part(0.01, n), none, none, none) for n in (20, 2000, 3))
    assert of_20.margin() == of_2000.margin() < of_3.margin()


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
    found = difference(a, b, learned=(True, True), **SIZES)
    means = a.whole.mean(axis=(1, 2))
    assert found.models_a.variance == pytest.approx(means.var(ddof=1) / 3, rel=1e-6)
    assert found.models_b.variance == 0
    swapped = difference(
        Scores(b.whole.swapaxes(0, 1), b.halves.swapaxes(0, 1)),
        Scores(a.whole.swapaxes(0, 1), a.halves.swapaxes(0, 1)),
        learned=(True, True),
        **SIZES,
    )
    np.testing.assert_allclose(swapped.interval(), np.negative(found.interval())[::-1])


def test_degrees_of_freedom_are_those_of_the_only_part():
    rng = np.random.default_rng(0)
    seeds = rng.normal(size=(1, 1, 7))
    found = difference(nothing(7, 20), Scores(seeds, np.zeros((1, 1, 5, 40))), **SIZES)
    assert found.seeds.degrees_of_freedom == 6
    reference = stats.ttest_1samp(seeds.ravel(), 0)
    assert found.p_value() == pytest.approx(reference.pvalue)
    np.testing.assert_allclose(found.interval(0.9), reference.confidence_interval(0.9))


def test_level_at_which_the_interval_touches_0_is_the_p_value():
    found = parts_of_many(1, image=1.0, seed=0.2)[0]
    bounds = found.interval(1 - found.p_value())
    assert min(map(abs, bounds)) == pytest.approx(0, abs=1e-9)


def test_what_one_model_or_one_seed_cannot_tell_is_not_known():
    one_seed = difference(nothing(1, 4), nothing(1, 4), **SIZES)
    one_model = difference(nothing(5, 4), nothing(5, 4), learned=(False, True), **SIZES)
    for found in (one_seed, one_model):
        assert np.isnan(found.standard_error)
        assert np.isnan(found.interval()).all()
        assert np.isnan(found.p_value())
    assert not np.isnan(difference(nothing(5, 4), nothing(5, 4), **SIZES).standard_error)


def test_scores_that_never_differ():
    found = difference(nothing(5, 4), nothing(5, 4), **SIZES)
    assert found.interval() == (0, 0)
    assert found.p_value() == 1
    assert found.largest() == 0


def test_smaller_halves_estimate_the_same():
    """With a tenth of the images in each half: the variance that images cause is still that of the whole."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        images = rng.normal(size=200)
        halves = [images[half].mean() for half in (h[:20] for h in random_halves(200, 20))]
        b = Scores(np.full((1, 1, 5), images.mean()), np.tile(halves, (1, 1, 5, 1)))
        found.append(difference(nothing(5, 20), b, half_size=20, n_images=200).images.variance)
    assert np.mean(found) == pytest.approx(1 / 200 * (1 + ALLOWANCE * np.sqrt(2 / 20)), rel=0.1)


@pytest.mark.parametrize(("mean", "excess"), [(1.0, 1.0), (0.3, 1.0), (0.0, 1.36)])
def test_scores_of_pairs_of_images(monkeypatch, mean, excess):
    """The mean product over pairs of images, whose variance falls as 1 / n, or where the mean is 0 as 1 / n**2.

    Where it is 0, estimates below 0 that are cut off make the mean 36 % too large: E max(0, Z**2 - 1/2) is 0.68.
    """
    monkeypatch.setattr(uncertainty, "ALLOWANCE", 0.0)
    rng = np.random.default_rng(0)
    n = 40
    halves = random_halves(n)

    def mean_product(x):
        return (x.sum() ** 2 - (x**2).sum()) / (len(x) * (len(x) - 1))

    found = []
    for _ in range(1000):
        images = rng.normal(size=n) + mean
        whole, of_halves = mean_product(images), [mean_product(images[half]) for half in halves]
        b = Scores(np.full((1, 1, 5), whole), np.tile(of_halves, (1, 1, 5, 1)))
        found.append(difference(nothing(5, 20), b, half_size=n // 2, n_images=n).images.variance)
    expected = 4 * mean**2 / n + 2 / (n * (n - 1))  # Hoeffding 1948
    assert np.mean(found) == pytest.approx(expected * excess, rel=0.2)


def test_what_other_images_would_do_is_not_known_without_halves():
    one_side = nothing(5, 4), nothing(5, 0)
    for sides in (one_side, one_side[::-1]):
        found = difference(*sides, **SIZES)
        assert found.images.degrees_of_freedom == 0
        assert np.isnan(found.interval()).all()


def test_error_of_an_estimated_score_adds_to_the_variance():
    a, b = nothing(5, 4), nothing(5, 4)._replace(sampling=0.04)
    assert difference(a, b, **SIZES).standard_error == pytest.approx(0.2)
