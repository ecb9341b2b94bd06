"""The kinds of features: the one list of them, which the rules, the settings and the report read.

A new kind is an entry here, its settings in config.yaml and rules/config.schema.yaml, and a rule
`encode_{kind}` in rules/features.smk with its script. docs/development.md has it step by step.
"""

from pathlib import Path
from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of features.

    Examples
    --------
    >>> KINDS["patches"].learned_files
    ('patches/seed{seed}/dictionary.h5',)
    """

    name: str
    # What the report says of it: a Jinja template, which gets `config` (all settings) and `data` (of the images).
    description: str
    # Files that are learned from the training images for each `seed` of the kind's settings, below the folder of
    # the dataset. Without any, the kind is one feature space; otherwise it is one for each seed.
    learned_files: tuple[str, ...] = ()
    # Whether a decoder makes images of centroids. Without, a cluster is shown as the mean of its images.
    has_decoder: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("pixels", "each image as it is, flattened, from 0 to 1"),
        Kind(
            "autoencoder",
            "the codes of a convolutional autoencoder that learned to reproduce the training images "
            "({{ config.autoencoder.filters|join(', ') }} filters, {{ config.autoencoder.epochs }} epochs in "
            "batches of {{ config.autoencoder.batch_size }})",
            learned_files=("autoencoder/seed{seed}/model.keras",),
            has_decoder=True,
        ),
        Kind(
            "pca",
            "the first {{ config.pca.n_components }} principal components of the pixels of the training images"
            "{% if config.pca.whiten %}, whitened{% endif %}",
        ),
        Kind(
            "patches",
            "how much of each of {{ config.patches.n_atoms }} typical patches of {{ config.patches.size }} × "  # noqa: RUF001
            "{{ config.patches.size }} pixels, learned by k-means from the training images"
            "{% set scales = config.patches.downsampling %}{% if scales is none %}, at two scales"
            "{% elif scales != [1] %}, downsampled by {{ scales|join(' and ') }}{% endif %}, is in each "
            "quarter of an image (Coates, Ng & Lee 2011); of this, {{ config.patches.n_components }} principal "
            "components, with length 1",
            learned_files=("patches/seed{seed}/dictionary.h5",),
        ),
        Kind(
            "invariant",
            "from the same patches, what stays the same when a training image is cropped, mirrored (unless mirror "
            "images are other things) and made lighter or darker, in colour also recoloured: "
            "{{ config.invariant.n_components }} directions in which images differ much and the "
            "{{ config.invariant.n_views }} views of one image little, learned in layers, as many as help on "
            "held-out images, "
            "from {{ '{:,}'.format([config.invariant.n_images, (data.n.values()|list)[0]]|min) }} images",
            learned_files=(
                "patches/seed{seed}/dictionary.h5",
                "invariant/seed{seed}/strips.h5",
                "invariant/seed{seed}/encoder.h5",
            ),
        ),
    )
}


# Sections of the settings in which features have names of the user's own, and what the report says of them.
NAMED = {
    "external": "made elsewhere",
    "onnx": "the output of an encoder in an ONNX file, which got each image in colour",
    "keras": "the output of an encoder in a Keras file, which got each image in colour",
    "script": "made by a program of the user's own",
}


def names_of(config: dict) -> list[str]:
    """The names of all kinds of features of a configuration that may not be checked yet.

    Examples
    --------
    >>> names_of({"external": {"dinov2": "?"}, "onnx": 3, "keras": {}, "script": {}})[-2:]
    ['invariant', 'dinov2']
    """
    sections = [config[section] for section in NAMED]
    return [*KINDS, *(str(name) for section in sections if isinstance(section, dict) for name in section)]


def kinds_of(config: dict) -> dict[str, Kind]:
    """All kinds of features of a configuration: those above, and those with names of the user's own.

    Examples
    --------
    >>> own = {"external": {"dinov2": {"source": "dinov2.npy"}}, "onnx": {}, "keras": {}, "script": {}}
    >>> list(kinds_of(own))[-2:]
    ['invariant', 'dinov2']
    """
    scaled = {"l2": ", each row scaled to length 1", "standardize": ", each column scaled to variance 1"}
    named = {
        name: Kind(name, f"{description}{_file_of(settings)}{scaled.get(settings.get('normalize'), '')}")
        for section, description in NAMED.items()
        for name, settings in config[section].items()
    }
    return KINDS | named


def _file_of(settings: dict) -> str:
    """Where features with a name of the user's own are from: the names of the files, in brackets."""
    found = settings.get("source") or settings.get("model") or settings["path"]
    sources = found if isinstance(found, list) else [found]
    paths = [path for source in sources for path in (source.values() if isinstance(source, dict) else [source])]
    return f" ({', '.join(Path(path).name for path in paths)})"
