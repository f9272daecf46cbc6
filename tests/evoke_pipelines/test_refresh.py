"""Work is done when code, settings or inputs change, and at no other time."""

from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from evoke_core.storage.local import LocalStore
from evoke_core.storage.stamps import read_stamp
from evoke_pipelines.refresh import Made, as_markdown, refresh


class Counter:
    """Counts how often something was made."""

    def __init__(self) -> None:
        self.made = 0

    def make(self) -> Made:
        self.made += 1
        return Made(f"digest-{self.made}", {"rows": 3, "plot": "md:*hello*"})


def _asset(counter: Counter, store: LocalStore, settings: object, code: str = "1"):
    @dg.asset(code_version=code)
    def thing(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return refresh(context, store, counter.make, settings=settings)

    return thing


def _materialize(asset) -> dict:
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([asset], instance=instance)
    [event] = result.get_asset_materialization_events()
    return dict(event.materialization.metadata)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path)


def test_an_unchanged_asset_is_not_made_again_but_shown_again(store) -> None:
    counter = Counter()
    first = _materialize(_asset(counter, store, {"a": 1}))
    second = _materialize(_asset(counter, store, {"a": 1}))
    assert counter.made == 1
    assert first["rows"] == second["rows"]
    assert first["plot"] == second["plot"]
    assert second["recomputed"].value is False


def test_changed_settings_or_code_make_it_again(store) -> None:
    counter = Counter()
    _materialize(_asset(counter, store, {"a": 1}))
    _materialize(_asset(counter, store, {"a": 2}))
    _materialize(_asset(counter, store, {"a": 2}, code="2"))
    assert counter.made == 3


def test_a_make_that_breaks_leaves_no_stamp_so_that_the_next_run_works(store) -> None:
    counter = Counter()
    _materialize(_asset(counter, store, 1))

    def broken() -> Made:
        raise OSError("the disk is full")

    counter.make = broken  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk is full"):
        _materialize(_asset(counter, store, 2))
    assert read_stamp(store, "thing") is None


def test_markdown_cells_hold_no_markup_and_no_pipe() -> None:
    shown = as_markdown(pl.DataFrame({"a": ["<script>x|y</script>"]}))
    assert "<script" not in shown
    assert shown.splitlines()[-1].count("|") == 2
