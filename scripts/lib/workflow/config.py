"""The settings: defaults, renamed keys and the check. Only the rules read settings; scripts get arguments."""

import copy
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from lib.features.kinds import KINDS, NAMED

# Keys that had another name before, and their names now.
RENAMED_KEYS = {
    "views": "invariant",
    "patches.n_words": "patches.n_atoms",
    "patches.reductions": "patches.downsampling",
    "clustering.splits.views": "clustering.splits.invariant",
    "evaluation.common_spaces": "evaluation.cross_space_scores",
    "evaluation.n_parts": "evaluation.n_chunks",
    "report.map": "report.projection",
}
# Likewise values, by the key that they belong to, without the numbers of a list.
RENAMED_VALUES = {
    ("features", "views"): "invariant",
    ("autoencoder.initializer", "upright"): "sign_corrected",
}

# As YAML means them: 10.0 is no integer, true no number, .nan no weight.
_TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many(
    {
        "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
        "number": lambda _, value: (
            isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
        ),
    }
)
_Validator = validators.extend(Draft202012Validator, type_checker=_TYPES)


def load_schema(path: Path, kinds: Iterable[str] = KINDS) -> dict:
    """Load the schema of the settings, in which `features` may be any of some kinds.

    Parameters
    ----------
    path
        A JSON schema as YAML. Each `description` completes the sentence "allowed: …".
    kinds
        The names of all kinds of features, also those of the user's own.
    """
    kinds = list(map(str, kinds))
    schema = yaml.safe_load(path.read_text())
    features = schema["properties"]["features"]["items"]
    by_features = schema["properties"]["clustering"]["properties"]["splits"]["then"]["propertyNames"]
    for names in (features, by_features):
        names.update(enum=kinds, description=f"{', '.join(kinds)}, or a name below {' or '.join(NAMED)}")
    return schema


def with_defaults(config: dict, defaults: dict) -> dict:
    """A configuration with the default of each setting that it leaves out.

    Examples
    --------
    >>> with_defaults({"pca": {"whiten": True}}, {"pca": {"whiten": False, "n_components": 50}})
    {'pca': {'whiten': True, 'n_components': 50}}
    """
    result = copy.deepcopy(defaults)
    for key, value in config.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = with_defaults(value, result[key]) if both else copy.deepcopy(value)
    return result


def without_text(config: dict, schema: dict) -> dict:
    """A configuration in which text that stands for a number, true, false or null is replaced by it.

    Snakemake reads all that is inside a value of `--config` as text, and YAML reads 1e-3 as text. Text stays
    where the schema allows it, and where it stands for nothing that the schema wants.

    Examples
    --------
    >>> schema = {"properties": {"n": {"type": "integer"}, "name": {"type": "string"}}}
    >>> without_text({"n": "3", "name": "3"}, schema)
    {'n': 3, 'name': '3'}
    """
    config = copy.deepcopy(config)
    changed = True
    while changed:  # a list whose text is replaced may have other errors
        changed = False
        for error in _Validator(schema).iter_errors(config):
            if not isinstance(error.instance, str) or not error.path:
                continue
            value = _value(error.instance)
            if _is_wanted(value, error.schema):
                *path, last = error.absolute_path
                settings = config
                for key in path:
                    settings = settings[key]
                settings[last] = value
                changed = True
    return config


def _value(text: str) -> object:
    """What a text says in YAML, or as a number."""
    for read in (yaml.safe_load, float):
        try:
            value = read(text)
        except (ValueError, yaml.YAMLError):
            continue
        if not isinstance(value, str):
            return value
    return text


def _is_wanted(value: object, schema: dict) -> bool:
    wanted = schema.get("type", [])
    return any(
        _TYPES.is_type(value, kind)
        for kind in ([wanted] if isinstance(wanted, str) else wanted)
        if kind in ("integer", "number", "boolean", "null")
    )


def validation_errors(config: dict, schema: dict) -> list[str]:
    """What is wrong with a configuration.

    Returns
    -------
    A line for each error, with the key, its value and what is allowed, or with the new name of what was renamed.

    Examples
    --------
    >>> whole = {"type": "integer", "description": "a whole number"}
    >>> validation_errors({"n": "three"}, {"properties": {"n": whole}})
    ["n is 'three'; allowed: a whole number"]
    """
    errors = sorted(_Validator(schema).iter_errors(config), key=lambda error: error.json_path)
    lines = [line for error in errors for line in _describe(error)]
    if lines:
        return list(dict.fromkeys(lines))
    if config["dataset"] not in config["datasets"]:
        lines.append(f"dataset is {config['dataset']!r}; allowed: {', '.join(config['datasets'])}")
    for name, settings in config["datasets"].items():
        if "luma" in settings and abs(sum(settings["luma"]) - 1) > 0.01:
            lines.append(f"datasets.{name}.luma is {settings['luma']}; allowed: three weights that add up to 1")
    if config["datasets"].get(config["dataset"], {}).get("format") == "vectors":
        lines += [
            f"features lists {name}, which needs images, and {config['dataset']} has vectors alone; name features "
            "below external"
            for name in config["features"]
            if name not in config["external"]
        ]
        lines += _unequally_named(config)
    for name, settings in config["datasets"].items():
        for key in ("class_columns", "name_column"):
            if key in settings and "classes" not in settings:
                lines.append(f"datasets.{name}.{key} is about the table of `classes`, which is missing")
    splits = config["clustering"]["splits"]
    if isinstance(splits, dict):
        for features in config["features"]:
            if features not in splits:
                lines.append(f"clustering.splits.{features} is missing, and features lists {features}")
    taken = set(KINDS)
    for section in (*NAMED, "clusterings"):
        for name in config[section]:
            if name in taken:
                lines.append(f"{section}.{name} has the name of other features; give it another")
            taken.add(name)
    for name, settings in config["external"].items():
        if "files" in settings and "file_column" in settings:
            lines.append(_both_names(f"external.{name}"))
    for name, settings in config["clusterings"].items():
        if "files" in settings and "file_column" in settings:
            lines.append(_both_names(f"clusterings.{name}"))
    if config["clusterings"] and not config["evaluation"]["cross_space_scores"]:
        lines.append(
            "evaluation.cross_space_scores is false; with clusterings it has to be true, as these are scored in "
            "the spaces of features"
        )
    lines += _invariant_errors(config["invariant"])
    shown, ks = config["report"]["n_clusters"], config["clustering"]["n_clusters"]
    if shown is not None and shown not in ks:
        lines.append(f"report.n_clusters is {shown}; allowed: one of clustering.n_clusters, which is {ks}")
    return lines


def _invariant_errors(settings: dict) -> list[str]:
    """What is wrong with how many components or chunks there should be."""
    # 256 and 16 are those of lib.features.invariant and training_views, which take half a second to import.
    lines = []
    n_numbers = settings["n_prototypes"] + 256
    if settings["n_components"] > n_numbers:
        lines.append(
            f"invariant.n_components is {settings['n_components']}; allowed: no more than invariant.n_prototypes "
            f"+ 256, which is {n_numbers}"
        )
    n_pieces = -(-settings["n_images"] // 16)  # of images whose views are made together
    if settings["n_chunks"] > n_pieces:
        lines.append(
            f"invariant.n_chunks is {settings['n_chunks']}; allowed: no more than a sixteenth of "
            f"invariant.n_images, which is {n_pieces}"
        )
    return lines


def _unequally_named(config: dict) -> list[str]:
    """Of vectors without classes: what has names where the first features have none, or none where these have."""
    external, first = config["external"], config["features"][0]
    if "classes" in config["datasets"][config["dataset"]] or first not in external:
        return []
    parts = {f"external.{name}": external[name] for name in config["features"] if name in external}
    parts |= {f"clusterings.{name}": settings for name, settings in config["clusterings"].items()}
    named = {key for key, settings in parts.items() if {"files", "file_column"} & settings.keys()}
    if f"external.{first}" in named:
        return [
            f"{key} does not say how its rows are called, and external.{first} does; give it files or file_column "
            "too"
            for key in parts
            if key not in named
        ]
    return [
        f"{key} says how its rows are called, and external.{first}, the first of the features, does not; give "
        "files or file_column to both, or to neither if all rows are in one order"
        for key in parts
        if key in named
    ]


def _both_names(key: str) -> str:
    return f"{key} has both files and file_column; one of them says which row is of which image"


def clustered_splits(config: dict) -> list[str]:
    """The splits that are clustered in some feature space, each once.

    Examples
    --------
    >>> splits = {"pixels": ["test"], "pca": ["train", "test"]}
    >>> clustered_splits({"features": ["pixels", "pca"], "clustering": {"splits": splits}})
    ['test', 'train']
    """
    splits = config["clustering"]["splits"]
    if isinstance(splits, dict):
        splits = [split for features in config["features"] for split in splits.get(features, [])]
    return list(dict.fromkeys(splits))


def split_errors(config: dict, splits: list[str] | None) -> list[str]:
    """What is wrong with the splits that a checked configuration clusters.

    Parameters
    ----------
    config
        All settings; `clustering.splits` says which splits.
    splits
        Those of the dataset; None: not known.

    Examples
    --------
    >>> config = {"dataset": "photos", "features": ["pixels"], "clustering": {"splits": ["test"]}}
    >>> config |= {"external": {}, "clusterings": {}, "datasets": {"photos": {"format": "folder"}}}
    >>> split_errors(config, ["all"])
    ["clustering.splits is ['test'], and photos has no splits; leave it out, or set datasets.photos.test_fraction"]
    """
    wanted, dataset = config["clustering"]["splits"], config["dataset"]
    lines = []
    for kind, of_kind in (wanted if isinstance(wanted, dict) else {"": wanted}).items():
        if splits is not None and not set(of_kind) <= set(splits):
            key = f"clustering.splits.{kind}" if kind else "clustering.splits"
            if splits == ["all"]:
                has, instead = "has no splits", "leave it out"
                if config["datasets"][dataset]["format"] != "vectors":
                    instead += f", or set datasets.{dataset}.test_fraction"
            else:
                has, instead = f"comes with {' and '.join(splits)}", "name one of these, or both"
            lines.append(f"{key} is {of_kind}, and {dataset} {has}; {instead}")
    for name, settings in config["external"].items():
        if name in config["features"]:
            of_name = wanted[name] if isinstance(wanted, dict) else wanted
            lines += _external_errors(f"external.{name}", settings, of_name)
    for name, settings in config["clusterings"].items():
        lines += _external_errors(f"clusterings.{name}", settings, clustered_splits(config))
    return lines


def _external_errors(key: str, settings: dict, splits: list[str]) -> list[str]:
    """What is wrong with the files of what was made elsewhere."""
    sources = settings["source"] if isinstance(settings["source"], list) else [settings["source"]]
    lines = []
    for of_key, values in (("source", sources), ("files", [settings.get("files", "")])):
        for value in values:
            if isinstance(value, dict):
                missing = [split for split in splits if split not in value]
                lines += [f"{key}.{of_key} has no {split}, which is to be clustered" for split in missing]
    return lines


def _describe(error: ValidationError) -> list[str]:
    key = error.json_path.removeprefix("$").removeprefix(".")
    prefix = f"{key}." if key else ""
    if error.validator == "additionalProperties":
        unknown = [name for name in error.instance if name not in error.schema["properties"]]
        return [_unknown(f"{prefix}{name}", ", ".join(error.schema["properties"])) for name in unknown]
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        properties = error.schema.get("properties", {})
        return [f"{prefix}{name} is missing; allowed: {properties[name]['description']}" for name in missing]
    allowed = error.schema["description"]
    if "propertyNames" in error.schema_path:
        return [_unknown(f"{prefix}{error.instance}", allowed)]
    renamed = RENAMED_VALUES.get((re.sub(r"\[\d+\]", "", key), str(error.instance)))
    if renamed:
        return [f"{key} is {error.instance!r}, which is now called {renamed!r}"]
    value = repr(error.instance)
    if error.instance is None or isinstance(error.instance, bool):
        value = json.dumps(error.instance)  # null, true and false, as the file has them
    return [f"{key or 'the configuration'} is {value}; allowed: {allowed}"]


def _unknown(key: str, allowed: str) -> str:
    if key in RENAMED_KEYS:
        return f"{key} is now called {RENAMED_KEYS[key]}; rename it"
    return f"{key} is not a setting; allowed here: {allowed}"
