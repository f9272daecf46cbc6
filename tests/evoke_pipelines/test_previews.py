"""Previews are an asset: unchanged ones cost a listing, damaged ones come back."""

import dagster as dg
import polars as pl
import pytest

from evoke_core.corpus.previews import preview_key
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.schemas import TABLES
from evoke_core.storage.tables import write_table
from evoke_pipelines.assets.curation import image_previews

HASHES = [f"{number:02x}" * 32 for number in range(4)]


@pytest.fixture
def corpus(store, jpeg):
    """Two pictures that boards may show, one duplicate, one that only teaches."""
    kinds = [("kept", True), ("kept", True), ("duplicate", True), ("kept", False)]
    curated, facts = [], []
    for number, (status, served) in enumerate(kinds):
        who = {"image_id": f"i{number}", "source": "mine", "source_key": f"{number}"}
        curated.append(who | {"status": status, "served": served})
        facts.append(
            who
            | {"version": "1", "status": "measured", "palette": []}
            | {"sha256": HASHES[number], "measured_by": "1"}
        )
        store.write(thumbnail_key(HASHES[number]), jpeg(number))
    write_table(store, "curated_images", table("curated_images", curated))
    write_table(store, "image_facts", table("image_facts", facts))
    return store


def table(name, rows) -> pl.DataFrame:
    schema = {column: each.dtype for column, each in TABLES[name].columns.items()}
    return pl.DataFrame(rows, schema=schema)


def refresh(store) -> dict:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [image_previews], instance=instance, resources={"store": store}
        )
    [event] = result.get_asset_materialization_events()
    return {name: each.value for name, each in event.materialization.metadata.items()}


def there(store) -> list[str]:
    return [found.key for found in store.listing("previews/")]


def test_what_boards_may_show_gets_a_preview_and_nothing_else(corpus):
    shown = refresh(corpus)

    assert there(corpus) == [preview_key(HASHES[0]), preview_key(HASHES[1])]
    assert (shown["dagster/row_count"], shown["failed"]) == (2, 0)


def test_nothing_new_computes_nothing(corpus):
    refresh(corpus)

    assert refresh(corpus)["recomputed"] is False


def test_a_lost_preview_comes_back_and_then_all_is_quiet(corpus):
    first = refresh(corpus)
    corpus.delete(preview_key(HASHES[1]))

    second, third = refresh(corpus), refresh(corpus)

    assert (second["recomputed"], third["recomputed"]) == (True, False)
    assert corpus.exists(preview_key(HASHES[1]))
    assert second["recipe"] == first["recipe"]


def test_one_that_could_not_be_cut_is_tried_at_every_refresh(corpus, jpeg):
    corpus.delete(thumbnail_key(HASHES[0]))
    first = refresh(corpus)
    assert (first["failed"], first["dagster/row_count"]) == (1, 1)
    assert "no_thumbnail" in first["by_reason"]

    corpus.write(thumbnail_key(HASHES[0]), jpeg())
    second = refresh(corpus)

    assert (second["failed"], second["dagster/row_count"]) == (0, 2)
    assert "by_reason" not in second
