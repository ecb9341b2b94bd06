"""Which folders are splits, by their names: `Training` and `Test`, or `seg_train` and `seg_val`."""

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
    """The role that the name of a folder says, and the letters and digits of the name beside it.

    Returns
    -------
    The role is train, test or validation. None: the name is not that of a split.

    Examples
    --------
    >>> split_name("Train_2017"), split_name("trainers")
    (('train', '2017'), None)
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).casefold()
    if not (found := NAME.search(words)):
        return None
    role = next(role for role in WORDS if found[role])
    rest = words[: found.start()] + words[found.end() :]
    return role, re.sub(r"[\W_]", "", rest)


def find_splits(names: Iterable[str]) -> dict[str, str]:
    """The folder of the training images and that of the test images, among folders beside each other.

    Two folders are splits if their names differ only in the role. Validation images are test images if there are
    no others.

    Returns
    -------
    The name of each of the two folders with its split, train first; empty if no two folders are splits.

    Examples
    --------
    >>> find_splits(["labels", "seg_val", "seg_train"])
    {'seg_train': 'train', 'seg_val': 'test'}
    """
    roles = {name: found for name in sorted(names) if (found := split_name(name))}
    for rest in sorted({rest for _, rest in roles.values()}):
        folders = {role: name for name, (role, other) in reversed(roles.items()) if other == rest}
        held_out = folders.get("test") or folders.get("validation")
        if "train" in folders and held_out:
            return {folders["train"]: "train", held_out: "test"}
    return {}
