"""What a configuration asks for: the files that the rules make, as paths below the folder of its dataset."""

import re
from collections.abc import Iterable

from lib.features.kinds import KINDS
from lib.workflow.config import clustered_splits


class Targets:
    """The feature spaces, clusterings, scores and figures that a checked configuration asks for.

    A feature space is `{kind}`, or `{kind}/seed{N}` where it is learned from a seed.

    Parameters
    ----------
    config
        All settings.

    Examples
    --------
    >>> clustering = {"splits": ["test"], "n_clusters": [10], "seeds": [0, 1]}
    >>> sections = {"external": {}, "script": {}, "clusterings": {}}
    >>> Targets({"features": ["pixels"], "clustering": clustering, **sections}).clusterings()
    ['pixels/test/k10/seed0', 'pixels/test/k10/seed1']
    """

    def __init__(self, config: dict):
        self.config = config
        self.kinds: list[str] = config["features"]

    def model_seeds(self, kind: str) -> list[int]:
        """The seeds that a kind is learned from. Of several arrays made elsewhere, their numbers; else none."""
        if kind in self.config["external"]:
            source = self.config["external"][kind]["source"]
            return list(range(len(source))) if isinstance(source, list) else []
        if kind in self.config["script"]:
            return self.config["script"][kind].get("seeds", [])
        return self.config[kind]["seeds"] if kind in KINDS and KINDS[kind].learned_files else []

    def is_learned(self, space: str) -> bool:
        """Whether a feature space is one of several models that there might be."""
        return bool(self.model_seeds(space.partition("/")[0]))

    def features_pattern(self, kinds: Iterable[str]) -> str:
        """A regular expression for the feature spaces of some kinds, which matches nothing if there are none."""
        patterns = [re.escape(kind) + (r"/seed(?:0|[1-9]\d*)" if self.model_seeds(kind) else "") for kind in kinds]
        return "|".join(patterns) or "(?!)"

    def feature_spaces(self, kind: str) -> list[str]:
        """The feature spaces of a kind: one for each seed that it is learned from."""
        return [f"{kind}/seed{seed}" for seed in self.model_seeds(kind)] or [kind]

    def learned_files(self) -> list[str]:
        """What is learned to make the features, each file once."""
        files = [
            file.format(seed=seed)
            for kind in self.kinds
            if kind in KINDS
            for seed in self.model_seeds(kind)
            for file in KINDS[kind].learned_files
        ]
        return list(dict.fromkeys(files))

    def autoencoders(self) -> list[str]:
        """The folders of the autoencoders that are trained."""
        return self.feature_spaces("autoencoder") if "autoencoder" in self.kinds else []

    def clustered_features(self) -> list[str]:
        """What is clustered: `{space}/{split}`."""
        splits = self.config["clustering"]["splits"]
        return [
            f"{space}/{split}"
            for kind in self.kinds
            for space in self.feature_spaces(kind)
            for split in (splits[kind] if isinstance(splits, dict) else splits)
        ]

    def clusterings(self) -> list[str]:
        """The clusterings: `{space}/{split}/k{k}/seed{seed}`, and those that were made elsewhere."""
        settings = self.config["clustering"]
        made_here = [
            f"{features}/k{k}/seed{seed}"
            for features in self.clustered_features()
            for k in settings["n_clusters"]
            for seed in settings["seeds"]
        ]
        return made_here + self.imported()

    def clusterings_by_job(self) -> list[list[tuple[int, int]]]:
        """Each k and seed of k-means, as many together as one job clusters."""
        settings = self.config["clustering"]
        return _batches(
            [(k, seed) for k in settings["n_clusters"] for seed in settings["seeds"]],
            settings["clusterings_per_job"],
        )

    def ks_by_job(self) -> list[list[int]]:
        """The k, as many together as one job scores the clusterings of all seeds of, or clusters halves into.

        Not by the number of seeds: one seed more would sort all k into other jobs.
        """
        settings = self.config["clustering"]
        return _batches(settings["n_clusters"], settings["clusterings_per_job"] // 10 or 1)

    def scored_groups_by_job(self) -> list[list[str]]:
        """The groups of clusterings that a space scores, as many together as one job does.

        A group are those into `k{k}` clusters, or all that are `imported`. Where many jobs share out the pairs of
        images, one group has jobs enough.
        """
        has_chunks = self.config["evaluation"]["n_chunks"] > 1
        ks = [[k] for k in self.config["clustering"]["n_clusters"]] if has_chunks else self.ks_by_job()
        imported = [["imported"]] if self.config["clusterings"] else []
        return [[f"k{k}" for k in some] for some in ks] + imported

    def layout_scored_in(self, space: str, split: str, groups: list[str]) -> dict[str, list]:
        """The clusterings of some groups that a space scores, as options like `layout_options`."""
        if groups == ["imported"]:
            return {"imported": [x for x in self.imported() if x.split("/")[1] == split]}
        return {
            "clustered_features": self.features_scored_in(space, split),
            "n_clusters": [int(group.removeprefix("k")) for group in groups],
            "seeds": self.config["clustering"]["seeds"],
        }

    def clusterings_scored_in(self, space: str, split: str, groups: list[str]) -> list[str]:
        """The clusterings of some groups that a space scores, as `clusterings` names them."""
        layout = self.layout_scored_in(space, split, groups)
        return layout.get("imported") or [
            f"{features}/k{k}/seed{seed}"
            for features in layout["clustered_features"]
            for k in layout["n_clusters"]
            for seed in layout["seeds"]
        ]

    def runs(self, name: str) -> list[int]:
        """The numbers of the runs of a clustering that was made elsewhere."""
        source = self.config["clusterings"][name]["source"]
        return list(range(len(source))) if isinstance(source, list) else [0]

    def imported(self) -> list[str]:
        """The clusterings that were made elsewhere: `{name}/{split}/run{run}`."""
        return [
            f"{name}/{split}/run{run}"
            for name in self.config["clusterings"]
            for split in clustered_splits(self.config)
            for run in self.runs(name)
        ]

    def evaluation_spaces(self, space: str, kind: str) -> list[str]:
        """The spaces of a kind that the clusterings of a space are scored in. In its own kind, that is itself."""
        if space in self.feature_spaces(kind):
            return [space]
        return self.feature_spaces(kind) if self.config["evaluation"]["cross_space_scores"] else []

    def scores(self) -> list[str]:
        """The scores of the clusterings of all spaces and seeds in one space: `{evaluation space}/{split}/k{k}`.

        Those of all clusterings that were made elsewhere are `{evaluation space}/{split}/imported`.
        """
        splits = dict.fromkeys(clustering.split("/")[1] for clustering in self.imported())
        return [
            f"{features}/k{k}" for features in self.features() for k in self.config["clustering"]["n_clusters"]
        ] + [
            f"{space}/{split}/imported"
            for split in splits
            for kind in self.kinds
            for space in self.feature_spaces(kind)
        ]

    def features_scored_in(self, space: str, split: str) -> list[str]:
        """What is clustered, of a split, and scored in a space: `{space}/{split}`."""
        return [
            features
            for features in self.clustered_features()
            for made_in, _, other in [features.rpartition("/")]
            if other == split and any(space in self.evaluation_spaces(made_in, kind) for kind in self.kinds)
        ]

    def compared_features(self) -> list[str]:
        """What is clustered in a split in which there is another kind of features: `{space}/{split}`."""
        clustered = self.clustered_features()
        kinds: dict[str, set[str]] = {}
        for features in clustered:
            kinds.setdefault(features.rpartition("/")[2], set()).add(features.partition("/")[0])
        return [features for features in clustered if len(kinds[features.rpartition("/")[2]]) > 1]

    def has_comparison(self) -> bool:
        """Whether there are two feature spaces of the same images, or a clustering that was made elsewhere."""
        return bool(self.compared_features() or self.config["clusterings"])

    def halves(self) -> list[str]:
        """The clusterings of halves of the images: `{space}/{split}/k{k}`."""
        ks = self.config["clustering"]["n_clusters"]
        return [f"{features}/k{k}" for features in self.compared_features() for k in ks]

    def half_scores(self) -> list[str]:
        """The scores of the clusterings of halves, all in one space: `{evaluation space}/{split}/k{k}`."""
        return [
            f"{features}/k{k}"
            for features in self.features()
            if self.spaces_scored_in(*features.rsplit("/", 1))
            for k in self.config["clustering"]["n_clusters"]
        ]

    def spaces_scored_in(self, space: str, split: str) -> list[str]:
        """The spaces whose clusterings of halves of a split are scored in a space."""
        compared = self.compared_features()
        return [x.rpartition("/")[0] for x in self.features_scored_in(space, split) if x in compared]

    def features(self) -> list[str]:
        """The features to cluster and those to score in: `{space}/{split}`, each once."""
        found = {
            f"{other}/{split}"
            for space, _, split in (features.rpartition("/") for features in self.clustered_features())
            for kind in self.kinds
            for other in self.evaluation_spaces(space, kind)
        }
        return sorted(found)

    def layout_options(self) -> dict[str, list]:
        """What `lib.workflow.layout.Results` takes as options: a list of files would be too long for a command."""
        settings = {key: self.config["clustering"][key] for key in ("n_clusters", "seeds")}
        settings["clustered_features"] = self.clustered_features()
        if self.config["evaluation"]["cross_space_scores"]:
            settings["spaces"] = [space for kind in self.kinds for space in self.feature_spaces(kind)]
        if self.config["clusterings"]:
            settings["imported"] = self.imported()
        if has_hidden_classes(self.config, self.config["dataset"]):
            settings["no_classes"] = []
        return settings

    def settings_of(self, dataset: str) -> dict:
        """All settings that concern a dataset."""
        return self.config | {"dataset": dataset, "datasets": {dataset: self.config["datasets"][dataset]}}

    def shown_k(self) -> int:
        """The number of clusters to show and to talk about."""
        return self.config["report"]["n_clusters"] or self.config["clustering"]["n_clusters"][0]

    def shown_clusterings(self) -> list[str]:
        """The clusterings to show pictures of: of the shown k, and of the first of all seeds or runs."""
        first = [self.feature_spaces(kind)[0] for kind in self.kinds]
        seed = self.config["clustering"]["seeds"][0]
        return [
            f"{features}/k{self.shown_k()}/seed{seed}"
            for features in self.clustered_features()
            if features.rpartition("/")[0] in first
        ] + [clustering for clustering in self.imported() if clustering.endswith("/run0")]

    def shown_space(self) -> str:
        """The space in which clusterings that were made elsewhere are shown: the first of all."""
        return self.feature_spaces(self.kinds[0])[0]

    def shown_features(self) -> list[str]:
        """The features that the distances of the shown clusterings are in: `{space}/{split}`, each once."""
        return list(dict.fromkeys(self._in_shown_space(path)[0] for path in self.shown_clusterings()))

    def shown_scores(self) -> list[str]:
        """The scores of the shown clusterings, as `scores` has them, in the spaces of `shown_features`."""
        return list(dict.fromkeys("/".join(self._in_shown_space(path)) for path in self.shown_clusterings()))

    def _in_shown_space(self, clustering: str) -> tuple[str, str]:
        """The features that show a clustering, of its own space or of the first of all, and its file of scores."""
        if clustering in self.imported():
            return f"{self.shown_space()}/{clustering.split('/')[1]}", "imported"
        features, k, _ = clustering.rsplit("/", 2)
        return features, k

    def assigned_clusterings(self) -> list[str]:
        """The clusterings that assignments.csv lists."""
        is_all = self.config["report"]["assignments"] == "all"
        return self.clusterings() if is_all else self.shown_clusterings()

    def exported_clusterings(self) -> list[str]:
        """The clusterings by which images are sorted into folders, on request."""
        chosen = self.config["export"]["clusterings"]
        return self.shown_clusterings() if chosen is None else chosen

    def export_errors(self) -> list[str]:
        """What is wrong with the clusterings to export, with what there is instead."""
        found = self.clusterings()
        unknown = [clustering for clustering in self.exported_clusterings() if clustering not in found]
        if not unknown:
            return []
        settings = self.config["clustering"]
        ends = f"k{_one_of(settings['n_clusters'])}/seed{_one_of(settings['seeds'])}"
        there = [f"{features}/{ends}" for features in self.clustered_features()] + self.imported()
        return [
            f"export.clusterings names {unknown[0]}, and there is no such clustering; there is {', '.join(there)}"
        ]

    def figures(self) -> list[str]:
        """All figures."""
        of_clusterings = ["silhouettes", "contents", "map"]
        if self.config["datasets"][self.config["dataset"]]["format"] != "vectors":
            of_clusterings += ["montage", "centroids", "dunn"]
        return [
            *(["figures/answer.png"] if self.has_comparison() else []),
            "figures/scores.png",
            *(f"{model}/{figure}.png" for model in self.autoencoders() for figure in ("loss", "reconstructions")),
            *(
                f"figures/{clustering}/{figure}.png"
                for clustering in self.shown_clusterings()
                for figure in of_clusterings
            ),
        ]


def _one_of(numbers: list[int]) -> str:
    """Numbers to choose from, as a shell writes them."""
    return str(numbers[0]) if len(numbers) == 1 else "{" + ",".join(map(str, numbers)) + "}"


def has_hidden_classes(config: dict, dataset: str) -> bool:
    """Whether the scores, the figures and the report are to do without the classes that a dataset may have.

    Examples
    --------
    >>> has_hidden_classes({"datasets": {"mine": {"format": "folder", "classes": "none"}}}, "mine")
    True
    """
    settings = config["datasets"][dataset]
    return settings["format"] == "folder" and settings.get("classes") == "none"


def centroid_images(clustering: str) -> list[str]:
    """The file of what a decoder makes of a clustering's centroids, if its features have a decoder."""
    kind = KINDS.get(clustering.partition("/")[0])
    return [f"centroids/{clustering}.h5"] if kind and kind.has_decoder else []


def _batches(values: list, size: int) -> list[list]:
    return [values[start : start + size] for start in range(0, len(values), size)]
