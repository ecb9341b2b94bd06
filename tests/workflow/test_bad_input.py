"""Bad input: one clear line in the terminal and the log, and nothing half-made or lost."""

import hashlib
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import h5py
import numpy as np
import pytest
from conftest import archive_files, records, write_archive

pytestmark = pytest.mark.slow


def refused(project, script: str, *words: str, log: str, replaces=()) -> str:
    """Run; expect the line that a user sees, and all earlier results as they were.

    All but the files that the failing job `replaces`: Snakemake removes those before it starts.
    """
    earlier = project.snapshot()
    run = project.snakemake()
    output = run.stdout + run.stderr
    assert run.returncode != 0, output
    assert "Traceback" not in output, output
    lines = {line for line in output.splitlines() if line.startswith(f"{script}: error: ")}
    assert len(lines) == 1, output
    line = lines.pop()
    print(f"\n{line}")
    for word in words:
        assert word in line
    assert line in (project.path / "results" / log).read_text().splitlines()
    after = project.snapshot()
    lost = {name for name in earlier if after.get(name) != earlier[name]}
    assert lost == {f"results/tiny/{name}" for name in replaces}
    assert not [name for name in after if ".part" in name]
    assert project.jobs(), "what failed would not be tried again"
    return line


def use_archive(project, files, links=None, sha256=None):
    path = write_archive(project.path / "bad.tar.gz", files, links)
    project.configure(datasets={"tiny": {"source": str(path), "sha256": sha256}})
    return path


def without(files, name):
    return {key: data for key, data in files.items() if key != name}


MODEL = [f"autoencoder/seed0/{name}" for name in ("model.keras", "history.csv", "summary.txt", "examples.h5")]
LABEL_200 = bytearray(records(40, 2))
LABEL_200[17 * 3073] = 200

BAD_ARCHIVES = {
    "a label of 200": (
        archive_files() | {"data_batch_2.bin": bytes(LABEL_200)},
        ["image 17 of data_batch_2.bin", "200"],
    ),
    "the last batch file missing": (
        without(archive_files(), "data_batch_5.bin"),
        ["160 train", "expected 200 train"],
    ),
    "constant images": (
        archive_files() | {f"data_batch_{i}.bin": bytes(40 * 3073) for i in range(1, 6)},
        ["all images of train are the same"],
    ),
    "fewer images than expected": (
        archive_files() | {"test_batch.bin": records(50, 6)},
        ["and 50 test images", "and 60 test"],
    ),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_bad_archive(project, case):
    files, words = BAD_ARCHIVES[case]
    use_archive(project, files)
    refused(project, "prepare_images", *words, log="tiny/logs/prepare_images.log", replaces=["images.h5"])


def test_truncated_archive(project):
    path = use_archive(project, archive_files())
    path.write_bytes(path.read_bytes()[:-70_000])
    refused(
        project, "prepare_images", "cut off or damaged", log="tiny/logs/prepare_images.log", replaces=["images.h5"]
    )


@pytest.mark.parametrize("name", ["../data_batch_6.bin", "../../evil", "/tmp/evil"])
def test_member_that_leads_out_of_the_archive(project, finished, name, tmp_path):
    """Passed over: the result is that of an archive without it, and nothing is written."""
    project.without_training()
    use_archive(project, archive_files() | {name: records(5, 0)})
    project.run()
    assert project.metrics.read_text() == project.metrics_of(finished)
    assert not [path for path in tmp_path.rglob("*") if path.name in ("data_batch_6.bin", "evil")]


def test_wrong_checksum(project):
    path = project.path / "tiny.tar.gz"
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    project.configure(datasets={"tiny": {"sha256": "0" * 64}})
    refused(project, "download", path.name, "0" * 64, found, "`source`", log=f"archives/{'0' * 16}.log")


def test_source_that_does_not_exist(project):
    project.configure(datasets={"tiny": {"source": "/no/such/file.tar.gz", "sha256": "1" * 64}})
    refused(project, "download", "/no/such/file.tar.gz", "`source`", log=f"archives/{'1' * 16}.log")


def test_offline(project):
    url = "http://127.0.0.1:9/cifar.tar.gz"
    project.configure(datasets={"tiny": {"source": url, "sha256": "2" * 64}})
    refused(project, "download", url, "`source`", log=f"archives/{'2' * 16}.log")


def serve(respond):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            respond(self)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_download_from_a_server_that_fails_twice(fresh):
    data = (fresh.path / "tiny.tar.gz").read_bytes()
    requests = []

    def respond(handler):
        requests.append(handler.path)
        if len(requests) == 1:
            handler.send_error(503)
            return
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        # The second time the connection ends in the middle.
        handler.wfile.write(data[: len(data) // 2] if len(requests) == 2 else data)

    server = serve(respond)
    fresh.configure(datasets={"tiny": {"source": f"http://127.0.0.1:{server.server_port}/tiny.tar.gz"}})
    fresh.run("--until", "prepare_images")
    assert len(requests) == 3
    # Everything there is to say about the downloader changed: the archive stays.
    for path in [*(fresh.path / "envs").glob("*.yaml"), fresh.path / "scripts/download.py"]:
        path.write_text(path.read_text() + "\n# changed\n")
    fresh.run("--until", "prepare_images")
    assert len(requests) == 3
    server.shutdown()


def test_download_of_a_web_page(project):
    def respond(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"<html>moved</html>")

    server = serve(respond)
    url = f"http://127.0.0.1:{server.server_port}/tiny.tar.gz"
    project.configure(datasets={"tiny": {"source": url, "sha256": "3" * 64}})
    found = hashlib.sha256(b"<html>moved</html>").hexdigest()
    refused(project, "download", url, "3" * 64, found, log=f"archives/{'3' * 16}.log")
    server.shutdown()


def test_more_clusters_than_images(project):
    """Said before anything runs, and once."""
    project.configure(clustering={"n_clusters": [3, 61], "splits": {"pixels": ["test"], "autoencoder": ["test"]}})
    run = project.snakemake()
    assert run.returncode == 1
    line = "config: clustering.n_clusters has 61, and the split test of tiny has 60 images; take numbers up to 60"
    assert [text for text in (run.stdout + run.stderr).splitlines() if "clusters" in text] == [line]


def test_more_clusters_than_distinct_points(project):
    path = project.results / "features/pixels/test.h5"
    with h5py.File(path, "r+") as file:
        file["features"][30:] = file["features"][0]
    project.configure(features=["pixels"], clustering={"n_clusters": [3, 31], "seeds": [0, 1]})
    line = refused(
        project,
        "cluster",
        "31 clusters need as many distinct points, and there are only 30 (the split test has 60 images)",
        "take 31 out of clustering.n_clusters",
        log="tiny/logs/clusters/pixels/test/k3/seed0.log",
    )
    assert "features/pixels/test.h5" in line


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_not_finite(project, value):
    path = project.results / "features/pixels/test.h5"
    with h5py.File(path, "r+") as file:
        file["features"][5, 7] = value
    project.configure(clustering={"seeds": [0]}, features=["pixels"])
    refused(
        project,
        "cluster",
        "pixels/test.h5",
        "row 5",
        "NaN or infinity",
        log="tiny/logs/clusters/pixels/test/k3/seed0.log",
    )


def test_images_replaced_by_garbage(project):
    path = project.results / "images.h5"
    path.write_bytes(os.urandom(path.stat().st_size))
    project.configure(features=["pixels"])
    refused(
        project,
        "encode_pixels",
        "images.h5",
        "delete it and run again",
        log="tiny/logs/encode_pixels/test.log",
        replaces=["features/pixels/test.h5", "images.csv"],
    )
    path.unlink()
    project.run()


def test_dead_code(project):
    """A learning rate that kills any ReLU network."""
    project.configure(autoencoder={"learning_rate": 1e6}, features=["autoencoder"])
    refused(project, "train", "5 attempts", "seed 0", log="tiny/logs/train/seed0.log", replaces=MODEL)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            {"clustering": {"n_clusters": [0]}},
            "config: clustering.n_clusters[0] is 0; allowed: a whole number, 1 or more",
        ),
        (
            {"features": ["pixel"]},
            "config: features[0] is 'pixel'; allowed: pixels, autoencoder, pca, patches, invariant, "
            "or a name below external or onnx or keras or script",
        ),
        (
            {"clustering": {"k": 3}},
            "config: clustering.k is not a setting; "
            "allowed here: splits, n_clusters, seeds, clusterings_per_job, init, n_init",
        ),
        (
            {"autoencoder": {"filters": [3, 3, 3, 3, 3, 3, 3, 3, 3, 1]}},
            "config: autoencoder.filters is [3, 3, 3, 3, 3, 3, 3, 3, 3, 1]; allowed: a list of 1 to 9 whole "
            "numbers, one for each convolution of the encoder, like [3, 1]",
        ),
        (
            {"autoencoder": {"epochs": "ten"}},
            "config: autoencoder.epochs is 'ten'; allowed: a whole number, 1 or more",
        ),
    ],
)
def test_bad_settings(project, settings, line):
    earlier = project.snapshot()
    project.configure(**settings)
    run = project.snakemake()
    assert run.returncode != 0
    assert (run.stdout + run.stderr).splitlines()[-1] == line
    assert "Traceback" not in run.stdout + run.stderr
    assert project.snapshot() == earlier
    print(f"\n{line}")


def test_renamed_settings(fresh):
    """Each old name has a line with the new one, and all are told at once."""
    fresh.configure(
        features=["pixels", "views"],
        views={"n_views": 2},
        patches={"n_words": 5, "reductions": [1]},
        autoencoder={"initializer": "upright"},
        clustering={"splits": {"pixels": ["test"], "views": ["test"]}},
        evaluation={"common_spaces": False, "n_parts": 3},
        report={"map": "umap"},
    )
    run = fresh.snakemake()
    assert run.returncode != 0
    lines = (run.stdout + run.stderr).splitlines()
    assert sorted(line for line in lines if line.startswith("config: ")) == [
        "config: autoencoder.initializer is 'upright', which is now called 'sign_corrected'",
        "config: clustering.splits.views is now called clustering.splits.invariant; rename it",
        "config: evaluation.common_spaces is now called evaluation.cross_space_scores; rename it",
        "config: evaluation.n_parts is now called evaluation.n_chunks; rename it",
        "config: features[1] is 'views', which is now called 'invariant'",
        "config: patches.n_words is now called patches.n_atoms; rename it",
        "config: patches.reductions is now called patches.downsampling; rename it",
        "config: report.map is now called report.projection; rename it",
        "config: views is now called invariant; rename it",
    ]
    assert "Traceback" not in run.stdout + run.stderr


@pytest.fixture
def small_disk(tmp_path):
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(path)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a file system of its own needs root")
    yield path
    subprocess.run(["umount", str(path)], check=True)


@pytest.mark.parametrize(
    ("script", "output"),
    [
        ("download", "archives/{archive}"),
        ("prepare_images", "tiny/images.h5"),
        ("encode_pixels", "tiny/features/pixels/test.h5"),
        ("train", "tiny/autoencoder/seed0/model.keras"),
        ("encode_autoencoder", "tiny/features/autoencoder/seed0/test.h5"),
        ("evaluate", "tiny/metrics/pixels/test/k3.h5"),
        ("cluster", "tiny/clusters/pixels/test/k3/seed0.h5"),
    ],
)
def test_disk_full(project, small_disk, script, output):
    """The folder of the output lies on a disk without room for it."""
    output = output.format(archive=project.tiny["sha256"][:16])
    folder = (project.path / "results" / output).parent
    before = project.metrics.read_bytes()
    kept = folder.rename(folder.with_name("kept"))
    folder.symlink_to(small_disk, target_is_directory=True)
    if script == "prepare_images":  # whose folder holds all the others
        for path in kept.iterdir():
            if path.name != "images.h5":
                (folder / path.name).symlink_to(path)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(408_000))  # 400 KiB less room for a file's name
    project.targets = [f"results/{output}"]
    run = project.snakemake()
    text = run.stdout + run.stderr
    assert run.returncode != 0
    assert "Traceback" not in text, text
    lines = {line for line in text.splitlines() if line.startswith(f"{script}: error: ")}
    assert len(lines) == 1, text
    line = lines.pop()
    assert "no space left" in line
    assert str(Path("results", output).parent) in line
    print(f"\n{line}")
    assert not [path for path in small_disk.iterdir() if ".part" in path.name or path.name == output]
    folder.unlink()
    kept.rename(folder)
    project.targets = ["tables"]
    project.run()
    assert project.metrics.read_bytes() == before
