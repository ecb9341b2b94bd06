"""All feature spaces against each other in one table, where pairs would be a long list."""

from typing import NamedTuple

import pandas as pd

from lib.evaluation.answer import decimals, verdicts

MANY = 4  # feature spaces, and clusterings that were made elsewhere, from which on pairs are too many to list


class Cell(NamedTuple):
    """What is known of the row's feature space against the column's."""

    verdict: str
    better_at: float  # the share of all k at which the row's is better
    numbers: str  # the difference of the measure that decides, row less column, with its interval at one k


NOT_COMPARED = Cell("", 0, "")


class Matrix(NamedTuple):
    """The feature spaces by the measure that decides, best first, and each against each.

    Two clusterings that were made elsewhere are not compared, and have no cell.
    """

    headline: str
    names: list[str]
    cells: dict[tuple[str, str], Cell]  # (row, column)


def matrix(table: pd.DataFrame) -> Matrix:
    """Each feature space against each other, over all numbers of clusters.

    Parameters
    ----------
    table
        Rows of comparison.csv for one split.

    Examples
    --------
    >>> row = {"k": 10, "metric": "accuracy", "decisive": "yes", "features_a": "pixels", "verdict": "pca higher"}
    >>> row |= {"features_b": "pca", "mean_a": 0.2, "mean_b": 0.5, "difference": 0.3, "lower": 0.09, "upper": 0.51}
    >>> found = matrix(pd.DataFrame([row]))
    >>> found.headline
    'pca clusters better than each of the others.'
    >>> found.cells["pixels", "pca"]
    Cell(verdict='worse', better_at=0.0, numbers='\u22120.30 [\u22120.51, \u22120.09]')
    """
    decisive = table[table["decisive"] == "yes"]
    cells = {}
    means: dict[str, list[float]] = {}
    for (a, b), rows in decisive.groupby(["features_a", "features_b"], sort=False):
        cells[b, a] = _cell(rows, 1)
        cells[a, b] = _cell(rows, -1)
        means.setdefault(a, []).extend(rows["mean_a"])
        means.setdefault(b, []).extend(rows["mean_b"])
    names = sorted(means, key=lambda name: -sum(means[name]) / len(means[name]))
    return Matrix(_headline(names, cells), names, cells)


def _cell(rows: pd.DataFrame, sign: int) -> Cell:
    """The cell of b against a (sign 1), or of a against b (-1)."""
    opposite = {} if sign > 0 else {"better": "worse", "worse": "better"}
    words = [opposite.get(word, word) for word in verdicts(rows).values()]
    better_at = words.count("better") / len(words)
    if len(words) == 1:
        return Cell(words[0], better_at, "; ".join(_with_interval(row, sign) for _, row in rows.iterrows()))
    counts = {word: words.count(word) for word in ("better", "worse", *dict.fromkeys(words)) if word in words}
    text = ", ".join(f"{word} at {'all ' if n == len(words) else ''}{n}" for word, n in counts.items()) + " k"
    least, most = sorted(sign * rows["difference"].agg(["min", "max"]))
    digits = decimals((rows["upper"] - rows["lower"]).min())
    return Cell(text, better_at, f"{_signed(least, digits)} to {_signed(most, digits)}")


def _with_interval(row: pd.Series, sign: int) -> str:
    digits = decimals(row["upper"] - row["lower"])
    text = _signed(sign * row["difference"], digits)
    if row["lower"] <= row["upper"]:
        lower, upper = sorted(sign * row[["lower", "upper"]].astype(float))
        text += f" [{_signed(lower, digits)}, {_signed(upper, digits)}]"
    return text


def _signed(value: float, digits: int) -> str:
    """A number with its sign, of which 0 has none."""
    text = f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
    return text if text.strip("+\N{MINUS SIGN}0.") else text[1:]


def _headline(names: list[str], cells: dict[tuple[str, str], Cell]) -> str:
    """Who clusters better than all others, or whom nobody does."""
    for name in names:
        if all(cells.get((name, other), NOT_COMPARED).better_at == 1 for other in names if other != name):
            return f"{name} clusters better than each of the others."
    if all(cell.verdict.startswith("not known") and "," not in cell.verdict for cell in cells.values()):
        return "Which feature space clusters best is not known."
    text = "No feature space was found to cluster better than each of the others."
    unbeaten = [
        name for name in names if not any(cells.get((other, name), NOT_COMPARED).better_at for other in names)
    ]
    if unbeaten and len(unbeaten) < len(names):
        listed = " or ".join([", ".join(unbeaten[:-1]), unbeaten[-1]] if len(unbeaten) > 1 else unbeaten)
        text += f" None was found to cluster better than {listed}."
    return text
