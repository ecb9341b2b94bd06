"""Where the results of each clustering are."""

import argparse
from pathlib import Path
from typing import NamedTuple


class Space(NamedTuple):
    """A feature space: `{kind}`, or `{kind}/seed{N}` where it is learned from a seed.

    Examples
    --------
    >>> space = Space("autoencoder/seed4")
    >>> space.kind, space.model_seed
    ('autoencoder', 4)
    >>> Space("pixels").model_seed is None
    True
    """

    path: str

    @property
    def kind(self) -> str:
        return self.path.partition("/")[0]

    @property
    def model_seed(self) -> int | None:
        """The seed that the space is learned from, if it is learned."""
        seed = self.path.partition("/seed")[2]
        return int(seed) if seed else None


class Clustering(NamedTuple):
    """One clustering.

    Examples
    --------
    >>> Clustering(Space("pixels"), "test", 10, 0).path
    'pixels/test/k10/seed0'
    """

    space: Space  # that it was made in
    split: str
    k: int
    seed: int

    @property
    def path(self) -> str:
        return f"{self.space.path}/{self.split}/k{self.k}/seed{self.seed}"


class Imported(NamedTuple):
    """One clustering that was made elsewhere.

    Examples
    --------
    >>> Imported("hdbscan", "test", 0).path
    'hdbscan/test/run0'
    """

    name: str
    split: str
    seed: int  # its number among several runs

    @property
    def path(self) -> str:
        return f"{self.name}/{self.split}/run{self.seed}"


class Results:
    """The results of a dataset below a folder, as the workflow lays them out.

    Parameters
    ----------
    args
        Parsed arguments, with those that `add_arguments` adds.

    Examples
    --------
    >>> parser = argparse.ArgumentParser()
    >>> Results.add_arguments(parser)
    >>> command = "--results results/mine --clustered-features pca/test --n-clusters 10 --seeds 0"
    >>> results = Results(parser.parse_args(command.split()))
    >>> [clustering] = results.clusterings()
    >>> str(results.clusters(clustering))
    'results/mine/clusters/pca/test/k10/seed0.h5'
    """

    def __init__(self, args: argparse.Namespace):
        self.folder: Path = args.results
        self.clustered_features: list[tuple[Space, str]] = []  # spaces and splits
        for features in args.clustered_features:
            space, _, split = features.rpartition("/")
            self.clustered_features.append((Space(space), split))
        self.n_clusters: list[int] = args.n_clusters
        self.seeds: list[int] = args.seeds
        self.spaces = [Space(path) for path in args.spaces]
        self.has_classes = not args.no_classes  # that may be looked at
        self.imported: list[Imported] = []
        for path in args.imported:
            name, split, run = path.split("/")
            self.imported.append(Imported(name, split, int(run.removeprefix("run"))))

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Add the options that say which clusterings there are."""
        # Not a list of files: thousands of them are more than a command line holds.
        parser.add_argument("--results", type=Path, required=True, help="the folder of a dataset")
        parser.add_argument(
            "--clustered-features", nargs="+", default=[], metavar="SPACE/SPLIT", help="what is clustered"
        )
        parser.add_argument("--n-clusters", type=int, nargs="+", default=[])
        parser.add_argument("--seeds", type=int, nargs="+", default=[])
        parser.add_argument(
            "--spaces", nargs="+", default=[], metavar="SPACE", help="that all clusterings are scored in"
        )
        parser.add_argument(
            "--imported",
            nargs="+",
            default=[],
            metavar="NAME/SPLIT/RUN",
            help="clusterings that were made elsewhere",
        )
        parser.add_argument("--no-classes", action="store_true", help="do without the classes, if there are any")

    @property
    def model_seeds(self) -> dict[str, set[int]]:
        """The seeds of each kind of features that is learned from a seed."""
        found: dict[str, set[int]] = {}
        for space, _ in self.clustered_features:
            if space.model_seed is not None:
                found.setdefault(space.kind, set()).add(space.model_seed)
        return found

    @property
    def images(self) -> Path:
        return self.folder / "images.h5"

    @property
    def n_runs(self) -> dict[str, int]:
        """How many runs there are of each clustering that was made elsewhere."""
        return {
            name: len({other.seed for other in self.imported if other.name == name}) for name, *_ in self.imported
        }

    def clusterings(self) -> list[Clustering]:
        """All clusterings by k-means: of all features that are clustered, of each k and each seed."""
        return [
            Clustering(space, split, k, seed)
            for space, split in self.clustered_features
            for k in self.n_clusters
            for seed in self.seeds
        ]

    def all_clusterings(self) -> list[Clustering | Imported]:
        """All clusterings by k-means, and those that were made elsewhere."""
        return [*self.clusterings(), *self.imported]

    def evaluation_spaces(self, space: Space | None) -> list[Space]:
        """The spaces that the clusterings of a space are scored in: its own, and those of other kinds.

        Clusterings that were made elsewhere have no space of their own (None), and are scored in all.
        """
        if space is None:
            return self.spaces
        return [space, *(other for other in self.spaces if other.kind != space.kind)]

    def features(self, space: Space, split: str) -> Path:
        """The file of the features of a split in a space."""
        return self.folder / "features" / space.path / f"{split}.h5"

    def clusters(self, clustering: Clustering | Imported) -> Path:
        """The file of a clustering."""
        return self.folder / "clusters" / f"{clustering.path}.h5"

    def scores(self, clustering: Clustering | Imported, space: Space) -> Path:
        """The file of the scores of a clustering in a space, and of all others of as many clusters there.

        Those that were made elsewhere have a file together.
        """
        name = f"k{clustering.k}" if isinstance(clustering, Clustering) else "imported"
        return self.folder / "metrics" / space.path / clustering.split / f"{name}.h5"

    def scored_in(self, space: Space) -> dict[Path, dict[str, Path]]:
        """The files of all scores in a space, and for each of them the files of its clusterings, by path."""
        found: dict[Path, dict[str, Path]] = {}
        for clustering in self.all_clusterings():
            found.setdefault(self.scores(clustering, space), {})[clustering.path] = self.clusters(clustering)
        return found

    def halves(self, space: Space, split: str, k: int) -> Path:
        """The file of the clusterings of halves of the images, made in a space."""
        return self.folder / "halves" / space.path / split / f"k{k}.h5"

    def half_scores(self, space: Space, split: str, k: int) -> Path:
        """The file of the scores of such clusterings, made in whatever space, in a space."""
        return self.folder / "half_scores" / space.path / split / f"k{k}.h5"
