"""Features that were made elsewhere, through the real workflow."""

import h5py
import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper
from PIL import Image
from test_bad_input import refused
from test_own_images import write_photos

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)


def branch(*spaces):
    """The jobs that follow from external features, beside those of pixels."""
    jobs = {f"encode_external {space} test" for space in spaces}
    jobs |= {f"cluster {space} test" for space in spaces}
    jobs |= {f"cluster_halves {space} test" for space in spaces}
    jobs |= {f"{rule} test in {space}" for rule in ("evaluate", "score_halves") for space in (*spaces, "pixels")}
    return jobs | {"collect_scores", "summarise", "compare", "conclude", "list_assignments"}


@pytest.fixture(scope="module")
def photos(finished, tmp_path_factory):
    """A project of photos, whose list of images is all there is."""
    project = finished.copy(tmp_path_factory.mktemp("external") / "project")
    write_photos(project.path / "photos", 90, ["bright", "dark"])
    settings = project.settings | {"features": ["pixels"]}
    settings["datasets"] = {"tiny": {"format": "folder", "source": "photos", "test_fraction": 0.2}}
    project.settings_file.unlink()
    project.configure(**settings)
    project.targets = ["images"]
    project.run()
    return project


@pytest.fixture(scope="module")
def embedded(photos, tmp_path_factory):
    """The same with an array by file name, and two models in order, run to the end."""
    project = photos.copy(tmp_path_factory.mktemp("embedded") / "project")
    images = pd.read_csv(project.results / "images.csv")
    assert images.columns.tolist() == ["split", "number", "file", "class"]
    rows = RNG.normal(size=(len(images), 6)) + 3 * (images["class"] == "bright").to_numpy()[:, None]
    order = RNG.permutation(len(images))
    np.save(project.path / "named.npy", rows[order].astype(np.float16))
    (project.path / "files.txt").write_text("\n".join(images["file"].iloc[order]) + "\n")
    for i in range(2):
        frame = pd.DataFrame(rows + RNG.normal(size=rows.shape))
        frame[images["split"] == "train"].to_csv(project.path / f"train{i}.csv", index=False)
        frame[images["split"] == "test"].to_csv(project.path / f"test{i}.csv", index=False)
    project.configure(
        features=["pixels", "named", "models"],
        external={
            "named": {"source": "named.npy", "files": "files.txt", "normalize": "l2"},
            "models": {
                "source": [{"train": f"train{i}.csv", "test": f"test{i}.csv"} for i in range(2)],
                "normalize": "standardize",
            },
        },
    )
    project.targets = ["all"]
    project.run()
    return project


def test_rows_are_of_the_images_that_they_are_named_after(embedded):
    images = pd.read_csv(embedded.results / "images.csv")
    files = (embedded.path / "files.txt").read_text().splitlines()
    rows = np.load(embedded.path / "named.npy").astype(float)
    with h5py.File(embedded.results / "features/named/test.h5") as file:
        found = file["features"][:]
    for row, name in zip(found, images["file"][images["split"] == "test"], strict=True):
        expected = rows[files.index(name)]
        np.testing.assert_allclose(row, expected / np.linalg.norm(expected), rtol=1e-5)


def test_they_are_compared_and_reported(embedded):
    compared = pd.read_csv(embedded.results / "comparison.csv").set_index(["metric", "features_a", "features_b"])
    assert compared.loc[("adjusted_rand", "pixels", "named"), "n_models_b"] == 0
    assert compared.loc[("adjusted_rand", "pixels", "models"), "n_models_b"] == 2
    report = (embedded.results / "report.html").read_text()
    assert "<li><i>named</i>: made elsewhere (named.npy), each row scaled to length 1." in report
    files = "test0.csv, train0.csv, test1.csv, train1.csv"
    assert f"<li><i>models</i>: made elsewhere ({files}), each column scaled to variance 1, 2 models." in report


def test_changed_bytes_run_their_branch_again(embedded, tmp_path):
    project = embedded.copy(tmp_path / "project")
    project.targets = ["tables"]
    assert project.jobs() == set()
    rows = np.load(project.path / "named.npy")
    np.save(project.path / "named.npy", rows * 2)
    models = ("models/seed0", "models/seed1")
    others = {f"{rule} test in {space}" for rule in ("evaluate", "score_halves") for space in models}
    assert project.jobs() == branch("named") | others
    project.run()
    assert project.jobs() == set()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda path: np.save(path / "named.npy", np.load(path / "named.npy")[:-2]),
            ["88 rows, and names of 90"],
        ),
        (
            lambda path: (path / "files.txt").write_text(
                (path / "files.txt").read_text().replace("IMG 7.", "img 7.")
            ),
            ["no row has the name", "IMG 7.", "names that are not wanted:", "img 7."],
        ),
        (lambda path: np.save(path / "named.npy", np.full((90, 6), np.nan)), ["has a value that is not finite"]),
        (lambda path: (path / "named.npy").unlink(), ["named.npy", "No such file"]),
    ],
    ids=["rows", "names", "NaN", "missing"],
)
def test_rows_that_do_not_fit(photos, embedded, tmp_path, change, words):
    project = photos.copy(tmp_path / "project")
    for name in ("named.npy", "files.txt"):
        (project.path / name).write_bytes((embedded.path / name).read_bytes())
    change(project.path)
    project.configure(features=["named"], external={"named": {"source": "named.npy", "files": "files.txt"}})
    project.targets = ["tables"]
    refused(project, "encode_external", "named.npy", *words, log="tiny/logs/encode_external/named/test.log")


def save_means(path, factor=1.0):
    """An encoder whose features are the means of the colours, times a factor: an ONNX or a Keras file."""
    if path.suffix == ".keras":
        from lib.features.keras_import import keras

        images = keras.Input((None, None, 3))
        means = keras.layers.GlobalAveragePooling2D()(images)
        keras.Model(images, keras.layers.Rescaling(factor)(means)).save(path)
        return
    nodes = [
        helper.make_node("GlobalAveragePool", ["images"], ["means"]),
        helper.make_node("Mul", ["means", "factor"], ["features"]),
    ]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ("n", 3, "h", "w"))
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, None)
    weights = [helper.make_tensor("factor", TensorProto.FLOAT, (), [factor])]
    graph = helper.make_graph(nodes, "means", [images], [features], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.mark.parametrize(
    ("kind", "error"),
    [("onnx", "cannot be read as an ONNX model"), ("keras", "is no Keras file, or damaged")],
)
def test_an_encoder_sees_the_photos_in_colour(photos, tmp_path, kind, error):
    """Though the dataset is gray, and 32 pixels a side."""
    project = photos.copy(tmp_path / "project")
    model = project.path / f"means.{kind}"
    save_means(model)
    settings = {"model": model.name, "side": 50, "mean": [0, 0, 0], "std": [1, 1, 1], "batch_size": 7}
    project.configure(features=["pixels", "means"], **{kind: {"means": settings}})
    project.targets = ["tables"]
    project.run()
    images = pd.read_csv(project.results / "images.csv").query("split == 'test'")
    path = project.results / "features/means/test.h5"
    with h5py.File(path) as file:
        found = file["features"][:]
    colour = [row["file"].endswith(".jpg") for _, row in images.iterrows()]
    for name, row in zip(images["file"][colour], found[colour], strict=True):
        with Image.open(project.path / "photos" / name) as photo:
            side = min(photo.size)
            left, top = ((size - side) // 2 for size in photo.size)
            middle = np.asarray(photo.convert("RGB"))[top : top + side, left : left + side]
        np.testing.assert_allclose(row, middle.mean(axis=(0, 1)) / 255, atol=0.02)
    assert np.ptp(found[colour], axis=1).max() > 0.02, "the colours differ"
    assert project.jobs() == set()
    project.run("--forcerun", f"encode_{kind}", cores=1)
    with h5py.File(path) as file:
        assert file["features"][:].tobytes() == found.tobytes()
    save_means(model, factor=2)
    assert {f"encode_{kind} means test", "compare"} <= project.jobs()
    assert not {job for job in project.jobs() if job.startswith("cluster pixels")}
    made = project.snapshot()
    project.configure(**{kind: {"means": settings | {"model": f"other.{kind}"}}})
    run = project.snakemake()
    line = f"config: other.{kind} does not exist; what was made of it stays as it is"
    assert (run.returncode, (run.stdout + run.stderr).splitlines().count(line)) == (1, 1)
    assert "Traceback" not in run.stderr
    assert project.snapshot() == made
    project.configure(**{kind: {"means": settings}})
    model.write_bytes(b"nothing")
    made_from_it = [name for name in project.snapshot() if "features/means" in name]
    replaces = [name.removeprefix("results/tiny/") for name in made_from_it]
    refused(project, f"encode_{kind}", error, log=f"tiny/logs/encode_{kind}/means/test.log", replaces=replaces)


PROGRAM = """
import argparse

import h5py
import numpy as np
from helper import FACTOR

parser = argparse.ArgumentParser()
for name in ("--images", "--split", "--out"):
    parser.add_argument(name, required=True)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()
with h5py.File(args.images) as file:
    images = file[args.split]["images"][:]
mean = images.reshape(len(images), -1).mean(axis=1)
noise = np.random.default_rng(args.seed).normal(size=(len(images), 3))
with h5py.File(args.out, "w") as file:
    file["features"] = np.column_stack([FACTOR * mean, noise])
"""


@pytest.fixture
def programmed(finished, tmp_path):
    """Pixels, and features by a program of two seeds, run to the end."""
    project = finished.copy(tmp_path / "project")
    (project.path / "own").mkdir()
    (project.path / "own" / "mine.py").write_text(PROGRAM)
    (project.path / "own" / "helper.py").write_text("FACTOR = 2\n")
    project.configure(features=["pixels", "mine"], script={"mine": {"path": "own/mine.py", "seeds": [0, 5]}})
    project.run()
    return project


def test_a_program_of_ones_own_and_what_it_imports(programmed):
    spaces = ["mine/seed0", "mine/seed5"]
    assert programmed.jobs() == set()
    compared = pd.read_csv(programmed.results / "comparison.csv")
    assert set(compared["n_models_b"]) == {2}
    program = programmed.path / "own" / "mine.py"
    program.write_text(f"# A comment.\n{program.read_text()}")
    assert programmed.jobs() == set()
    (programmed.path / "own" / "helper.py").write_text("FACTOR = 3\n")
    expected = {job.replace("encode_external", "encode_script") for job in branch(*spaces)}
    assert programmed.jobs() == expected


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("FACTOR * mean", "FACTOR / mean[0]", "for 60 images it is (60, d)"),
        ("FACTOR * mean", "np.nan * mean", "60 of 60 rows hold NaN or infinity"),
        ('file["features"]', 'file["embeddings"]', "features"),
        ("args = parser", "raise SystemExit(3)\nargs = parser", "mine.py failed with status 3: it said nothing"),
        ("import FACTOR", "import FACTOR)", "mine.py failed with status 1: SyntaxError"),
    ],
)
def test_programs_that_fail(programmed, old, new, words):
    programmed.edit("own/mine.py", old, new)
    if "/ mean[0]" in new:
        programmed.edit("own/mine.py", "np.column_stack([FACTOR / mean[0], noise])", "noise[1:]")
    run = programmed.snakemake()
    output = run.stdout + run.stderr
    lines = {line for line in output.splitlines() if line.startswith("encode_script: error: ")}
    assert len(lines) == 1, output
    line = lines.pop()
    print(f"\n{line}")
    assert "own/mine.py" in line
    assert words in line
    assert not list(programmed.results.glob("features/mine/**/*.h5"))
