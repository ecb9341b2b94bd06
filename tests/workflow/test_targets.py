"""What a configuration asks for."""

import re
from pathlib import Path

import pytest
import yaml

from lib.workflow.config import with_defaults
from lib.workflow.targets import Targets, centroid_images

ROOT = Path(__file__).parents[2]
DEFAULTS = yaml.safe_load((ROOT / "config.yaml").read_text())
CODES = ["autoencoder/seed0", "autoencoder/seed1"]


def targets(**settings):
    """Pixels and two autoencoders, in clusterings of 3 from two seeds, and what else is set."""
    common = {
        "features": ["pixels", "autoencoder"],
        "autoencoder": {"seeds": [0, 1]},
        "clustering": {"splits": ["test"], "n_clusters": [3], "seeds": [0, 7]},
    }
    return Targets(with_defaults(settings, with_defaults(common, DEFAULTS)))


def test_feature_spaces():
    assert targets().feature_spaces("pixels") == ["pixels"]
    assert targets().feature_spaces("autoencoder") == CODES
    assert targets().clustered_features() == ["pixels/test", *(f"{code}/test" for code in CODES)]


def test_learned_files_are_each_there_once():
    """The kind `invariant` needs the dictionaries of `patches`, of its own seeds."""
    found = targets(features=["patches", "invariant"], patches={"seeds": [0]}, invariant={"seeds": [0, 3]})
    assert found.learned_files() == [
        "patches/seed0/dictionary.h5",
        "invariant/seed0/strips.h5",
        "invariant/seed0/encoder.h5",
        "patches/seed3/dictionary.h5",
        "invariant/seed3/strips.h5",
        "invariant/seed3/encoder.h5",
    ]
    assert found.autoencoders() == []
    assert targets(features=["pixels", "pca"]).learned_files() == []


def test_clusterings_of_several_k_and_splits():
    found = targets(features=["pixels"], clustering={"splits": ["test", "train"], "n_clusters": [3, 5]})
    assert found.clusterings() == [
        f"pixels/{split}/k{k}/seed{seed}" for split in ("test", "train") for k in (3, 5) for seed in (0, 7)
    ]


@pytest.mark.parametrize(
    ("step", "clusterings", "ks"),
    [
        (1, [[(2, 3)], [(2, 0)], [(5, 3)], [(5, 0)], [(4, 3)], [(4, 0)]], [[2], [5], [4]]),
        (4, [[(2, 3), (2, 0), (5, 3), (5, 0)], [(4, 3), (4, 0)]], [[2], [5], [4]]),
        (20, [[(2, 3), (2, 0), (5, 3), (5, 0), (4, 3), (4, 0)]], [[2, 5], [4]]),
        (50, [[(2, 3), (2, 0), (5, 3), (5, 0), (4, 3), (4, 0)]], [[2, 5, 4]]),
    ],
)
def test_clusterings_are_shared_out_among_jobs(step, clusterings, ks):
    found = targets(clustering={"n_clusters": [2, 5, 4], "seeds": [3, 0], "clusterings_per_job": step})
    assert found.clusterings_by_job() == clusterings
    assert found.ks_by_job() == ks
    assert found.scored_groups_by_job() == [[f"k{k}" for k in some] for some in ks]


def test_one_seed_more_leaves_each_k_in_its_job():
    ks = list(range(2, 21))
    jobs = [targets(clustering={"n_clusters": ks, "seeds": list(range(n))}).ks_by_job() for n in (10, 11)]
    assert jobs[0] == jobs[1]
    assert jobs[0][0] == [2, 3, 4, 5, 6]


def test_where_jobs_share_out_the_pairs_each_k_is_scored_by_itself():
    found = targets(clustering={"n_clusters": [2, 5]}, evaluation={"n_chunks": 3})
    assert found.scored_groups_by_job() == [["k2"], ["k5"]]
    assert found.ks_by_job() == [[2, 5]]


def test_splits_by_features():
    found = targets(
        clustering={"splits": {"pixels": ["test"], "autoencoder": ["train", "test"], "pca": ["train"]}}
    )
    assert found.clustered_features() == [
        "pixels/test",
        *(f"{code}/{split}" for code in CODES for split in ("train", "test")),
    ]
    # The clusterings of training images are scored in the pixels of training images.
    assert found.features() == sorted(
        f"{space}/{split}" for space in ("pixels", *CODES) for split in ("train", "test")
    )


def test_scores_in_all_spaces():
    """But not in those of other models of the same kind."""
    found = targets()
    assert sorted(found.scores()) == sorted(f"{space}/test/k3" for space in ("pixels", *CODES))
    assert found.features_scored_in("pixels", "test") == ["pixels/test", *(f"{code}/test" for code in CODES)]
    assert found.features_scored_in(CODES[1], "test") == ["pixels/test", f"{CODES[1]}/test"]
    assert found.clusterings_scored_in(CODES[0], "test", ["k3"]) == [
        f"{space}/test/k3/seed{seed}" for space in ("pixels", CODES[0]) for seed in (0, 7)
    ]


def test_scores_in_their_own_spaces():
    found = targets(evaluation={"cross_space_scores": False})
    assert found.scores() == [f"{space}/test/k3" for space in sorted(("pixels", *CODES))]
    assert found.features_scored_in("pixels", "test") == ["pixels/test"]
    assert "spaces" not in found.layout_options()
    assert targets().layout_options() == {
        "n_clusters": [3],
        "seeds": [0, 7],
        "clustered_features": targets().clustered_features(),
        "spaces": ["pixels", *CODES],
    }


def test_halves_are_clustered_and_scored_where_there_is_something_to_compare():
    found = targets(clustering={"n_clusters": [3, 5]})
    assert found.halves() == [f"{space}/test/k{k}" for space in ("pixels", *CODES) for k in (3, 5)]
    assert sorted(found.half_scores()) == sorted(found.halves())
    assert found.spaces_scored_in("pixels", "test") == ["pixels", *CODES]
    assert found.spaces_scored_in(CODES[1], "test") == ["pixels", CODES[1]]
    own = targets(evaluation={"cross_space_scores": False})
    assert own.spaces_scored_in("pixels", "test") == ["pixels"]
    assert [found.is_learned(space) for space in ("pixels", *CODES)] == [False, True, True]


@pytest.mark.parametrize(
    "settings",
    [{"features": ["pixels"]}, {"clustering": {"splits": {"pixels": ["train"], "autoencoder": ["test"]}}}],
)
def test_nothing_to_compare_no_halves(settings):
    assert targets(**settings).halves() == targets(**settings).half_scores() == []


def test_halves_of_the_splits_that_two_kinds_share():
    splits = {"pixels": ["train", "test"], "autoencoder": ["test"]}
    assert targets(clustering={"splits": splits}).halves() == [f"{space}/test/k3" for space in ("pixels", *CODES)]


def test_only_features_that_are_needed_are_made():
    splits = {"pixels": ["train"], "autoencoder": ["test"]}
    own = targets(clustering={"splits": splits}, evaluation={"cross_space_scores": False})
    assert own.features() == [*(f"{code}/test" for code in CODES), "pixels/train"]


@pytest.mark.parametrize(("shown", "k"), [(None, 3), (5, 5)])
def test_shown_clusterings_are_of_one_k_and_of_the_first_seeds(shown, k):
    found = targets(clustering={"n_clusters": [3, 5]}, report={"n_clusters": shown})
    assert found.shown_k() == k
    assert found.shown_clusterings() == [f"pixels/test/k{k}/seed0", f"autoencoder/seed0/test/k{k}/seed0"]


def test_figures():
    found = targets().figures()
    assert len(found) == len(set(found)) == 2 + 2 * 2 + 2 * 6
    assert found[:4] == [
        "figures/answer.png",
        "figures/scores.png",
        "autoencoder/seed0/loss.png",
        "autoencoder/seed0/reconstructions.png",
    ]
    assert "figures/pixels/test/k3/seed0/map.png" in found
    assert "figures/answer.png" not in targets(features=["pixels"]).figures()
    assert "figures/answer.png" in targets(features=["pixels"], clusterings={"one": {"source": "a.csv"}}).figures()


def test_only_a_decoder_makes_images_of_centroids():
    assert centroid_images("pixels/test/k3/seed0") == []
    assert centroid_images("autoencoder/seed0/test/k3/seed0") == ["centroids/autoencoder/seed0/test/k3/seed0.h5"]


def test_settings_of_a_dataset_leave_out_the_others():
    settings = targets().settings_of("digits")
    assert settings["dataset"] == "digits"
    assert settings["datasets"] == {"digits": {"format": "digits"}}
    assert settings["clustering"] == targets().config["clustering"]


def test_external_features_are_given_or_several_models():
    external = {"one": {"source": "a.npy"}, "two": {"source": ["b.npy", {"test": "c.npy"}]}}
    found = targets(features=["pixels", "one", "two"], external=external)
    assert found.clustered_features() == ["pixels/test", "one/test", "two/seed0/test", "two/seed1/test"]
    assert [found.is_learned(space) for space in ("one", "two/seed1")] == [False, True]
    assert found.learned_files() == []
    assert centroid_images("one/test/k3/seed0") == []


def test_pattern_of_feature_spaces():
    pattern = targets().features_pattern(["pixels", "autoencoder"])
    assert [
        bool(re.fullmatch(pattern, space)) for space in ("pixels", CODES[1], "autoencoder", "pixels/seed0")
    ] == [
        *(True, True),
        *(False, False),
    ]
    assert not re.match(targets().features_pattern([]), "")


def test_clusterings_that_were_made_elsewhere():
    clusterings = {"one": {"source": "a.csv"}, "two": {"source": ["b.csv", {"test": "c.csv"}]}}
    without, found = targets(), targets(clusterings=clusterings)
    imported = ["one/test/run0", "two/test/run0", "two/test/run1"]
    assert found.imported() == found.layout_options()["imported"] == imported
    assert found.clusterings() == without.clusterings() + imported
    spaces = ["pixels", *CODES]
    assert found.scores() == without.scores() + [f"{space}/test/imported" for space in spaces]
    assert found.scored_groups_by_job() == [["k3"], ["imported"]]
    assert found.clusterings_scored_in(CODES[1], "test", ["imported"]) == imported
    assert found.shown_clusterings() == [*without.shown_clusterings(), "one/test/run0", "two/test/run0"]
    assert (found.halves(), found.features()) == (without.halves(), without.features())
    assert "imported" not in without.layout_options()
    assert found.shown_space() == "pixels"


def test_shown_clusterings_are_seen_in_their_own_space_or_in_the_first():
    found = targets(clusterings={"one": {"source": ["a.csv", "b.csv"]}})
    assert found.shown_features() == ["pixels/test", f"{CODES[0]}/test"]
    assert found.shown_scores() == ["pixels/test/k3", f"{CODES[0]}/test/k3", "pixels/test/imported"]
    assert set(found.shown_features()) <= set(found.features())
    assert set(found.shown_scores()) <= set(found.scores())


def test_assigned_clusterings_are_shown_or_all():
    assert targets().assigned_clusterings() == targets().shown_clusterings()
    found = targets(report={"assignments": "all"}, clusterings={"one": {"source": "a.csv"}})
    assert found.assigned_clusterings() == found.clusterings()


def test_exported_clusterings():
    assert targets().exported_clusterings() == targets().shown_clusterings()
    chosen = [f"{CODES[1]}/test/k3/seed7", "one/test/run0"]
    found = targets(export={"clusterings": chosen}, clusterings={"one": {"source": "a.csv"}})
    assert found.exported_clusterings() == chosen
    assert found.export_errors() == targets().export_errors() == []


def test_exported_clusterings_that_there_are_not():
    found = targets(
        clustering={"n_clusters": [3, 5]},
        clusterings={"one": {"source": "a.csv"}},
        export={"clusterings": ["pixels/test/k5/seed7", "pixels/test/k5/seed1"]},
    )
    assert found.export_errors() == [
        "export.clusterings names pixels/test/k5/seed1, and there is no such clustering; there is "
        f"pixels/test/k{{3,5}}/seed{{0,7}}, {CODES[0]}/test/k{{3,5}}/seed{{0,7}}, "
        f"{CODES[1]}/test/k{{3,5}}/seed{{0,7}}, one/test/run0"
    ]


def test_clusterings_are_of_all_splits_that_are_clustered():
    splits = {"pixels": ["train"], "autoencoder": ["test"]}
    found = targets(clusterings={"one": {"source": "a.csv"}}, clustering={"splits": splits})
    assert found.imported() == ["one/train/run0", "one/test/run0"]
    assert set(found.scores()) >= {f"{space}/{split}/imported" for split in ("train", "test") for space in CODES}
    assert found.clusterings_scored_in("pixels", "train", ["imported"]) == ["one/train/run0"]
    assert {f"{CODES[0]}/train", "pixels/test"} <= set(found.features())
