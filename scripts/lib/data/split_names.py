"""Folders that are splits, by their names: `Training` and `Test`, or `seg_train` and `seg_val`."""

import re
from collections.abc import Iterable

WORDS = {
    "train": "train|training",
    "test": "test|testing",
    "validation": "val|valid|validate|validation|eval|evaluation|dev|hold[ _.-]?out",
}
LETTER = r"[^\W\d_]"
NAME = re.compile(
    rf"(?<!{LETTER})(?:{'|'.join(f'(?P<{role}>{words})' for role, words in WORDS.items())})"
    rf"[ _.-]*(?:data|dataset|set|images|imgs|img|photos|pictures|samples)?(?!{LETTER})"
)


def split_name(name: str) -> tuple[str, str] | None:
    """The role of a folder by its name, and what else is in that name: ("train", "2017") for `Train_2017`.

    Returns
    -------
    The role is train, test or validation. None: the name is not that of a split.
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).casefold()
    if not (found := NAME.search(words)):
        return None
    rest = words[: found.start()] + words[found.end() :]
    return found.lastgroup, re.sub(r"[\W_]", "", rest)


def find_splits(names: Iterable[str]) -> dict[str, str]:
    """Which of some folders beside each other holds the training images, and which the test images.

    Two folders are splits if their names are alike but for their roles. Validation images are test images if
    there are no others.

    Returns
    -------
    Train and test, in this order, by the names of their folders; empty if there are no two such folders.
    """
    roles = {name: found for name in sorted(names) if (found := split_name(name))}
    for rest in sorted({rest for _, rest in roles.values()}):
        folders = {role: name for name, (role, other) in reversed(roles.items()) if other == rest}
        held_out = folders.get("test") or folders.get("validation")
        if "train" in folders and held_out:
            return {folders["train"]: "train", held_out: "test"}
    return {}
