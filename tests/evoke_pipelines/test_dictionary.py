"""What is stored is held against the data dictionary by whoever made it."""

import dagster as dg

from evoke_core.storage.local import LocalStore
from evoke_core.storage.stamps import read_stamp
from evoke_core.storage.tables import table_key
from evoke_pipelines.dictionary import check_dictionary, fits_dictionary
from evoke_pipelines.refresh import refresh_table
from tests.evoke_pipelines.tables import put, rows


def test_a_repeated_key_fails_with_the_table_and_the_number_of_rows(store) -> None:
    row = {"track_id": "a"}
    put(store, "track_refusals", rows("track_refusals", row, row))
    found = check_dictionary(store, "track_refusals")
    assert not found.passed
    assert "1 rows repeat a key" in found.description
    assert "| track_id | String | String, key | 0 |" in found.metadata["columns"].value


def test_a_vector_that_is_not_of_unit_length_fails(store) -> None:
    put(
        store,
        "image_embeddings",
        rows("image_embeddings", {"sha256": "a", "embedding": [3.0, 4.0]}),
    )
    found = check_dictionary(store, "image_embeddings")
    assert not found.passed
    assert "unit length" in found.description


def test_a_table_that_is_not_there_or_no_parquet_fails_in_words(store) -> None:
    found = check_dictionary(store, "track_refusals")
    assert "nothing is stored" in found.description
    store.write(table_key("track_refusals"), b"rubbish")
    found = check_dictionary(store, "track_refusals")
    assert "can't be read" in found.description


def test_a_table_that_fits_passes_and_shows_its_columns(store) -> None:
    put(store, "track_refusals", rows("track_refusals", {"track_id": "a"}))
    found = check_dictionary(store, "track_refusals")
    assert found.passed
    assert found.metadata["rows"].value == 1


def test_what_was_damaged_as_it_was_stored_blocks_the_stages_after_it(tmp_path) -> None:
    class Torn(LocalStore):
        def read(self, name: str) -> bytes:
            found = super().read(name)
            stamped = read_stamp(LocalStore(tmp_path), "track_refusals")
            return b"rubbish" if stamped and name == key else found

    key, store, after = table_key("track_refusals"), Torn(tmp_path), []

    @dg.asset(code_version="1", check_specs=[fits_dictionary("track_refusals")])
    def track_refusals(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return refresh_table(
            context,
            store,
            lambda: rows("track_refusals", {"track_id": "a"}),
            settings=None,
        )

    @dg.asset(deps=[track_refusals])
    def next_stage() -> None:
        after.append("ran")

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [track_refusals, next_stage], instance=instance, raise_on_error=False
        )
    [found] = result.get_asset_check_evaluations()
    assert (found.passed, found.blocking, after) == (False, True, [])
    assert "can't be read" in found.description
