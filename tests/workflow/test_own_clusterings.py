"""Clusterings that were made elsewhere, through the real workflow."""

import csv

import h5py
import numpy as np
import pandas as pd
import pytest
from conftest import Project
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_samples
from test_bad_input import refused

pytestmark = pytest.mark.slow

KINDS = ("pixels", "pca")
RUNS = 3
COMPARISON = {"collect_scores", "summarise", "compare", "conclude", "list_assignments"}


def branch(name, n_runs=1):
    """The jobs that follow from a clustering."""
    jobs = {f"import_clusters {name} test run{run}" for run in range(n_runs)}
    return jobs | {f"evaluate_imported test in {space}" for space in KINDS} | COMPARISON


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The digits in two feature spaces, with tables."""
    project = Project.create(tmp_path_factory.mktemp("clusterings"))
    project.settings_file.unlink()
    project.configure(
        dataset="digits",
        features=list(KINDS),
        pca={"n_components": 10},
        clustering={"n_clusters": [4, 10], "seeds": [0, 1]},
        report={"n_clusters": 10},
    )
    return at_digits(project)


def at_digits(project):
    project.results = project.path / "results" / "digits"
    project.metrics = project.results / "metrics.csv"
    return project


@pytest.fixture(scope="module")
def clustered(plain, tmp_path_factory):
    """The same with clusterings of scikit-learn, run to the end; and the tables as they were without."""
    plain.run()
    tables = {name: (plain.results / f"{name}.csv").read_text() for name in ("metrics", "summary", "comparison")}
    project = at_digits(plain.copy(tmp_path_factory.mktemp("clustered") / "project"))
    with h5py.File(project.results / "features/pca/test.h5") as file:
        X = file["features"][:]
    noisy = HDBSCAN(min_cluster_size=5, copy=True).fit_predict(X)
    assert (noisy < 0).any()
    pd.DataFrame({"number": range(len(X)), "cluster": noisy}).to_csv(project.path / "noisy.csv", index=False)
    for run in range(RUNS):
        np.save(project.path / f"run{run}.npy", KMeans(8 + run, n_init=1, random_state=run).fit_predict(X) + 1)
    project.configure(
        clusterings={
            "noisy": {"source": {"test": "noisy.csv"}, "key": "cluster"},
            "runs": {"source": [{"test": f"run{run}.npy"} for run in range(RUNS)]},
        }
    )
    expected = branch("noisy") | branch("runs", RUNS)
    assert project.jobs() == expected, "what was there stays"
    project.targets = ["all"]
    project.run()
    assert project.jobs() == set()
    return project, tables, noisy


def lines_of(text, key, values):
    """The lines of a table with some values in a column, and its columns."""
    head, *lines = text.splitlines()
    columns = next(csv.reader([head]))
    place = columns.index(key)
    return [line for line in lines if next(csv.reader([line]))[place] in values], columns


def test_what_is_said_of_feature_spaces_stays_to_the_digit(clustered):
    project, before, _ = clustered
    metrics = (project.results / "metrics.csv").read_text()
    lines, columns = lines_of(metrics, "features", KINDS)
    assert columns[-1] == "n_noise"
    assert [line.removesuffix(",") for line in lines] == before["metrics"].splitlines()[1:]
    lines, _ = lines_of((project.results / "summary.csv").read_text(), "features", KINDS)
    assert lines == before["summary"].splitlines()[1:]
    lines, columns = lines_of((project.results / "comparison.csv").read_text(), "features_b", KINDS)
    assert columns[-1] == "n_runs"
    assert [line.removesuffix(",") for line in lines] == before["comparison"].splitlines()[1:]


def test_scores_with_noise(clustered):
    project, _, noisy = clustered
    with h5py.File(project.results / "images.h5") as file:
        classes = file["test/labels"][:]
    rows = pd.read_csv(project.metrics).set_index("features")
    row = rows.loc["noisy"]
    assert row["k"] == noisy.max() + 1
    assert row["n_noise"] == np.count_nonzero(noisy < 0)
    apart = np.where(noisy < 0, 1000 + np.arange(len(noisy)), noisy)
    assert row["adjusted_rand"] == pytest.approx(adjusted_rand_score(classes, apart))
    for space in KINDS:
        with h5py.File(project.results / f"features/{space}/test.h5") as file:
            X = file["features"][:][noisy >= 0].astype(np.float64)
        total = silhouette_samples(X, noisy[noisy >= 0]).sum()
        assert row[f"silhouette_in_{space}"] == pytest.approx(total / len(noisy), abs=1e-7)
    assert rows.loc[["noisy", "runs"], ["inertia", "silhouette", "dunn"]].isna().all(axis=None)
    assert rows.loc["runs", "k"].tolist() == [8, 9, 10]
    assert rows.loc["runs", "seed"].tolist() == [0, 1, 2]


def test_they_are_compared_with_each_kind_of_features_at_each_k(clustered):
    project, _, _ = clustered
    table = pd.read_csv(project.results / "comparison.csv")
    metrics = pd.read_csv(project.metrics)
    rows = table[table["features_b"].isin(["noisy", "runs"])]
    assert len(rows) == 2 * 2 * 2 * (3 + 2 * 2)
    assert set(rows["verdict"]) == {"not known"}
    assert rows[["lower", "upper", "p_value", "at_most"]].isna().all(axis=None)
    assert rows.groupby("features_b")["n_runs"].unique().to_dict() == {"noisy": [1], "runs": [RUNS]}
    for row in rows.itertuples():
        ours = metrics[(metrics["features"] == row.features_a) & (metrics["k"] == row.k)][row.metric].mean()
        theirs = metrics[metrics["features"] == row.features_b][row.metric].mean()
        assert (row.mean_a, row.mean_b) == (pytest.approx(ours), pytest.approx(theirs))
        assert row.difference == pytest.approx(theirs - ours)
    text = (project.results / "comparison.txt").read_text()
    assert "Does noisy cluster better than k-means in pixels?\nNot known: the adjusted Rand index of noisy" in text
    report = (project.results / "report.html").read_text()
    assert "noisy was made elsewhere, and cannot be made anew of other data." in report
    assert "<i>noisy</i>; <i>runs</i>, 3 runs." in report
    assert "<h3>runs, made elsewhere, test images, run 0</h3>" in report
    for name in ("contents", "map", "montage", "centroids", "silhouettes", "dunn"):
        assert (project.results / f"figures/noisy/test/run0/{name}.png").exists()


def test_assignments_have_their_labels(clustered):
    project, _, noisy = clustered
    table = pd.read_csv(project.results / "assignments.csv")
    assert table["noisy/test/run0"].tolist() == noisy.tolist()
    assert table["runs/test/run0"].tolist() == np.load(project.path / "run0.npy").tolist()
    assert table["noisy/test/run0 distance to centroid in pixels"].isna().tolist() == (noisy < 0).tolist()
    means = pd.read_csv(project.metrics).set_index(["features", "seed"])["silhouette_in_pixels"]
    for name in ("noisy", "runs"):
        found = table[f"{name}/test/run0 silhouette in pixels"].mean()
        assert found == pytest.approx(means[name, 0], abs=1e-7)


def test_changed_bytes_run_their_branch_again(clustered, tmp_path):
    project = at_digits(clustered[0].copy(tmp_path / "project"))
    project.targets = ["tables"]
    path = project.path / "noisy.csv"
    path.touch()
    assert project.jobs() == set()
    path.write_text(path.read_text().replace(",-1\n", ",0\n", 1))
    assert project.jobs() == branch("noisy")
    project.run()
    assert project.jobs() == set()
    project.configure(clusterings={"runs": {"source": ["run0.npy", "run1.npy"]}})
    assert project.jobs() == branch("runs", 2)


@pytest.mark.parametrize(
    "settings", [{"n_chunks": 3}, {"silhouette_samples": 600}], ids=["in chunks", "estimated from all images"]
)
def test_other_ways_to_score_give_the_same(clustered, tmp_path, settings):
    project = at_digits(clustered[0].copy(tmp_path / "project"))
    project.targets = ["results/digits/metrics.csv"]
    before = pd.read_csv(project.metrics).set_index("features").loc[["noisy", "runs"]]
    project.configure(evaluation=settings)
    project.run()
    after = pd.read_csv(project.metrics).set_index("features").loc[["noisy", "runs"]]
    columns = ["silhouette_in_pixels", "silhouette_in_pca", "adjusted_rand"]
    pd.testing.assert_frame_equal(after[columns], before[columns], rtol=1e-9)


@pytest.fixture(scope="module")
def listed(plain, tmp_path_factory):
    """The list of images, and nothing else."""
    project = at_digits(plain.copy(tmp_path_factory.mktemp("listed") / "project"))
    project.targets = ["images"]
    project.run()
    return project


@pytest.mark.parametrize(
    ("text", "settings", "words"),
    [
        ("cluster\n" + "0\n1\n" * 249, {}, ["498 rows, and the dataset has 500 (500 test)"]),
        ("cluster\n" + "0\n1\n" * 251, {}, ["502 rows, and the dataset has 500"]),
        ("cluster\n" + "0\n1\n" * 249 + "nan\n1\n", {}, ["row 498 (the first is 0) has the label 'nan'"]),
        ("cluster\n" + "0\n1\n" * 249 + "1.5\n1\n", {}, ["row 498 (the first is 0) has the label 1.5"]),
        ("cluster\n" + "0\n1\n" * 249 + "-2\n1\n", {}, ["has the label -2"]),
        ("cluster\n" + "-1\n" * 500, {}, ["all of 500 are noise"]),
        ("cluster\n" + "3\n" * 499 + "-1\n", {}, ["all of 500 are in one cluster, or noise; two"]),
        (
            "a,b\n" + "0,1\n" * 500,
            {},
            ["name the one to read as `key`, and that of the file names as `file_column`: a, b"],
        ),
        (
            "number,cluster\n" + "".join(f"{499 - i},{i % 2}\n" for i in range(500)),
            {"key": "cluster"},
            ["the column 'number' may say which row is whose; name it as `file_column`"],
        ),
        ("file,cluster\n" + "0,1\n" * 500, {"file_column": "file"}, ["the dataset has no names to match"]),
        (None, {}, ["No such file"]),
    ],
    ids=["few", "many", "NaN", "not whole", "-2", "noise", "one cluster", "columns", "order", "names", "missing"],
)
def test_labels_that_do_not_fit(listed, tmp_path, text, settings, words):
    project = at_digits(listed.copy(tmp_path / "project"))
    if text is not None:
        (project.path / "labels.csv").write_text(text)
    project.configure(clusterings={"mine": {"source": {"test": "labels.csv"}, **settings}})
    project.targets = ["results/digits/clusters/mine/test/run0.h5"]
    refused(project, "import_clusters", "labels.csv", *words, log="digits/logs/import_clusters/mine/test/run0.log")
