"""The answer to the question which of two feature spaces clusters better, in words."""

import math

from lib.evaluation.uncertainty import Difference, Part  # noqa: F401 - of the example


def answer(a: str, b: str, found: Difference, measure: str, single_models: list[str]) -> str:
    """Say whether feature space b clusters better than a by the one measure that decides.

    Parameters
    ----------
    measure
        In words.
    single_models
        Which of the two are learned, and with one model alone.

    Examples
    --------
    >>> none = Part(0.0, 9)
    >>> found = Difference(0.2, 0.5, 0.3, images=Part(0.01, 20), seeds=none, models_a=none, models_b=none)
    >>> answer("pixels", "pca", found, "accuracy", [])
    'Yes: pca clusters better than pixels. Its accuracy is higher by 0.30 (95 % interval 0.09 to 0.51).'
    >>> answer("pixels", "pca", found, "accuracy", ["pca"])
    'Not known from one model of pca: another may differ by more. Learn more models.'
    """
    if single_models:
        names = " and ".join(single_models)
        return f"Not known from one model of {names}: another may differ by more. Learn more models."
    lower, upper = found.interval()
    if not lower <= upper:
        return "Not known from one seed of k-means: another may differ by more. Use more seeds."
    digits = _decimals(found.standard_error)
    if lower > 0 or upper < 0:
        word, low, high = ("higher", lower, upper) if lower > 0 else ("lower", -upper, -lower)
        start = f"Yes: {b} clusters better than {a}." if lower > 0 else f"No: {b} clusters less well than {a}."
        return (
            f"{start} Its {measure} is {word} by {abs(found.difference):.{digits}f} (95 % interval "
            f"{low:.{digits}f} to {high:.{digits}f})."
        )
    return (
        f"No difference was found between {a} and {b}. If there is one in the {measure}, it is below "
        f"{found.largest():.{digits}f} (with 95 % confidence)."
    )


def _decimals(standard_error: float) -> int:
    """Decimals that show two digits of a standard error."""
    decimals = 1
    while decimals < 9 and standard_error < 9.5 * 10.0**-decimals:
        decimals += 1
    return decimals


def what_would_help(a: str, b: str, found: Difference) -> str:
    r"""Say where the uncertainty comes from, and how much more of what would halve the interval.

    Examples
    --------
    >>> models = Part(0.09, 2)
    >>> parts = {"images": Part(0.01, 20), "seeds": Part(0.0, 9), "models_a": models, "models_b": models}
    >>> found = Difference(0.2, 0.5, 0.3, **parts)
    >>> print(what_would_help("mine", "yours", found._replace(models_a=Part(0.0, 0))).replace(". ", ".\n"))
    Of the variance, 90 % comes from models of yours and 10 % from images.
    6 times the models of yours would about halve the interval.
    >>> print(what_would_help("mine", "yours", found).replace(". ", ".\n"))
    Of the variance, 47 % comes from models of mine, 47 % from models of yours and 5 % from images.
    No number of more images, seeds or models alone would halve the interval.
    """
    parts = {
        "images": found.images,
        "seeds of k-means": found.seeds,
        f"models of {a}": found.models_a,
        f"models of {b}": found.models_b,
    }
    total = sum(part.variance for part in parts.values())
    if not total > 0:
        return ""
    shares = {name: part.variance / total for name, part in parts.items() if part.variance > 0}
    ranked = sorted(shares, key=lambda name: -shares[name])
    words = [
        f"{100 * shares[name]:.0f} % {'comes ' if i == 0 else ''}from {name}" for i, name in enumerate(ranked)
    ]
    text = f"Of the variance, {', '.join(words[:-1])}{' and ' if len(words) > 1 else ''}{words[-1]}."
    largest = shares[ranked[0]]
    if largest > 0.76:
        times = math.ceil(largest / (largest - 0.75))
        return f"{text} {times} times the {ranked[0]} would about halve the interval."
    return f"{text} No number of more images, seeds or models alone would halve the interval."
