"""How sure a difference between the scores of two feature spaces is.

The question is about images like these: how much the scores differ on average over new images (as many), new
seeds of k-means and new models, with the clusterings made anew. Three kinds of repetition vary. The variance that
each causes is estimated by itself, and they are added up.

- Images. They are cut in two halves at random, many times, and each half is clustered anew from several starts.
  The two halves are independent sets of images, so half the mean squared difference between them is what new
  images do to the score of one half, and a quarter is what they do to the mean of both. A part of the latter shows
  as the variance of this mean over the splits of the same images, and is not due to new images. The rest is the
  variance that new images cause (Wang & Lindsay 2014, Variance estimation of a general U-statistic with
  application to cross-validation, Statistica Sinica 24(3), 1117-1141). Of many images, smaller sets are drawn.
  Then m/n of what new images do to the score of m images is taken for n, as it is so for means. What the starts
  contribute is known from their spread within a half, and subtracted. Three quarters of a standard error are
  added, as such estimates are skewed.
- Seeds. The variance over seeds of k-means on all images, divided by their number.
- Models, on each side that is learned. The variance over models, less what seeds contribute to it, divided by
  their number (a crossed analysis of variance; Searle, Casella & McCulloch 1992, Variance Components, chapter 4).

The interval is Student's. The parts of the images and of the seeds share degrees of freedom (Satterthwaite 1946,
An approximate distribution of estimates of variance components, Biometrics Bulletin 2(6), 110-114), and so do
those of the models of both sides. The splits are of the same images, so the part of the images has fewer degrees
of freedom than there are splits: 3 to 8 in simulations in which there is signal. The squared half-widths of
the two are added, as a few models may look alike by chance. benchmarks/calibration.py simulates what that is
worth.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtrit

ALLOWANCE = 0.75  # standard errors of the part of the images that are added to it
MOST_FREEDOM = 6  # degrees of freedom of that part, of however many splits


class Scores(NamedTuple):
    """The scores of one feature space by one measure, to be subtracted from those of another.

    Examples
    --------
    >>> Scores(np.zeros((1, 1, 10)), np.zeros((1, 1, 5, 40))).whole.shape
    (1, 1, 10)
    """

    # (n_models_a, n_models_b, n_seeds) of all images. An axis that does not apply has length 1.
    whole: np.ndarray
    # (n_models_a, n_models_b, n_starts, 2 * n_splits) of halves of the images, the two of a split side by side.
    # With no splits, what other images would do is not known.
    halves: np.ndarray
    # The variance of the mean score that comes from its being estimated from a sample of the images.
    sampling: float = 0.0


class Part(NamedTuple):
    """What one kind of repetition contributes to the variance of a difference."""

    variance: float  # NaN: not known, as there is one alone
    degrees_of_freedom: int  # of independent repetitions


class Difference(NamedTuple):
    """The difference between the mean scores of two feature spaces a and b, and how sure it is.

    Examples
    --------
    >>> none = Part(0.0, 9)
    >>> found = Difference(0.2, 0.5, 0.3, images=Part(0.01, 20), seeds=none, models_a=none, models_b=none)
    >>> round(found.standard_error, 3), [round(bound, 3) for bound in found.interval()]
    (0.1, [0.055, 0.545])
    >>> round(found.p_value(), 4)
    0.024
    """

    mean_a: float
    mean_b: float
    difference: float  # b - a
    images: Part
    seeds: Part
    models_a: Part
    models_b: Part

    @property
    def standard_error(self) -> float:
        """The estimated standard deviation of the difference; NaN if a part of it is not known."""
        return float(np.sqrt(sum(part.variance for part in self[3:])))

    def margin(self, level: float = 0.95) -> float:
        """Half the width of the confidence interval of a level; NaN if a part of it is not known."""
        if np.isnan(self.standard_error):
            return np.nan
        squares = 0.0
        images = self.images._replace(degrees_of_freedom=min(self.images.degrees_of_freedom, MOST_FREEDOM))
        for parts in (images, self.seeds), (self.models_a, self.models_b):
            total = sum(part.variance for part in parts)
            if total != 0:
                weights = sum(part.variance**2 / part.degrees_of_freedom for part in parts if part.variance != 0)
                squares += total * stdtrit(total**2 / weights, (1 + level) / 2) ** 2
        return float(np.sqrt(squares))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The confidence interval of a level."""
        return self.difference - self.margin(level), self.difference + self.margin(level)

    def p_value(self) -> float:
        """One minus the level of the interval that touches 0; NaN if a part of its width is not known."""
        if np.isnan(self.standard_error):
            return np.nan
        size = abs(self.difference)
        if size == 0 or self.standard_error == 0:
            return float(size == 0)
        least = 1e-12
        if self.margin(1 - least) <= size:
            return least
        if self.margin(least) >= size:
            return 1.0
        return float(brentq(lambda p: self.margin(1 - p) - size, least, 1 - least, xtol=1e-14))

    def largest(self, level: float = 0.95) -> float:
        """The size that the difference is below, by two one-sided tests (Schuirmann 1987) of 1 - level each."""
        lower, upper = self.interval(2 * level - 1)
        return max(-lower, upper)


def difference(
    a: Scores, b: Scores, *, half_size: int, n_images: int, learned: Sequence[bool] = (False, False)
) -> Difference:
    """How much the scores of feature space b are above those of a, and how sure that is.

    Parameters
    ----------
    a, b
        Clusterings of all images with the same seed began from the same images.
    half_size, n_images
        The numbers of images in each half, and of all.
    learned
        Whether models of a, and of b, are a sample of those that might have been learned. If there is one alone,
        how much others would differ is not known.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a, b = (Scores(rng.normal(size=(1, 1, 10)), rng.normal(size=(1, 1, 5, 40))) for _ in "ab")
    >>> lower, upper = difference(a, b, half_size=50, n_images=100).interval()
    >>> lower < 0 < upper
    True
    """
    differences = b.whole - a.whole
    n_seeds = differences.shape[2]
    by_seed = differences.mean(axis=(0, 1))
    models = []
    for axis, is_learned in enumerate(learned):
        by_model = differences.mean(axis=1 - axis)  # (n_models, n_seeds)
        models.append(Part(_models(by_model) if is_learned else 0.0, len(by_model) - 1))
    return Difference(
        mean_a=float(a.whole.mean()),
        mean_b=float(b.whole.mean()),
        difference=float(differences.mean()),
        images=_images(a, b, half_size, n_images),
        seeds=Part(float(by_seed.var(ddof=1)) / n_seeds if n_seeds > 1 else np.nan, n_seeds - 1),
        models_a=models[0],
        models_b=models[1],
    )


def _images(a: Scores, b: Scores, half_size: int, n_images: int) -> Part:
    """What new images contribute."""
    n_splits = min(a.halves.shape[-1], b.halves.shape[-1]) // 2
    if n_splits < 2:
        return Part(np.nan, n_splits)
    halves = b.halves.mean(axis=(0, 1, 2)) - a.halves.mean(axis=(0, 1, 2))  # (2 * n_splits,)
    of_starts, noise = 0.0, 0.0  # the variance that starts cause in a half, and its own, by the number of starts
    for side in (a, b):
        by_start = side.halves.mean(axis=(0, 1))  # (n_starts, 2 * n_splits)
        n_starts = len(by_start)
        part = float(by_start.var(axis=0, ddof=1).mean()) / n_starts
        of_starts += part
        noise += 2 * part**2 / (2 * n_splits * (n_starts - 1))
    of_half = float(np.mean((halves[::2] - halves[1::2]) ** 2)) / 2
    share = half_size / n_images
    if 2 * half_size >= n_images - 1:  # the two halves are all images, but for an odd one
        share = 0.5
    variance = share * (of_half - of_starts)
    if share == 0.5:
        means = (halves[::2] + halves[1::2]) / 2
        variance -= max(0.0, float(means.var(ddof=1)) - of_starts / 2)
    error = share * float(np.sqrt(2 * of_half**2 / n_splits + noise))
    return Part(max(0.0, variance) + ALLOWANCE * error + a.sampling + b.sampling, n_splits)


def _models(by_model: np.ndarray) -> float:
    """The variance that new models cause, beyond what seeds cause, from (n_models, n_seeds)."""
    n_models, n_seeds = by_model.shape
    if n_models == 1 or n_seeds == 1:
        return np.nan
    means = by_model.mean(axis=1)
    residuals = by_model - means[:, None] - by_model.mean(axis=0) + by_model.mean()
    of_seeds = (residuals**2).sum() / ((n_models - 1) * (n_seeds - 1)) / n_seeds
    return max(0.0, float(means.var(ddof=1) - of_seeds)) / n_models
