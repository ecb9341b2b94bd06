"""The check of the configuration: what is shipped passes, and what is wrong is said in one line."""

import copy
from pathlib import Path

import pytest
import yaml
from snakemake.cli import parse_config
from snakemake.utils import update_config

from lib.features import invariant, training_views
from lib.features.kinds import names_of
from lib.workflow.config import (
    RENAMED_KEYS,
    RENAMED_VALUES,
    load_schema,
    split_errors,
    validation_errors,
    with_defaults,
    without_text,
)

ROOT = Path(__file__).parents[2]
SCHEMA = load_schema(ROOT / "rules" / "config.schema.yaml")
SHIPPED = yaml.safe_load((ROOT / "config.yaml").read_text())
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))

OF_CLUSTERING = "splits, n_clusters, seeds, clusterings_per_job, init, n_init"


def with_settings(text):
    """The shipped configuration with others laid over it, as `snakemake --configfile` does."""
    config = copy.deepcopy(SHIPPED)
    update_config(config, yaml.safe_load(text) or {})
    return config


def test_datasets_in_the_comments_have_no_faults():
    lines = (ROOT / "config.yaml").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("  # Images of your own")) + 1
    end = next(i for i, line in enumerate(lines) if i > start and not line)
    text = "\n".join(["datasets:", *(line.replace("# ", "", 1) for line in lines[start:end])])
    settings = yaml.safe_load(text)
    assert [dataset["format"] for dataset in settings["datasets"].values()] == ["folder", "npz", "vectors"]
    assert validation_errors(with_settings(text), SCHEMA) == []
    for dataset in settings["datasets"].values():
        rules = next(
            rule
            for rule in SCHEMA["properties"]["datasets"]["additionalProperties"]["allOf"]
            if rule["if"]["properties"]["format"]["const"] == dataset["format"]
        )
        assert dataset.keys() == rules["then"]["properties"].keys(), "each key has its comment"


def test_there_are_examples():
    assert EXAMPLES


@pytest.mark.parametrize("path", [ROOT / "config.yaml", *EXAMPLES], ids=lambda path: path.name)
def test_shipped_files_have_no_faults(path):
    settings = with_settings(path.read_text())
    schema = load_schema(ROOT / "rules" / "config.schema.yaml", names_of(settings))
    assert validation_errors(settings, schema) == []


@pytest.mark.parametrize(
    "text",
    [
        "clustering: {splits: [train, test]}",
        "clustering: {splits: {pixels: [test], autoencoder: [train, test]}}",
        "{features: [pixels], clustering: {splits: {pixels: [test]}}}",
        "clustering: {init: k-means++, n_clusters: [1, 100], seeds: [0, 4294967295]}",
        "autoencoder: {learning_rate: 1, filters: [8]}",
        "evaluation: {n_chunks: 100, silhouette_samples: 20}",
        "datasets: {cifar10: {sha256: null, luma: [1, 0, 0]}}",
        "datasets: {cifar100: {classes: coarse, channels: rgb}}",
        "{dataset: my, datasets: {my: {format: folder, source: my photos/2024}}}",
        "datasets: {my: {format: folder, source: /my, classes: none, side: 512, test_fraction: 0.5, "
        "unreadable: skip, channels: rgb, luma: [1, 0, 0]}}",
        "datasets: {my: {format: npz, source: https://my.org/mnist.npz, sha256: null}}",
        "datasets: {my: {format: npz, source: my.npz}}",
        "datasets: {my: {format: cifar-binary, source: my.tar}}",
        "datasets: {my: {format: npz, source: my.npz, sha256: null, n_images: {train: 3, test: 1}, side: 4, "
        "test_fraction: 0.01, channels: rgb, luma: [1, 0, 0]}}",
        "{dataset: my.own_set-2, datasets: {my.own_set-2: {format: cifar-binary, source: a.tar, sha256: null}}}",
    ],
)
def test_other_settings_that_are_allowed(text):
    assert validation_errors(with_settings(text), SCHEMA) == []


POSITIVE = "allowed: a whole number, 1 or more"
SEED = "allowed: a whole number from 0 to 4294967295"
WHOLE_NUMBERS = "allowed: a list of one or more whole numbers, each once, like [5, 10]"
SPACES = "allowed: a list of one or more feature spaces, each once, like [pixels]"
SPLITS = "allowed: a list of train and test, like [test], or [all]"
SHA256 = (
    "allowed: the archive's SHA-256 as 64 hexadecimal digits (0-9, a-f; in quotes if there is no letter), "
    "or null (the default) to skip the check"
)
RATE = "allowed: a number above 0"
FORMATS = "allowed: cifar-binary, cifar100-binary, digits, folder, npz, vectors"
SIDE = "allowed: a whole number from 4 to 512"
FRACTION = "allowed: a number above 0 and below 1"
KINDS = "pixels, autoencoder, pca, patches, invariant, or a name below external or onnx or keras or script"
FOLDERS = "allowed here: names of letters, digits, '_', '.' and '-' (they become folders)"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        # Unknown keys, from the top to the bottom.
        (
            "feature: [pixels]",
            "feature is not a setting; allowed here: dataset, datasets, features, external, onnx, keras, script, "
            "clusterings, autoencoder, pca, patches, invariant, clustering, evaluation, report, export",
        ),
        (
            "clustering: {k: [3]}",
            f"clustering.k is not a setting; allowed here: {OF_CLUSTERING}",
        ),
        (
            "datasets: {cifar10: {url: x}}",
            "datasets.cifar10.url is not a setting; "
            "allowed here: format, source, sha256, n_images, channels, luma",
        ),
        ("datasets: {digits: {source: x}}", "datasets.digits.source is not a setting; allowed here: format"),
        (
            "datasets: {cifar10: {n_images: {val: 1}}}",
            "datasets.cifar10.n_images.val is not a setting; allowed here: train, test",
        ),
        # Wrong types.
        ("dataset: 10", "dataset is 10; allowed: a key of datasets"),
        ("features: pixels", f"features is 'pixels'; {SPACES}"),
        ("autoencoder: null", "autoencoder is null; allowed: a mapping of settings"),
        ("autoencoder: {epochs: ten}", f"autoencoder.epochs is 'ten'; {POSITIVE}"),
        ("autoencoder: {epochs: true}", f"autoencoder.epochs is true; {POSITIVE}"),
        ("autoencoder: {epochs: 10.0}", f"autoencoder.epochs is 10.0; {POSITIVE}"),
        (
            "autoencoder: {learning_rate: true}",
            f"autoencoder.learning_rate is true; {RATE}",
        ),
        (
            "autoencoder: {learning_rate: fast}",
            f"autoencoder.learning_rate is 'fast'; {RATE}",
        ),
        ("clustering: {n_clusters: 10}", f"clustering.n_clusters is 10; {WHOLE_NUMBERS}"),
        ("clustering: {seeds: [0, true]}", f"clustering.seeds[1] is true; {SEED}"),
        (
            "clustering: {splits: test}",
            f"clustering.splits is 'test'; {SPLITS}, or such a list for each feature space, or null",
        ),
        ("datasets: {cifar10: null}", "datasets.cifar10 is null; allowed: a mapping with a format"),
        # Values out of range.
        ("dataset: mnist", "dataset is 'mnist'; allowed: cifar10, cifar100, digits"),
        ("features: [pixel]", f"features[0] is 'pixel'; allowed: {KINDS}"),
        ("features: []", f"features is []; {SPACES}"),
        (
            "autoencoder: {filters: []}",
            "autoencoder.filters is []; allowed: a list of 1 to 9 whole numbers, "
            "one for each convolution of the encoder, like [3, 1]",
        ),
        ("autoencoder: {filters: [3, 0]}", f"autoencoder.filters[1] is 0; {POSITIVE}"),
        (
            "autoencoder: {learning_rate: 0}",
            f"autoencoder.learning_rate is 0; {RATE}",
        ),
        (
            "autoencoder: {learning_rate: .nan}",
            f"autoencoder.learning_rate is nan; {RATE}",
        ),
        (
            "autoencoder: {learning_rate: .inf}",
            f"autoencoder.learning_rate is inf; {RATE}",
        ),
        ("autoencoder: {seeds: [4294967296]}", f"autoencoder.seeds[0] is 4294967296; {SEED}"),
        ("clustering: {n_clusters: [0]}", f"clustering.n_clusters[0] is 0; {POSITIVE}"),
        ("clustering: {seeds: [-1]}", f"clustering.seeds[0] is -1; {SEED}"),
        ("clustering: {init: kmeans}", "clustering.init is 'kmeans'; allowed: random, k-means++"),
        ("evaluation: {n_chunks: 0}", f"evaluation.n_chunks is 0; {POSITIVE}"),
        (
            "evaluation: {silhouette_samples: 19}",
            "evaluation.silhouette_samples is 19; "
            "allowed: a whole number, 20 or more, or null for the exact silhouette",
        ),
        ("clustering: {splits: [val]}", "clustering.splits[0] is 'val'; allowed: train, test, all"),
        ("datasets: {cifar10: {format: png}}", f"datasets.cifar10.format is 'png'; {FORMATS}"),
        ("datasets: {cifar10: {source: ''}}", "datasets.cifar10.source is ''; allowed: a URL or a path"),
        ("datasets: {cifar10: {sha256: C0FFEE}}", f"datasets.cifar10.sha256 is 'C0FFEE'; {SHA256}"),
        ("datasets: {cifar10: {sha256: " + 64 * "A" + "}}", f"datasets.cifar10.sha256 is '{64 * 'A'}'; {SHA256}"),
        ("datasets: {cifar10: {n_images: {test: 0}}}", f"datasets.cifar10.n_images.test is 0; {POSITIVE}"),
        (
            "datasets: {cifar10: {luma: [1, 0]}}",
            "datasets.cifar10.luma is [1, 0]; allowed: three weights, of red, green and blue",
        ),
        (
            "datasets: {cifar10: {luma: [1, 1, 1]}}",
            "datasets.cifar10.luma is [1, 1, 1]; allowed: three weights that add up to 1",
        ),
        (
            "datasets: {cifar10: {luma: [.nan, 0, 1]}}",
            "datasets.cifar10.luma[0] is nan; allowed: a weight of 0 or more",
        ),
        ("datasets: {a/b: {format: digits}}", f"datasets.a/b is not a setting; {FOLDERS}"),
        ("datasets: {..: {format: digits}}", f"datasets... is not a setting; {FOLDERS}"),
        (
            "report: {n_clusters: 7}",
            "report.n_clusters is 7; allowed: one of clustering.n_clusters, which is [10]",
        ),
        (
            "invariant: {n_components: 300, n_prototypes: 40}",
            "invariant.n_components is 300; allowed: no more than invariant.n_prototypes + 256, which is 296",
        ),
        (
            "invariant: {n_images: 100, n_chunks: 8}",
            "invariant.n_chunks is 8; allowed: no more than a sixteenth of invariant.n_images, which is 7",
        ),
        ("invariant: {n_images: 11}", "invariant.n_images is 11; allowed: a whole number, 12 or more"),
        ("report: {assignments: none}", "report.assignments is 'none'; allowed: shown, all"),
        ("export: {copies: true}", "export.copies is not a setting; allowed here: clusterings, copy"),
        (
            "export: {clusterings: pixels/test/k10/seed0}",
            "export.clusterings is 'pixels/test/k10/seed0'; allowed: a list of one or more clusterings, each "
            "once, like [pixels/test/k10/seed0], or null for those of the figures",
        ),
        # Duplicates.
        ("features: [pixels, pixels]", f"features is ['pixels', 'pixels']; {SPACES}"),
        ("clustering: {n_clusters: [3, 3]}", f"clustering.n_clusters is [3, 3]; {WHOLE_NUMBERS}"),
        ("clustering: {seeds: [0, 1, 0]}", f"clustering.seeds is [0, 1, 0]; {WHOLE_NUMBERS}"),
        ("clustering: {splits: [test, test]}", f"clustering.splits is ['test', 'test']; {SPLITS}"),
        # Splits for each feature space.
        (
            "clustering: {splits: {pixels: [test]}}",
            "clustering.splits.autoencoder is missing, and features lists autoencoder",
        ),
        (
            "clustering: {splits: {pixels: test, autoencoder: [test]}}",
            f"clustering.splits.pixels is 'test'; {SPLITS}",
        ),
        (
            "clustering: {splits: {pixels: [test], autoencoder: [test], codes: [test]}}",
            f"clustering.splits.codes is not a setting; allowed here: {KINDS}",
        ),
        # Each format has its own keys.
        (
            "datasets: {my: {format: folder, source: my, sha256: null}}",
            "datasets.my.sha256 is not a setting; allowed here: format, source, classes, side, test_fraction, "
            "unreadable, channels, luma",
        ),
        (
            "datasets: {my: {format: npz, source: my, sha256: null, classes: none}}",
            "datasets.my.classes is not a setting; allowed here: format, source, sha256, n_images, side, "
            "test_fraction, channels, luma",
        ),
        (
            "datasets: {cifar100: {side: 32}}",
            "datasets.cifar100.side is not a setting; allowed here: format, source, sha256, n_images, classes, "
            "channels, luma",
        ),
        (
            "datasets: {cifar100: {classes: folders}}",
            "datasets.cifar100.classes is 'folders'; allowed: fine, coarse",
        ),
        (
            "datasets: {my: {format: folder, source: 'https://my.org/photos'}}",
            "datasets.my.source is 'https://my.org/photos'; allowed: the path of a folder on this machine",
        ),
        (
            "datasets: {my: {format: folder, source: my, classes: fine}}",
            "datasets.my.classes is 'fine'; allowed: folders, none",
        ),
        (
            "datasets: {my: {format: folder, source: my, classes: null}}",
            "datasets.my.classes is null; allowed: folders, none",
        ),
        ("datasets: {my: {format: folder, source: my, side: 0}}", f"datasets.my.side is 0; {SIDE}"),
        ("datasets: {my: {format: folder, source: my, side: 513}}", f"datasets.my.side is 513; {SIDE}"),
        ("datasets: {my: {format: folder, source: my, side: 32.0}}", f"datasets.my.side is 32.0; {SIDE}"),
        ("datasets: {my: {format: npz, source: my, sha256: null, side: 3}}", f"datasets.my.side is 3; {SIDE}"),
        (
            "datasets: {my: {format: folder, source: my, test_fraction: 0}}",
            f"datasets.my.test_fraction is 0; {FRACTION}",
        ),
        (
            "datasets: {my: {format: npz, source: my, sha256: null, test_fraction: 1.0}}",
            f"datasets.my.test_fraction is 1.0; {FRACTION}",
        ),
        (
            "datasets: {my: {format: folder, source: my, unreadable: ignore}}",
            "datasets.my.unreadable is 'ignore'; allowed: refuse, skip",
        ),
        # Missing keys of a dataset of one's own.
        (
            "datasets: {own: {format: folder}}",
            "datasets.own.source is missing; allowed: the path of a folder on this machine",
        ),
        ("datasets: {own: {}}", f"datasets.own.format is missing; {FORMATS}"),
        (
            "datasets: {own: {format: cifar-binary, sha256: null}}",
            "datasets.own.source is missing; allowed: a URL or a path",
        ),
        (
            "datasets: {own: {format: cifar-binary, sha256: null, source: a, n_images: {train: 1}}}",
            "datasets.own.n_images.test is missing; allowed: a whole number, 1 or more",
        ),
    ],
)
def test_fault_is_one_line(text, line):
    assert validation_errors(with_settings(text), SCHEMA) == [line]


def nested(key, value):
    """A mapping with a dotted key: a.b as {a: {b: value}}."""
    for name in reversed(key.split(".")):
        value = {name: value}
    return value


@pytest.mark.parametrize(("old", "new"), RENAMED_KEYS.items())
def test_renamed_key_has_a_line_with_the_new_one(old, new):
    value = ["test"] if "splits" in old else 1
    settings = with_defaults(nested(old, value), SHIPPED)
    if "splits" in old:
        settings["clustering"]["splits"] |= {kind: ["test"] for kind in SHIPPED["features"]}
    assert validation_errors(settings, SCHEMA) == [f"{old} is now called {new}; rename it"]


@pytest.mark.parametrize("key", RENAMED_KEYS.values())
def test_new_name_of_a_key_is_one(key):
    *path, last = key.split(".")
    section = SCHEMA
    for name in path:
        section = section["properties"][name]
    names = section["then"]["propertyNames"]["enum"] if "then" in section else section["properties"]
    assert last in names


@pytest.mark.parametrize(("key", "old", "new"), [(key, old, new) for (key, old), new in RENAMED_VALUES.items()])
def test_renamed_value_has_a_line_with_the_new_one(key, old, new):
    in_list = key == "features"
    settings = with_defaults(nested(key, [old] if in_list else old), SHIPPED)
    where = f"{key}[0]" if in_list else key
    assert validation_errors(settings, SCHEMA) == [f"{where} is {old!r}, which is now called {new!r}"]
    assert validation_errors(with_defaults(nested(key, [new] if in_list else new), SHIPPED), SCHEMA) == []


PARTS = [()] + [(part,) for part, settings in SHIPPED.items() if isinstance(settings, dict) and part != "datasets"]


@pytest.mark.parametrize(
    "key", [(*part, key) for part in PARTS for key in (SHIPPED[part[0]] if part else SHIPPED)]
)
def test_every_key_is_needed(key):
    config = copy.deepcopy(SHIPPED)
    settings = config
    for part in key[:-1]:
        settings = settings[part]
    del settings[key[-1]]
    (line,) = validation_errors(config, SCHEMA)
    assert line.startswith(f"{'.'.join(key)} is missing; allowed: ")


def test_every_fault_is_told_once():
    text = "{features: [pixel], autoencoder: {epoch: 1, epochs: 0}, clustering: {seed: 1, k: 2}}"
    assert validation_errors(with_settings(text), SCHEMA) == [
        "autoencoder.epoch is not a setting; allowed here: filters, initializer, epochs, batch_size, "
        "learning_rate, mixed_precision, seeds",
        "autoencoder.epochs is 0; allowed: a whole number, 1 or more",
        f"clustering.seed is not a setting; allowed here: {OF_CLUSTERING}",
        f"clustering.k is not a setting; allowed here: {OF_CLUSTERING}",
        f"features[0] is 'pixel'; allowed: {KINDS}",
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        pytest.param(
            "dataset: digits\ndatasets:\n  2020:\n    format: digits",
            "2020",
        ),
        pytest.param(
            f"datasets:\n  cifar10:\n    sha256: |\n      {64 * 'a'}\n",
            "datasets.cifar10.sha256",
        ),
        pytest.param(
            f"autoencoder: {{learning_rate: 1{400 * '0'}}}",
            "autoencoder.learning_rate",
        ),
    ],
    ids=["number as name", "newline after hash", "number beyond float"],
)
def test_odd_values_are_refused_too(text, key):
    (line,) = validation_errors(with_settings(text), SCHEMA)
    assert key in line


@pytest.mark.parametrize(
    "entry",
    [
        "clustering={n_clusters: [3, 4], seeds: [0, 7]}",
        "autoencoder={filters: [8], epochs: 3, learning_rate: 0.01, mixed_precision: true}",
        "autoencoder={learning_rate: 1.0e-2, mixed_precision: False}",
        "autoencoder={learning_rate: 1}",
        "pca={whiten: yes, n_components: 1_000}",
        "evaluation={silhouette_samples: null, gap_references: ~, cross_space_scores: false}",
        "evaluation={silhouette_samples: , n_chunks: 2}",
        "report={n_clusters: 10}",
        "export={clusterings: [pixels/test/k10/seed0], copy: true}",
        "clustering={n_clusters: [010]}",
        "datasets={cifar10: {sha256: null, luma: [1, 0, 0], n_images: {train: 10, test: 2}}}",
        "datasets={my: {format: folder, source: my, side: 16, test_fraction: .5}}",
        "datasets={my: {format: npz, source: my, sha256: NULL, side: 16}}",
    ],
)
def test_text_of_the_command_line_means_what_it_means_in_a_file(entry):
    """Not only for equality: 1 == 1.0 == True."""
    key, _, text = entry.partition("=")
    found = copy.deepcopy(SHIPPED)
    update_config(found, parse_config([entry]))
    before = copy.deepcopy(found)
    config = without_text(found, SCHEMA)
    assert repr(config) == repr(with_settings(f"{key}: {text}"))
    assert validation_errors(config, SCHEMA) == []
    assert found == before


@pytest.mark.parametrize("text", ["1e-3", "1E-3", "'0.001'", "+1e-03"])
def test_number_that_yaml_takes_for_text(text):
    config = without_text(with_settings(f"autoencoder: {{learning_rate: {text}}}"), SCHEMA)
    assert repr(config) == repr(with_settings("autoencoder: {learning_rate: 0.001}"))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (f"datasets: {{my: {{format: npz, source: '123', sha256: '{64 * '1'}'}}}}", ["datasets", "my"]),
        ("datasets: {my: {format: npz, source: 'null', sha256: null}}", ["datasets", "my"]),
        ("datasets: {my: {format: folder, source: 'true', classes: none}}", ["datasets", "my"]),
        ("{dataset: '2020', datasets: {'2020': {format: digits}}}", []),
    ],
)
def test_text_stays_where_it_is_allowed(text, keys):
    given = with_settings(text)
    config = without_text(given, SCHEMA)
    assert repr(config) == repr(given)
    assert validation_errors(config, SCHEMA) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("autoencoder: {epochs: '10.0'}", f"autoencoder.epochs is '10.0'; {POSITIVE}"),
        ("autoencoder: {epochs: 'true'}", f"autoencoder.epochs is 'true'; {POSITIVE}"),
        ("autoencoder: {epochs: 1e3}", f"autoencoder.epochs is '1e3'; {POSITIVE}"),
        ("autoencoder: {epochs: '0'}", f"autoencoder.epochs is 0; {POSITIVE}"),
        ("autoencoder: {epochs: null}", f"autoencoder.epochs is null; {POSITIVE}"),
        ("autoencoder: {epochs: 'null'}", f"autoencoder.epochs is 'null'; {POSITIVE}"),
        ("autoencoder: {epochs: '3: ['}", f"autoencoder.epochs is '3: ['; {POSITIVE}"),
        ("autoencoder: {learning_rate: 'nan'}", f"autoencoder.learning_rate is 'nan'; {RATE}"),
        ("autoencoder: {learning_rate: '1e999'}", f"autoencoder.learning_rate is '1e999'; {RATE}"),
        ("autoencoder: {mixed_precision: '1'}", "autoencoder.mixed_precision is '1'; allowed: true or false"),
        ("clustering: {n_clusters: ['3', 3]}", f"clustering.n_clusters is [3, 3]; {WHOLE_NUMBERS}"),
        ("datasets: {cifar10: {sha256: '123'}}", f"datasets.cifar10.sha256 is '123'; {SHA256}"),
    ],
)
def test_text_that_is_nothing_allowed_is_refused(text, line):
    assert validation_errors(without_text(with_settings(text), SCHEMA), SCHEMA) == [line]


def external_errors(settings, others=""):
    """What is said of features that were made elsewhere, called mine."""
    config = with_settings(f"{{features: [pixels, mine], external: {{mine: {settings}}}{others}}}")
    config["clustering"]["splits"] = ["test"]
    lines = validation_errors(config, load_schema(ROOT / "rules" / "config.schema.yaml", names_of(config)))
    return lines or split_errors(config, ["train", "test"])


@pytest.mark.parametrize(
    "settings",
    [
        "{source: /data/mine.npy}",
        "{source: [a.npy, {train: b.h5, test: c.h5}], key: rows, file_column: names, normalize: l2}",
        "{source: {test: a.csv}, files: {test: a.txt}, normalize: none}",
    ],
)
def test_external_features_that_are_allowed(settings):
    assert external_errors(settings) == []


PATHS = "a path, or a mapping of train and test to paths"


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ("a.npy", "external.mine is 'a.npy'; allowed: a mapping with a source"),
        (
            "{key: rows}",
            "external.mine.source is missing; allowed: a path; a mapping of train and test to paths; or",
        ),
        ("{source: []}", "external.mine.source is []; allowed: a path; a mapping"),
        ("{source: 3}", "external.mine.source is 3; allowed: a path without braces"),
        ("{source: 'a{1}.npy'}", "external.mine.source is 'a{1}.npy'; allowed: a path without braces"),
        ("{source: {val: a.npy}}", "external.mine.source.val is not a setting; allowed here: train, test"),
        ("{source: {train: a.npy}}", "external.mine.source has no test, which is to be clustered"),
        ("{source: a.npy, normalise: l2}", "external.mine.normalise is not a setting; allowed here: source, key"),
        ("{source: a.npy, normalize: l1}", "external.mine.normalize is 'l1'; allowed: none, l2, standardize"),
        ("{source: a.npz, files: a.txt, file_column: b}", "external.mine has both files and file_column; one of"),
    ],
)
def test_faults_of_external_features(settings, line):
    (found,) = external_errors(settings)
    assert found.startswith(line)


@pytest.mark.parametrize("name", ["nan", "my own", "1st", "a/b"])
def test_names_that_external_features_cannot_have(name):
    config = with_settings(f"external: {{'{name}': {{source: a.npy}}}}")
    (found,) = validation_errors(config, SCHEMA)
    assert found.startswith(f"external.{name} is not a setting; allowed here: names of letters")


def test_external_features_with_a_name_that_is_taken():
    config = with_settings("{external: {pixels: {source: a.npy}}}")
    assert validation_errors(config, SCHEMA) == ["external.pixels has the name of other features; give it another"]


def clustering_errors(settings, others=""):
    """What is said of a clustering that was made elsewhere, called mine."""
    config = with_settings(f"{{clusterings: {{mine: {settings}}}{others}}}")
    config["clustering"]["splits"] = config["clustering"]["splits"] or ["test"]
    return validation_errors(config, SCHEMA) or split_errors(config, ["train", "test"])


@pytest.mark.parametrize(
    "settings",
    [
        "{source: /data/labels.csv}",
        "{source: [a.npy, {train: b.h5, test: c.h5}], key: rows, file_column: names}",
        "{source: {test: a.csv}, files: {test: a.txt}}",
    ],
)
def test_clusterings_that_are_allowed(settings):
    assert clustering_errors(settings) == []


@pytest.mark.parametrize(
    ("settings", "others", "line"),
    [
        ("a.npy", "", "clusterings.mine is 'a.npy'; allowed: a mapping with a source"),
        ("{key: rows}", "", "clusterings.mine.source is missing; allowed: a path; a mapping"),
        (
            "{source: a.npy, normalize: l2}",
            "",
            "clusterings.mine.normalize is not a setting; allowed here: source,",
        ),
        ("{source: {train: a.npy}}", "", "clusterings.mine.source has no test, which is to be clustered"),
        (
            "{source: {test: a.npy}}",
            ", clustering: {splits: {pixels: [test], autoencoder: [train]}}",
            "clusterings.mine.source has no train, which is to be clustered",
        ),
        ("{source: a.npz, files: a.txt, file_column: b}", "", "clusterings.mine has both files and file_column"),
        (
            "{source: a.npy}",
            ", evaluation: {cross_space_scores: false}",
            "evaluation.cross_space_scores is false; with clusterings it has to be true",
        ),
        (
            "{source: a.npy}",
            ", external: {mine: {source: b.npy}}",
            "clusterings.mine has the name of other features",
        ),
    ],
)
def test_faults_of_clusterings(settings, others, line):
    (found,) = clustering_errors(settings, others)
    assert found.startswith(line)


@pytest.mark.parametrize(
    ("section", "settings", "line"),
    [
        ("keras", "model: a.keras, side: 8, mean: [0, 0, 0], std: [1, 1, 1], output: null, normalize: l2", None),
        (
            "keras",
            "model: a.h5, side: 8, mean: [0, 0, 0], std: [1, 1, 1]",
            "keras.mine.model is 'a.h5'; allowed: a path without braces that ends in .keras",
        ),
        (
            "keras",
            "model: a.keras, side: 8, mean: [0, 0, 0], std: [1, 0, 1]",
            "keras.mine.std[1] is 0; allowed: a number above 0",
        ),
        (
            "keras",
            "model: a.keras, side: 8, mean: [0, 0, 0], std: [1, 1, 1], provider: CPU",
            "keras.mine.provider is not a setting; "
            "allowed here: model, side, mean, std, output, normalize, batch_size",
        ),
        (
            "onnx",
            "model: a.onnx, side: 8, mean: [0, 0], std: [1, 1, 1]",
            "onnx.mine.mean is [0, 0]; allowed: three numbers, of red, green and blue",
        ),
    ],
)
def test_encoders_in_files(section, settings, line):
    config = with_settings(f"{{features: [mine], {section}: {{mine: {{{settings}}}}}}}")
    schema = load_schema(ROOT / "rules" / "config.schema.yaml", names_of(config))
    assert validation_errors(config, schema) == ([line] if line else [])


@pytest.mark.parametrize(
    ("features", "others", "line"),
    [
        ("a: {source: a.npy}, b: {source: b.npy}", "", None),
        ("a: {source: a.npy, files: a.txt}, b: {source: b.csv, file_column: id}", "", None),
        ("a: {source: a.npy}, b: {source: b.csv, file_column: id}", ", classes: c.csv, name_column: id", None),
        (
            "a: {source: a.npy, files: a.txt}, b: {source: b.npy}",
            "",
            "external.b does not say how its rows are called, and external.a does; "
            "give it files or file_column too",
        ),
        (
            "a: {source: a.npy}, b: {source: b.npy, files: b.txt}",
            "",
            "external.b says how its rows are called, and external.a, the first of the features, does not; give "
            "files or file_column to both, or to neither if all rows are in one order",
        ),
    ],
)
def test_rows_of_vectors_have_names_everywhere_or_nowhere(features, others, line):
    dataset = f"dataset: x, datasets: {{x: {{format: vectors{others}}}}}"
    config = with_settings(f"{{{dataset}, features: [a, b], external: {{{features}}}}}")
    schema = load_schema(ROOT / "rules" / "config.schema.yaml", names_of(config))
    assert validation_errors(config, schema) == ([line] if line else [])


def test_clusterings_of_vectors_have_names_as_the_features_have():
    external = {"a": {"source": "a.npy", "file_column": "id"}}
    config = {"dataset": "x", "datasets": {"x": {"format": "vectors"}}, "features": ["a"], "external": external}
    config = with_settings(yaml.dump(config | {"clusterings": {"mine": {"source": "b.csv"}}}))
    schema = load_schema(ROOT / "rules" / "config.schema.yaml", names_of(config))
    (line,) = validation_errors(config, schema)
    assert line.startswith("clusterings.mine does not say how its rows are called, and external.a does")


def test_encoders_in_two_files_of_one_name():
    settings = "{model: a.keras, side: 8, mean: [0, 0, 0], std: [1, 1, 1]}"
    config = with_settings(f"{{onnx: {{mine: {settings}}}, keras: {{mine: {settings}}}}}")
    assert validation_errors(config, SCHEMA) == ["keras.mine has the name of other features; give it another"]


@pytest.mark.parametrize(
    ("wanted", "splits", "lines"),
    [
        (["test"], ["train", "test"], []),
        (["all"], ["all"], []),
        (["train", "all"], None, []),  # not known before the download
        (
            ["train", "test"],
            ["all"],
            [
                "clustering.splits is ['train', 'test'], and cifar10 has no splits; leave it out, or set "
                "datasets.cifar10.test_fraction"
            ],
        ),
        (
            {"pixels": ["all"], "autoencoder": ["train"]},
            ["train", "test"],
            [
                "clustering.splits.pixels is ['all'], and cifar10 comes with train and test; name one of these, "
                "or both"
            ],
        ),
    ],
)
def test_splits_have_to_be_those_of_the_dataset(wanted, splits, lines):
    assert split_errors(with_settings(f"clustering: {{splits: {wanted}}}"), splits) == lines


def test_vectors_have_no_splits_to_make():
    config = with_settings("{dataset: x, datasets: {x: {format: vectors}}, clustering: {splits: [test]}}")
    assert split_errors(config, ["all"]) == ["clustering.splits is ['test'], and x has no splits; leave it out"]


def test_limits_of_invariant_are_those_of_the_features():
    assert (invariant.N_COMPONENTS, training_views.ROWS) == (256, 16)  # as in lib/workflow/config.py
