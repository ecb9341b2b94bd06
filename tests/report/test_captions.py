"""Captions say what is in the figure, in the report and in Snakemake's own."""

from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest

CAPTIONS = Path(__file__).parents[2] / "rules" / "captions"


def rendered(name, **params):
    job = SimpleNamespace(wildcards={"features": "pixels", "split": "test"}, params=params)
    return jinja2.Template((CAPTIONS / f"{name}.rst").read_text(), trim_blocks=True).render(snakemake=job)


@pytest.mark.parametrize("form", ["{}", "--method {}"], ids=["report", "param of the rule"])
def test_map_is_of_the_method_that_made_it(form):
    pca, umap = (rendered("map", method=form.format(method)) for method in ("pca", "umap"))
    assert "first two principal components" in pca
    assert "UMAP" not in pca
    assert "made by UMAP" in umap


@pytest.mark.parametrize(("name", "word"), [("map", "class"), ("contents", "class"), ("scores", "the classes")])
def test_classes_are_spoken_of_where_there_are_some(name, word):
    assert word not in rendered(name, method="pca", classes=False)
    assert word in rendered(name, method="pca", classes=True)
    assert word in rendered(name, method="pca")
