"""Archives in the binary layouts of CIFAR: what is read, and what is said of one that does not fit."""

import contextlib
import io
import subprocess
import tarfile

import numpy as np
import pytest

from lib.base.errors import InputError
from lib.data.cifar import CIFAR100, names_in_lines, open_cifar, read_cifar

NAMES = ["airplane", "automobile", "bird", "cat"]
# The order of cifar-10-binary.tar.gz.
OFFICIAL_ORDER = [
    "data_batch_1.bin",
    "batches.meta.txt",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "test_batch.bin",
    "readme.html",
    "data_batch_5.bin",
    "data_batch_2.bin",
]


def make_archive(path, sizes, mode="w:gz", order=OFFICIAL_ORDER, folder="cifar-10-batches-bin/", changed=None):
    """Write an archive of random images; return images (n, 3, 32, 32) and labels by file.

    Files that are `changed` have other bytes or, with None, are left out.
    """
    rng = np.random.default_rng(0)
    contents = {
        name: (rng.integers(0, 256, (n, 3, 32, 32), np.uint8), rng.integers(0, len(NAMES), n, np.uint8))
        for name, n in sizes.items()
    }
    files = {name: np.column_stack([y, x.reshape(len(x), -1)]).tobytes() for name, (x, y) in contents.items()}
    files |= {"batches.meta.txt": "\n".join([*NAMES, "", ""]).encode(), "readme.html": b"<html></html>"}
    files |= changed or {}
    with tarfile.open(path, mode) as tar:
        for name in order:
            if files[name] is not None:
                member = tarfile.TarInfo(folder + name)
                member.size = len(files[name])
                tar.addfile(member, io.BytesIO(files[name]))
    return contents


def read(path):
    """All images and labels of an archive, by split, each put into the row that the reader names."""
    archive = open_cifar(path)
    result = {}
    for split in ("train", "test"):
        n = archive.n_images(split)
        result[split] = np.zeros((n, 3, 32, 32), np.uint8), np.full(n, 255, np.uint8)
    for batch in read_cifar(archive):
        rows = slice(batch.start, batch.start + len(batch.labels))
        assert (result[batch.split][1][rows] == 255).all(), "rows are filled once"
        result[batch.split][0][rows] = batch.pixels
        result[batch.split][1][rows] = batch.labels
    return archive.class_names, result


def assert_rows(path, contents, train_files):
    names, result = read(path)
    assert names == NAMES
    for split, files in {"train": train_files, "test": ["test_batch.bin"]}.items():
        for i in range(2):
            np.testing.assert_array_equal(result[split][i], np.concatenate([contents[file][i] for file in files]))


TRAIN_FILES = [f"data_batch_{i}.bin" for i in range(1, 6)]
SIZES = {name: 3 + i for i, name in enumerate([*TRAIN_FILES, "test_batch.bin"])}


@pytest.mark.parametrize("mode", ["w:gz", "w", "w:bz2", "w:xz"])
@pytest.mark.parametrize(
    "order", [OFFICIAL_ORDER, sorted(OFFICIAL_ORDER), OFFICIAL_ORDER[::-1]], ids=["official", "sorted", "reversed"]
)
def test_images_and_labels_are_in_the_right_rows(tmp_path, mode, order):
    contents = make_archive(tmp_path / "archive", SIZES, mode, order)
    assert_rows(tmp_path / "archive", contents, TRAIN_FILES)


@pytest.mark.parametrize("folder", ["", "./", "a/b/"])
def test_folder_in_the_archive_does_not_matter(tmp_path, folder):
    contents = make_archive(tmp_path / "archive", SIZES, folder=folder)
    assert_rows(tmp_path / "archive", contents, TRAIN_FILES)


def test_large_files_are_read_in_parts(tmp_path):
    contents = make_archive(
        tmp_path / "archive", SIZES | {"data_batch_1.bin": 2001, "data_batch_2.bin": 1000}, "w"
    )
    assert_rows(tmp_path / "archive", contents, TRAIN_FILES)
    assert max(len(batch.labels) for batch in read_cifar(open_cifar(tmp_path / "archive"))) < 2000


@pytest.mark.parametrize("n_files", [1, 12])
def test_other_numbers_of_training_files(tmp_path, n_files):
    train_files = [f"data_batch_{i}.bin" for i in range(1, n_files + 1)]
    sizes = {name: 2 + i for i, name in enumerate([*train_files, "test_batch.bin"])}
    contents = make_archive(tmp_path / "archive", sizes, order=[*sorted(sizes), "batches.meta.txt"])
    assert_rows(tmp_path / "archive", contents, train_files)


def test_files_of_other_names_and_links_do_not_count(tmp_path):
    contents = make_archive(tmp_path / "archive", SIZES, "w")
    with tarfile.open(tmp_path / "archive", "a") as tar:
        for name in ["data_batch_6.bin.old", "._data_batch_1.bin", "data_batch_06.bin", "../data_batch_6.bin"]:
            tar.addfile(tarfile.TarInfo(name))
        link = tarfile.TarInfo("data_batch_6.bin")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert_rows(tmp_path / "archive", contents, TRAIN_FILES)


TWO_WORDS = ["polar bear", "fox", "Größe", "a  b, c"]


@pytest.mark.parametrize(
    "content",
    [
        "polar bear\nfox\nGröße\na  b, c",
        "polar bear\nfox\nGröße\na  b, c\n\n",  # as in the official archive
        "polar bear\r\nfox\r\nGröße\r\na  b, c\r\n\r\n",
        "polar bear\rfox\rGröße\ra  b, c\r",
        "\ufeffpolar bear\nfox\nGröße\na  b, c\n",
        "  polar bear\t\nfox \n\tGröße\n a  b, c  \n  \n \t\n",
    ],
)
def test_a_name_is_a_line(tmp_path, content):
    assert names_in_lines(content.encode(), "x") == TWO_WORDS
    contents = make_archive(tmp_path / "archive", SIZES, changed={"batches.meta.txt": content.encode()})
    names, result = read(tmp_path / "archive")
    for split, files in {"train": TRAIN_FILES, "test": ["test_batch.bin"]}.items():
        labels = np.concatenate([contents[file][1] for file in files])
        assert [names[label] for label in result[split][1]] == [TWO_WORDS[label] for label in labels]


def test_other_members_are_named(tmp_path):
    make_archive(tmp_path / "archive", SIZES, "w")
    with tarfile.open(tmp_path / "archive", "a") as tar:
        tar.addfile(tarfile.TarInfo("data_batch_06.bin"))
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
    assert open_cifar(tmp_path / "archive").unused == ["cifar-10-batches-bin/readme.html", "data_batch_06.bin"]


@pytest.mark.parametrize("tar_format", ["gnu", "posix"])
def test_sparse_files_are_read(tmp_path, tar_format):
    """Black images of the first class take no room in them."""
    contents = make_archive(tmp_path / "archive", SIZES)
    with tarfile.open(tmp_path / "archive") as tar:
        tar.extractall(tmp_path, filter="data")
    with (tmp_path / "cifar-10-batches-bin" / "data_batch_1.bin").open("r+b") as file:
        file.truncate(1000 * 3073)
    command = ["tar", "--sparse", f"--format={tar_format}", "-cf", "archive", "cifar-10-batches-bin"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert (tmp_path / "archive").stat().st_size < 10**6
    _, result = read(tmp_path / "archive")
    for found, originals in zip(result["train"], contents["data_batch_1.bin"], strict=True):
        np.testing.assert_array_equal(found[: len(originals)], originals)
        assert not found[len(originals) : 1000].any()


def test_any_byte_of_an_archive_that_is_wrong(tmp_path):
    """It is read, or refused; nothing else is raised."""
    sizes = dict.fromkeys(SIZES, 1)
    make_archive(tmp_path / "whole", sizes, "w")
    data = (tmp_path / "whole").read_bytes()
    headers = [
        start + i for start in range(0, len(data), 512) if data[start:].startswith(b"cifar") for i in range(512)
    ]
    for place in headers[::7]:
        (tmp_path / "archive").write_bytes(data[:place] + bytes([data[place] ^ 255]) + data[place + 1 :])
        with contextlib.suppress(InputError):
            list(read_cifar(open_cifar(tmp_path / "archive")))


@pytest.mark.parametrize(
    "headers",
    [
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"},
        {"GNU.sparse.map": "0,x", "GNU.sparse.size": "3073"},
        {"size": "-5"},
        {"size": "99999999999999999999"},
    ],
    ids=["sparse without a map", "sparse with no numbers", "negative", "endless"],
)
def test_odd_members_of_an_archive_are_the_users_line(tmp_path, headers):
    make_archive(tmp_path / "archive", SIZES, "w", changed={"data_batch_1.bin": None})
    with tarfile.open(tmp_path / "archive", "a", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("data_batch_1.bin")
        member.size, member.pax_headers = 3073, headers
        tar.addfile(member, io.BytesIO(bytes(3073)))
    with pytest.raises(InputError) as error:
        list(read_cifar(open_cifar(tmp_path / "archive")))
    assert "\n" not in str(error.value)


FINE, COARSE = ["apple", "salad bowl", "can"], ["fruit", "food container"]


def make_cifar100(path, sizes=(2100, 30), names=(FINE, COARSE), leave_out=(), labels=None):
    """Write an archive as cifar-100-binary.tar.gz is; return coarse labels, fine labels and images by split."""
    rng = np.random.default_rng(0)
    fine_names, coarse_names = names
    files = {
        "fine_label_names.txt": "\n".join([*fine_names, "", ""]).encode(),
        "coarse_label_names.txt": "\n".join([*coarse_names, "", ""]).encode(),
    }
    contents = {}
    for split, n in zip(("train", "test"), sizes, strict=True):
        pair = labels or (rng.integers(0, 2, n, np.uint8), rng.integers(0, 3, n, np.uint8))
        contents[split] = (*pair, rng.integers(0, 256, (n, 3, 32, 32), np.uint8))
        files[f"{split}.bin"] = np.column_stack([*pair, contents[split][2].reshape(n, -1)]).tobytes()
    with tarfile.open(path, "w:gz") as tar:
        for name in files.keys() - set(leave_out):
            member = tarfile.TarInfo(f"cifar-100-binary/{name}")
            member.size = len(files[name])
            tar.addfile(member, io.BytesIO(files[name]))
    return contents


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (
            {"data_batch_2.bin": bytes(3073) + b"\xc8" + bytes(3072)},
            "image 1 of data_batch_2.bin .* label 200",
        ),
        ({"data_batch_3.bin": None}, "holds no data_batch_3.bin"),
        ({"test_batch.bin": None}, "holds no test_batch.bin"),
        (
            {"data_batch_1.bin": bytes(2 * 3073 + 10)},
            "data_batch_1.bin has 6,156 bytes.* 10 over",
        ),
        ({"data_batch_1.bin": b""}, "data_batch_1.bin has 0 bytes"),
        ({"batches.meta.txt": None}, "holds no batches.meta.txt"),
        (
            {"batches.meta.txt": "\n".join([*NAMES[:9], NAMES[0]]).encode()},
            "different classes, a line each, has 5, 'airplane' more than once",
        ),
        ({"batches.meta.txt": b""}, "batches.meta.txt: line 1 is blank"),
        ({"batches.meta.txt": b" \n\r\n"}, "batches.meta.txt: line 1 is blank"),
        ({"batches.meta.txt": b"a\n\nb\n"}, "batches.meta.txt: line 2 is blank; each line"),
        ({"batches.meta.txt": b"a\nb\nGr\xf6\xdfe\n"}, "batches.meta.txt is no UTF-8 text, see line 3; save"),
        ({"batches.meta.txt": "a\nb".encode("utf-16")}, "batches.meta.txt is no UTF-8 text, see line 1"),
        ({"batches.meta.txt": b"\n".join(b"%d" % i for i in range(257))}, "1 to 256 .* a line each, has 257"),
        ({"batches.meta.txt": b"airplane car bird cat"}, "the 1 classes are numbered from 0, a line each"),
    ],
)
def test_bad_archive(tmp_path, changed, line):
    make_archive(tmp_path / "archive", SIZES, changed=changed)
    with pytest.raises(InputError, match=line):
        list(read_cifar(open_cifar(tmp_path / "archive")))


def test_no_link_is_followed(tmp_path):
    """So the file is missing."""
    make_archive(tmp_path / "archive", SIZES, "w", changed={"data_batch_3.bin": None})
    target = tmp_path / "secret.bin"
    target.write_bytes(bytes(3073))
    with tarfile.open(tmp_path / "archive", "a") as tar:
        link = tarfile.TarInfo("cifar-10-batches-bin/data_batch_3.bin")
        link.type, link.linkname = tarfile.SYMTYPE, str(target)
        tar.addfile(link)
    with pytest.raises(InputError, match=r"holds no data_batch_3.bin"):
        open_cifar(tmp_path / "archive")


def test_web_page_instead_of_an_archive(tmp_path):
    (tmp_path / "archive").write_text("<!DOCTYPE html><html><body>Please log in</body></html>")
    with pytest.raises(InputError, match=r"is no tar archive.*<!DOCTYPE html>"):
        open_cifar(tmp_path / "archive")


@pytest.mark.parametrize(("classes", "names", "label"), [("fine", FINE, 1), ("coarse", COARSE, 0)])
def test_cifar100_has_two_kinds_of_classes(tmp_path, classes, names, label):
    contents = make_cifar100(tmp_path / "archive")
    archive = open_cifar(tmp_path / "archive", CIFAR100[classes])
    assert archive.class_names == names
    assert (archive.n_images("train"), archive.n_images("test")) == (2100, 30)
    found = {split: [] for split in contents}
    for batch in read_cifar(archive):
        assert batch.start == sum(len(earlier.labels) for earlier in found[batch.split])
        found[batch.split].append(batch)
    for split, content in contents.items():
        np.testing.assert_array_equal(np.concatenate([batch.labels for batch in found[split]]), content[label])
        np.testing.assert_array_equal(np.concatenate([batch.pixels for batch in found[split]]), content[2])


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"leave_out": ["train.bin"]}, "holds no train.bin; its files are: fine_label_names.txt, test.bin"),
        ({"leave_out": ["test.bin"]}, "holds no test.bin"),
        ({"leave_out": ["fine_label_names.txt"]}, "holds no fine_label_names.txt, which names the classes"),
        ({"names": (["apple"] * 2, COARSE)}, "fine_label_names.txt should name 1 to 256 different classes"),
        (
            {"sizes": (2, 2), "labels": (np.uint8([0, 1]), np.uint8([2, 3]))},
            "bin has the label 3; the 3 classes are numbered from 0",
        ),
    ],
)
def test_bad_cifar100(tmp_path, settings, line):
    make_cifar100(tmp_path / "archive", **settings)
    with pytest.raises(InputError, match=line):
        list(read_cifar(open_cifar(tmp_path / "archive", CIFAR100["fine"])))


def test_cifar100_is_not_taken_for_cifar10(tmp_path):
    make_cifar100(tmp_path / "archive")
    with pytest.raises(InputError, match=r"holds no batches.meta.txt"):
        open_cifar(tmp_path / "archive")
