"""Clusters go on from the last ones only where those were joined by the same rules."""

import json

import dagster as dg
import polars as pl
import pytest

import evoke_pipelines.assets.curation as curation_module
from evoke_core.config.loading import load_run_profile
from evoke_core.corpus.licences import load_licences
from evoke_core.schemas import TABLES
from evoke_core.storage.tables import write_table

INPUTS = ("source_manifests", "image_facts", "image_embeddings")


@pytest.fixture
def resumed(store, assets_config, monkeypatch):
    """Join copies by these rules; say whether that went on from the last clusters."""
    for name in INPUTS:
        write_table(store, name, TABLES[name].empty())
    profile = load_run_profile(assets_config, "demo")
    licences = load_licences(assets_config / "licences.yaml")
    known: list[pl.DataFrame | None] = []

    def join(*_: object, **named: pl.DataFrame | None) -> pl.DataFrame:
        known.append(named["known"])
        return TABLES["duplicate_clusters"].empty()

    monkeypatch.setattr(curation_module, "cluster_duplicates", join)

    def run(**rules: object) -> bool:
        dedupe = profile.dedupe.model_copy(update=rules)
        given = {
            "store": store,
            "licences": licences,
            "run_profile": profile.model_copy(update={"dedupe": dedupe}),
        }
        with dg.DagsterInstance.ephemeral() as instance:
            dg.materialize(
                [curation_module.duplicate_clusters], instance=instance, resources=given
            )
        return known[-1] is not None

    return run


def test_what_only_confirms_a_pair_may_change(resumed) -> None:
    assert not resumed()
    assert resumed(min_outline=0.7)


@pytest.mark.parametrize("other", [{"radius_bits": 4}, {"mirrored": True}])
def test_what_ties_pictures_together_may_not(resumed, other) -> None:
    resumed()
    assert not resumed(**other)
    assert not resumed()


def test_clusters_of_a_stamp_that_does_not_say_are_joined_afresh(
    store, resumed
) -> None:
    resumed()
    stamp = json.loads(store.read("stamps/duplicate_clusters.json"))
    del stamp["shown"]["mirrored"]
    store.write("stamps/duplicate_clusters.json", json.dumps(stamp).encode())
    assert not resumed(min_outline=0.7)
