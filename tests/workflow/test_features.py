"""All feature spaces side by side, on a real run: what is in them, and what runs again."""

import h5py
import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

pytestmark = pytest.mark.slow

KINDS = ["pixels", "pca", "patches", "invariant"]
LEARNED = {"patches": ["patches/seed0"], "invariant": ["invariant/seed0", "invariant/seed3"]}
SPACES = ["pixels", "pca", *LEARNED["patches"], *LEARNED["invariant"]]
OF_INVARIANT = {"learn_strips", "make_views", "learn_invariant", "encode_invariant"}
SETTINGS = {
    "features": KINDS,
    "pca": {"n_components": 7},
    "patches": {"n_atoms": 12, "n_images": 50, "n_components": 9, "seeds": [0]},
    # More prototypes than images: there are as many as images.
    "invariant": {"n_images": 60, "n_views": 3, "n_prototypes": 500, "n_components": 6, "seeds": [0, 3]},
}


@pytest.fixture(scope="module")
def all_kinds(finished, tmp_path_factory):
    project = finished.copy(tmp_path_factory.mktemp("kinds") / "project")
    project.configure(**SETTINGS)
    project.run()
    return project


@pytest.fixture
def project(all_kinds, tmp_path):
    return all_kinds.copy(tmp_path / "project")


def features(project, space, split="test"):
    with h5py.File(project.results / "features" / space / f"{split}.h5") as file:
        return file["features"][:]


def test_each_has_its_features(all_kinds):
    for space, d in zip(SPACES, (1024, 7, 9, 6, 6), strict=True):
        X = features(all_kinds, space)
        assert X.shape == (60, d)
        assert np.isfinite(X).all()
        if space.startswith(("patches", "invariant")):
            np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-5)
    assert (features(all_kinds, "invariant/seed0") != features(all_kinds, "invariant/seed3")).any()


def test_no_more_prototypes_than_images(all_kinds):
    with h5py.File(all_kinds.results / "invariant" / "seed0" / "encoder.h5") as file:
        assert len(file["layers/0/prototypes"]) == 50  # ten images are held out


def test_pca_is_that_of_the_training_images(all_kinds):
    with h5py.File(all_kinds.results / "images.h5") as file:
        train, test = (file[split]["images"][:].reshape(-1, 1024) / 255 for split in ("train", "test"))
    expected = PCA(7, svd_solver="full").fit(train).transform(test)
    found = features(all_kinds, "pca")
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-4)


def test_all_are_compared(all_kinds):
    metrics = pd.read_csv(all_kinds.metrics)
    assert len(metrics) == len(SPACES) * 2
    assert {f"silhouette_in_{kind}" for kind in KINDS} <= set(metrics.columns)
    comparison = pd.read_csv(all_kinds.results / "comparison.csv")
    assert len(comparison[["features_a", "features_b"]].drop_duplicates()) == 6
    text = (all_kinds.results / "comparison.txt").read_text()
    assert "By the adjusted Rand index with the classes: " in text
    assert "Each row against each column:" in text
    assert "difference [interval]" not in text  # six tables would be a long list


def test_same_bytes_whatever_the_cores(all_kinds, fresh):
    fresh.configure(**SETTINGS)
    fresh.run(cores=1)
    assert fresh.metrics.read_bytes() == all_kinds.metrics.read_bytes()


@pytest.mark.parametrize(
    ("settings", "rules"),
    [
        ({"pca": {"whiten": True}}, {"encode_pca"}),
        ({"patches": {"n_components": 8}}, {"encode_patches"}),
        (
            {"patches": {"n_atoms": 13}},
            {"learn_dictionary", "encode_patches", *OF_INVARIANT},
        ),
        ({"invariant": {"n_views": 2}}, OF_INVARIANT),
        ({"invariant": {"n_prototypes": 7}}, OF_INVARIANT - {"learn_strips"}),
        ({"invariant": {"n_chunks": 2}}, OF_INVARIANT - {"learn_strips"}),
    ],
)
def test_changed_settings(project, settings, rules):
    project.configure(**settings)
    assert features_rules(project) == rules


def test_invariant_is_learned_in_chunks_with_the_same_result(project, all_kinds):
    project.configure(invariant={"n_chunks": 3})
    project.run()
    assert project.metrics.read_bytes() == all_kinds.metrics.read_bytes()
    for space in LEARNED["invariant"]:
        np.testing.assert_array_equal(features(project, space), features(all_kinds, space))
        assert not list((project.results / space).glob("views/*.h5"))


@pytest.mark.parametrize(
    ("module", "rules"),
    [
        ("lib/features/invariant.py", OF_INVARIANT - {"learn_strips"}),
        ("lib/features/augmentation.py", OF_INVARIANT),
        ("lib/features/patches.py", {"learn_dictionary", "encode_patches", *OF_INVARIANT}),
        ("encode_pca.py", {"encode_pca"}),
        ("lib/evaluation/validity.py", set()),
    ],
)
def test_edited_code(project, module, rules):
    path = project.path / "scripts" / module
    path.write_text(path.read_text() + "\n\ndef _new():\n    return 1\n")
    assert features_rules(project) == rules


def features_rules(project):
    """The rules that would run again to make features."""
    jobs = {job.split()[0] for job in project.jobs()}
    others = {"cluster", "cluster_halves", "evaluate", "score_halves"}
    return jobs - others - {"collect_scores", "summarise", "compare", "conclude", "list_assignments"}


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"pca": {"n_components": 300}}, "300 components were asked for, and 200 training images"),
        (
            {"patches": {"size": 16}},
            "images of 32 x 32 are too small for patches of 16 x 16 with a downsampling of 2: these need 34 x 34",
        ),
        (
            {"patches": {"n_components": 51}},
            "50 training images have 50; set patches.n_components to that or less",
        ),
        (
            {"invariant": {"n_components": 500}},
            "500 components were asked for, and 50 images to learn from have 194; set invariant.n_components to "
            "that or less",
        ),
    ],
)
def test_settings_that_the_images_do_not_allow(project, settings, line):
    project.configure(**settings)
    run = project.snakemake()
    assert run.returncode != 0
    (error,) = {text for text in (run.stdout + run.stderr).splitlines() if ": error: " in text}
    assert line in error
    assert "Traceback" not in run.stdout + run.stderr


def test_report_has_them_all(project):
    project.targets = ["all"]
    project.run()
    report = (project.results / "report.html").read_text()
    for kind in KINDS:
        assert f"<li><i>{kind}</i>: " in report
    assert "learned 2 times from different seeds" in report
    for path in (
        "patches/seed0/dictionary.h5",
        "patches/seed3/dictionary.h5",
        "invariant/seed0/encoder.h5",
        "invariant/seed3/encoder.h5",
    ):
        assert f'<th scope="row">{path}</th>' in report
    assert report.count("is the row better than the column?") == 1
    assert "The autoencoder</h3>" not in report
