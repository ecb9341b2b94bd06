"""Where the results of each clustering are, and reading them."""

import argparse
from pathlib import Path
from typing import NamedTuple


class Space(NamedTuple):
    """A feature space: {kind}, or {kind}/seed{N} if a model learnt it that began from a seed."""

    path: str

    @property
    def kind(self) -> str:
        return self.path.partition("/")[0]

    @property
    def model_seed(self) -> int | None:
        seed = self.path.partition("/seed")[2]
        return int(seed) if seed else None


class Clustering(NamedTuple):
    """One clustering."""

    space: Space  # that it was made in
    split: str
    k: int
    seed: int

    @property
    def path(self) -> str:
        return f"{self.space.path}/{self.split}/k{self.k}/seed{self.seed}"


class Results:
    """The results of a dataset below a folder, as the workflow lays them out."""

    def __init__(self, args: argparse.Namespace):
        self.folder: Path = args.results
        self.groups = []
        for group in args.groups:
            space, _, split = group.rpartition("/")
            self.groups.append((Space(space), split))
        self.n_clusters: list[int] = args.n_clusters
        self.seeds: list[int] = args.seeds
        self.spaces = [Space(path) for path in args.spaces]

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        # Not a list of files: thousands of them are more than a command line holds.
        parser.add_argument("--results", type=Path, required=True, help="the folder of a dataset")
        parser.add_argument(
            "--groups", nargs="+", required=True, metavar="FEATURES/SPLIT", help="what is clustered"
        )
        parser.add_argument("--n-clusters", type=int, nargs="+", required=True)
        parser.add_argument("--seeds", type=int, nargs="+", required=True)
        parser.add_argument(
            "--spaces", nargs="+", default=[], metavar="FEATURES", help="that all clusterings are scored in"
        )

    @property
    def model_seeds(self) -> dict[str, set[int]]:
        """Of each kind of features that is learnt from a seed, these seeds."""
        found: dict[str, set[int]] = {}
        for space, _ in self.groups:
            if space.model_seed is not None:
                found.setdefault(space.kind, set()).add(space.model_seed)
        return found

    @property
    def images(self) -> Path:
        return self.folder / "images.h5"

    def clusterings(self) -> list[Clustering]:
        return [
            Clustering(space, split, k, seed)
            for space, split in self.groups
            for k in self.n_clusters
            for seed in self.seeds
        ]

    def evaluation_spaces(self, space: Space) -> list[Space]:
        """The spaces that the clusterings of a space are scored in: its own, and those of other kinds."""
        return [space, *(other for other in self.spaces if other.kind != space.kind)]

    def clusters(self, clustering: Clustering) -> Path:
        return self.folder / "clusters" / f"{clustering.path}.h5"

    def scores(self, clustering: Clustering, space: Space) -> Path:
        folder = self.folder / "metrics" / clustering.space.path / clustering.split / f"k{clustering.k}"
        return folder / f"{space.path}.h5"
