"""What runs again after which change: the table of docs/reruns.md, row by row."""

import csv
import random
import re
import time

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import archive_files, touch

pytestmark = pytest.mark.slow

CODES = "autoencoder/seed0"
FEATURES = ("pixels", CODES)


def clusterings(features=FEATURES, split="test"):
    return {f"cluster {name} {split}" for name in features}


def evaluations(spaces=FEATURES, split="test"):
    return {f"evaluate {split} in {space}" for space in spaces}


def halves(features=FEATURES, split="test"):
    return {f"cluster_halves {name} {split}" for name in features}


def half_scores(spaces=FEATURES, split="test"):
    return {f"score_halves {split} in {space}" for space in spaces}


COMPARISON = {"compare", "conclude"}
OF_SCORES = {"collect_scores", "summarise"} | COMPARISON
FINAL = OF_SCORES | {"list_assignments"}
EVALUATIONS = evaluations() | half_scores() | FINAL
CLUSTERINGS = clusterings() | halves() | EVALUATIONS
# Where pixels are the only features.
PIXELS = clusterings(["pixels"]) | evaluations(["pixels"]) | FINAL
OF_PIXELS = PIXELS | evaluations() | halves(["pixels"]) | half_scores()
TRAINING = {"train", "encode_autoencoder test"}
OF_CODES = clusterings([CODES]) | halves([CODES]) | evaluations()
BRANCH = TRAINING | OF_CODES | half_scores() | FINAL
EVERYTHING = {"prepare_images", "list_images", "encode_pixels test"} | TRAINING | CLUSTERINGS

NEW_CODE = "\n\ndef _new():\n    return 1\n"


def expect(project, jobs, *options):
    assert project.jobs(*options) == jobs
    print("\n" + (", ".join(sorted(jobs)) or "nothing"))


@pytest.mark.parametrize(
    ("module", "jobs"),
    [
        ("lib/clustering/kmeans.py", CLUSTERINGS),
        ("lib/evaluation/validity.py", EVALUATIONS),
        ("lib/features/autoencoder_training.py", BRANCH),
        ("lib/data/dataset.py", EVERYTHING),
        ("lib/evaluation/scores_file.py", EVALUATIONS),
        ("lib/evaluation/sampled_silhouette.py", set()),
        ("lib/evaluation/noise.py", evaluations() | FINAL),
        ("lib/workflow/layout.py", evaluations() | FINAL),
        # imported by kmeans.py and validity.py, which the scripts import
        ("lib/base/parallel.py", CLUSTERINGS),
        # imported by all scripts; what the downloaded bytes are does not depend on it
        ("lib/base/cli.py", EVERYTHING),
        ("cluster.py", clusterings() | evaluations() | FINAL),
        ("lib/clustering/halves.py", halves() | half_scores() | COMPARISON),
        ("score_halves.py", half_scores() | COMPARISON),
        ("encode_autoencoder.py", BRANCH - {"train"}),
        ("draw_autoencoder.py", set()),
        ("collect_scores.py", {"collect_scores", "summarise"}),
        ("summarise.py", {"summarise"}),
        ("compare.py", COMPARISON),
        ("lib/evaluation/uncertainty.py", COMPARISON),
        ("lib/evaluation/answer.py", {"conclude"}),
        ("conclude.py", {"conclude"}),
        # imported by the scripts of these
        ("lib/evaluation/agreement.py", OF_SCORES),
        ("lib/evaluation/replicates.py", COMPARISON),
        ("lib/report/export.py", set()),
        ("lib/clustering/centroids.py", {"list_assignments"}),
        ("list_assignments.py", {"list_assignments"}),
        ("download.py", set()),
    ],
)
def test_edited_code(project, module, jobs):
    path = project.path / "scripts" / module
    path.write_text(path.read_text() + NEW_CODE)
    expect(project, jobs)


@pytest.fixture(scope="module")
def reported(finished, tmp_path_factory):
    """A project of pixels alone, with figures and report."""
    project = finished.copy(tmp_path_factory.mktemp("reported") / "project")
    project.without_training()
    project.targets = ["all"]
    project.run()
    return project


@pytest.fixture
def whole(reported, tmp_path):
    """A copy of it, to change."""
    project = reported.copy(tmp_path / "whole")
    project.targets = ["all"]
    return project


def test_edited_reading_of_scores(whole):
    """They are read for the figures too; what was clustered stays."""
    whole.edit("scripts/lib/evaluation/scores_file.py", "dict(file.attrs)", "dict(file.attrs.items())")
    figures = {f"{rule} pixels test k3 seed0" for rule in ("draw_clusters", "draw_pictures")}
    figures |= {"draw_scores", "write_report"}
    expect(whole, evaluations(["pixels"]) | FINAL | figures)


MESSAGE = re.compile(r"""(logging\.(?:info|error|exception)\(\s*f?")""")


def test_edited_words_of_logs(project):
    project.targets = ["all"]
    before = project.jobs()
    files = ["train.py", "lib/features/autoencoder_training.py"]
    files += [f"lib/base/{path.name}" for path in (project.path / "scripts/lib/base").glob("*.py")]
    n_messages = 0
    for file in files:
        path = project.path / "scripts" / file
        text, n = MESSAGE.subn(r"\1In other words: ", path.read_text())
        path.write_text(text)
        n_messages += n
        assert n or "base" in file
    assert n_messages > 5
    project.edit("scripts/train.py", 'help="', 'help="as said before: ')
    assert project.jobs() == before
    project.targets = ["tables"]
    expect(project, set())


@pytest.mark.parametrize(
    ("file", "old", "new", "jobs"),
    [
        ("lib/report/conclusion.py", "with the classes: ", "with classes: ", {"conclude", "write_report"}),
        ("lib/report/tables.py", "import pandas as pd\n", "import pandas as pd\n\nNEW = 1\n", {"write_report"}),
        ("templates/report.html", "Skip to the text", "Skip to text", {"write_report"}),
        ("templates/map.js", "MOST_SHOWN = 60", "MOST_SHOWN = 50", {"write_report"}),
    ],
    ids=["conclusion", "tables of the report", "report", "maps of the report"],
)
def test_edited_words_of_results(whole, file, old, new, jobs):
    whole.edit(f"scripts/{file}", old, new)
    expect(whole, jobs)
    whole.targets = ["tables"]
    expect(whole, jobs - {"write_report"})


def test_edited_caption(whole):
    whole.edit("rules/captions/scores.rst", " ", "  ")
    expect(whole, {"write_report"})


def test_answer_at_the_end(project):
    """Of a run that makes everything, and of no other."""
    (project.results / "comparison.txt").unlink()
    project.targets = ["results/tiny/comparison.txt"]
    answer = "The adjusted Rand index decides"
    assert answer not in project.run()
    (project.results / "comparison.txt").unlink()
    project.targets = ["tables"]
    assert answer in project.run()


def test_untracked_param(project):
    """It is no reason to run again; the same param, tracked, is one."""
    rule = 'code_digest=script_digest("summarise.py"),'
    project.edit("rules/evaluation.smk", rule, f'{rule}\n        note=untracked("one"),')
    expect(project, set())
    project.edit("rules/evaluation.smk", 'untracked("one")', 'untracked(lambda w: "two")')
    expect(project, set())
    project.edit("rules/evaluation.smk", 'untracked(lambda w: "two")', '"two"')
    expect(project, {"summarise"})


def test_edited_module_that_only_a_module_imports(project):
    (project.path / "scripts/lib/inner.py").write_text("VALUE = 1\n")
    (project.path / "scripts/lib/outer.py").write_text(
        "def f():\n    from .inner import VALUE\n    return VALUE\n"
    )
    project.edit(
        "scripts/lib/evaluation/validity.py",
        "import numpy as np\n",
        "import numpy as np\n\nfrom lib import outer\n",
    )
    expect(project, EVALUATIONS)
    project.run()
    expect(project, set())
    (project.path / "scripts/lib/inner.py").write_text("VALUE = 2\n")
    expect(project, EVALUATIONS)


def test_edited_command_of_a_rule(project):
    project.edit("rules/evaluation.smk", "--threads {threads}", "--threads 1")
    expect(project, EVALUATIONS)


def test_edited_comments_docstrings_and_formatting(project):
    for path in (project.path / "scripts").rglob("*.py"):
        text = (
            path.read_text().replace('"""', '"""Said otherwise. ', 1).replace("\n\n\n", "\n\n\n\n# A comment.\n")
        )
        path.write_text(text)
    for path in [project.path / "Snakefile", project.path / "config.yaml", *(project.path / "rules").glob("*.*")]:
        path.write_text("# A comment.\n" + path.read_text())
    expect(project, set())
    assert "Nothing to be done" in project.run()


def test_every_file_touched(project):
    files = [path for path in project.path.rglob("*") if path.is_file() and ".snakemake" not in path.parts]
    random.Random(0).shuffle(files)
    for i, path in enumerate(files):
        touch(path, time.time() - len(files) + i)
    expect(project, set())


def test_checked_out_again_elsewhere_with_new_times(project, tmp_path):
    elsewhere = project.copy(tmp_path / "else where")
    files = [path for path in elsewhere.path.rglob("*") if path.is_file() and ".snakemake" not in path.parts]
    random.Random(1).shuffle(files)
    for path in files:
        path.write_bytes(path.read_bytes())
        time.sleep(0.001)
    expect(elsewhere, set())


@pytest.mark.parametrize(
    ("clustering", "jobs"),
    [
        # What is there is kept: test_cluster.py, test_gap.py, test_update_scores.py.
        ({"n_clusters": [3, 4]}, CLUSTERINGS),
        (
            {"n_clusters": [3, 4], "clusterings_per_job": 2},
            {name.replace(" ", "_1 ", 1) for name in CLUSTERINGS - FINAL} | FINAL,
        ),
        ({"seeds": [0, 1, 7]}, clusterings() | evaluations() | FINAL),
        (
            {"splits": ["test", "train"]},
            {"encode_pixels train", "encode_autoencoder train"}
            | clusterings(split="train")
            | halves(split="train")
            | evaluations(split="train")
            | half_scores(split="train")
            | FINAL,
        ),
        ({"seeds": [1]}, evaluations() | FINAL),
        ({"init": "k-means++"}, CLUSTERINGS),
        ({"n_init": 2}, CLUSTERINGS),
    ],
    ids=["a k", "a k in jobs of its own", "a seed", "a split", "a seed less", "init", "n_init"],
)
def test_changed_clustering_settings(project, clustering, jobs):
    project.configure(clustering=clustering)
    expect(project, jobs)


def test_a_k_more_keeps_what_is_there(project, finished):
    """And once that is done, nothing is to do."""
    project.without_training()
    project.run()
    files = ["clusters/pixels/test/k3/seed0.h5", "metrics/pixels/test/k3.h5"]
    before = [(project.results / file).read_bytes() for file in files]
    inode = (project.results / files[0]).stat().st_ino
    project.configure(clustering={"n_clusters": [2, 3, 4]})
    project.run()
    assert [(project.results / file).read_bytes() for file in files] == before
    assert (project.results / files[0]).stat().st_ino == inode
    expect(project, set())
    rows = pd.read_csv(project.metrics)
    assert rows["k"].value_counts().to_dict() == {2: 2, 3: 2, 4: 2}
    project.configure(clustering={"n_clusters": [3]})
    project.run()
    assert project.metrics.read_text() == project.metrics_of(finished)
    expect(project, set())


def test_scored_in_chunks_with_the_same_result(project, finished):
    project.without_training()
    project.configure(evaluation={"n_chunks": 3})
    (project.results / "metrics/pixels/test/k3.h5").unlink()
    expect(project, {"pair_sums test k3 in pixels"} | evaluations(["pixels"]) | FINAL)
    project.run()
    assert project.metrics.read_text() == project.metrics_of(finished)
    assert not list(project.results.glob("pair_sums/**/*.h5"))
    project.configure(evaluation={"n_chunks": 1})
    expect(project, evaluations(["pixels"]) | FINAL)


def test_chunks_are_of_new_clusterings_alone(project):
    project.without_training()
    project.configure(evaluation={"n_chunks": 3}, clustering={"seeds": [0, 1, 7]})
    project.run("--notemp")
    chunks = list(project.results.glob("pair_sums/**/*.h5"))
    assert len(chunks) == 3
    for path in chunks:
        with h5py.File(path) as file:
            assert list(file["pixels/test/k3"]) == ["seed7"]
    assert len(pd.read_csv(project.metrics)) == 3


def test_estimated_silhouette_says_so(project):
    project.without_training()
    project.configure(evaluation={"silhouette_samples": 20, "n_chunks": 3})
    expect(project, {"sample_silhouette test in pixels"} | FINAL)
    project.run()
    with project.metrics.open() as file:
        for row in csv.DictReader(file):
            assert float(row["silhouette_lower"]) < float(row["silhouette"]) < float(row["silhouette_upper"])
            assert "dunn" not in row
    path = project.path / "scripts/lib/evaluation/sampled_silhouette.py"
    path.write_text(path.read_text() + NEW_CODE)
    expect(project, {"sample_silhouette test in pixels"} | FINAL)


@pytest.mark.parametrize("setting", [{"epochs": 3}, {"filters": [4, 1]}])
def test_changed_autoencoder_setting(project, setting):
    project.configure(autoencoder=setting)
    expect(project, BRANCH)


def test_another_autoencoder(project):
    """It adds to what is there: its own clusterings, and those of pixels in its space."""
    project.configure(autoencoder={"seeds": [0, 4]})
    other = "autoencoder/seed4"
    expect(
        project,
        TRAINING
        | clusterings([other])
        | halves([other])
        | evaluations(["pixels", other])
        | half_scores(["pixels", other])
        | FINAL,
    )
    project.run()
    table = pd.read_csv(project.metrics)
    assert table["model_seed"].dropna().value_counts().to_dict() == {0: 2, 4: 2}
    compared = pd.read_csv(project.results / "comparison.csv")
    assert (compared["n_models_a"] == 0).all()
    assert (compared["n_models_b"] == 2).all()


def test_feature_spaces_by_themselves(project):
    """Without scores in each other's spaces."""
    project.configure(evaluation={"cross_space_scores": False})
    expect(project, EVALUATIONS)
    project.run()
    assert not [name for name in pd.read_csv(project.metrics) if "_in_" in name]
    assert set(pd.read_csv(project.results / "comparison.csv")["metric"]) == {
        "adjusted_rand",
        "normalized_mutual_info",
        "accuracy",
        "silhouette",
        "dunn",
    }


def test_another_measure_decides(project):
    project.configure(evaluation={"decisive_measure": "accuracy"})
    expect(project, COMPARISON)
    project.run()
    compared = pd.read_csv(project.results / "comparison.csv")
    assert compared["metric"][compared["decisive"] == "yes"].tolist() == ["accuracy"]


def test_gap_statistic(project):
    project.without_training()
    project.configure(evaluation={"gap_references": 2}, clustering={"n_clusters": [2, 3]})
    expect(
        project,
        {"gap_reference pixels test"} | clusterings(["pixels"]) | evaluations(["pixels"]) | FINAL,
    )
    project.run()
    summary = pd.read_csv(project.results / "summary.csv").set_index(["metric", "k"])
    assert summary.loc[("gap", 3), "n"] == 2
    assert summary.loc[("gap_standard_error", 3), "mean"] > 0


def test_swapped_settings(project):
    """Snakemake compares params as a set, in which two swapped values would not show."""
    project.configure(autoencoder={"epochs": 8, "batch_size": 2})
    expect(project, BRANCH)
    project.run()
    project.configure(autoencoder={"epochs": 2, "batch_size": 8})
    expect(project, BRANCH)


def test_changed_luma(project):
    project.configure(datasets={"tiny": {"luma": [0.114, 0.587, 0.299]}})
    expect(project, EVERYTHING)


def test_colour_and_a_deeper_code(project):
    project.configure(datasets={"tiny": {"channels": "rgb"}}, autoencoder={"filters": [8, 4, 2], "epochs": 15})
    expect(project, EVERYTHING)
    project.run()
    table = pd.read_csv(project.metrics)
    assert table.groupby("features")["n_features"].unique().to_dict() == {
        "autoencoder": [4 * 4 * 2],
        "pixels": [32 * 32 * 3],
    }
    with h5py.File(project.results / "images.h5") as file:
        assert file["test/images"].shape == (60, 32, 32, 3)
        # Of the archive's first test image, red comes first, row by row.
        record = np.frombuffer(archive_files()["test_batch.bin"][: 1 + 3 * 1024], np.uint8)
        np.testing.assert_array_equal(file["test/images"][0].transpose(2, 0, 1).ravel(), record[1:])


def test_settings_that_do_not_matter(project):
    """Another dataset, the same bytes from another place, the settings in another order."""
    copy = project.path / "copy.tar.gz"
    copy.write_bytes((project.path / "tiny.tar.gz").read_bytes())
    project.configure(datasets={"tiny": {"source": copy.as_uri()}, "other": {"format": "digits"}})
    reordered = dict(reversed(project.settings["datasets"]["tiny"].items()))
    reordered["n_images"] = dict(reversed(reordered["n_images"].items()))
    settings = project.settings
    settings["datasets"]["tiny"] = reordered
    project.settings_file.write_text(yaml.safe_dump(settings, sort_keys=False))
    expect(project, set())


def test_changed_environment_downloads_nothing(project):
    for path in (project.path / "envs").glob("*.yaml"):
        path.write_text(path.read_text() + "      - six==1.17.0\n")
    expect(project, set())


def test_changed_bytes_of_an_unchecked_source(project):
    project.without_training()
    project.configure(datasets={"tiny": {"sha256": None}})
    project.run()
    expect(project, set())
    source = project.path / "tiny.tar.gz"
    touch(source, time.time() + 5)
    expect(project, set())
    source.write_bytes(source.read_bytes() + bytes(512))
    touch(source, time.time() + 10)
    expect(project, {"download", "prepare_images", "list_images", "encode_pixels test"} | PIXELS)


def test_source_that_is_gone_after_use(project):
    (project.path / "tiny.tar.gz").unlink()
    expect(project, set())


@pytest.mark.parametrize(
    ("file", "jobs"),
    [
        ("images.h5", EVERYTHING),
        ("features/pixels/test.h5", {"encode_pixels test"} | OF_PIXELS),
        ("autoencoder/seed0/model.keras", BRANCH),
        (
            "clusters/pixels/test/k3/seed0.h5",
            clusterings(["pixels"]) | evaluations() | FINAL,
        ),
        (
            "halves/pixels/test/k3.h5",
            halves(["pixels"]) | half_scores() | COMPARISON,
        ),
        (
            "metrics/autoencoder/seed0/test/k3.h5",
            evaluations([CODES]) | FINAL,
        ),
        ("metrics.csv", {"collect_scores", "summarise"}),
        ("replicates.csv", COMPARISON),
        ("assignments.csv", {"list_assignments"}),
    ],
)
def test_deleted_file(project, file, jobs):
    """It is made again, and so is what follows from it: nobody can know beforehand that it will be the same."""
    path = project.results / file
    before = path.read_bytes()
    path.unlink()
    expect(project, jobs)
    project.targets = [f"results/tiny/{file}"]
    project.run()
    assert path.read_bytes() == before
    project.targets = ["tables"]
    expect(project, set())


def test_deleted_archive(project):
    """Its checksum says that what was made of it is right; there is no need to download it again."""
    (project.path / "results/archives" / project.tiny["sha256"][:16]).unlink()
    expect(project, set())


def test_same_bytes_whatever_the_cores(finished, fresh):
    fresh.run(cores=4)
    one = fresh.metrics.read_bytes()
    fresh.run("--forceall", cores=1)
    assert fresh.metrics.read_bytes() == one == finished.metrics.read_bytes()


def test_run_from_another_directory(fresh, tmp_path):
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    fresh.configure(datasets={"tiny": {"source": str(fresh.path / "tiny.tar.gz")}})
    fresh.run("--directory", str(elsewhere), "--until", "prepare_images")
    assert (elsewhere / "results/tiny/images.h5").exists()
    assert not fresh.results.exists()
