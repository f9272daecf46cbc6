"""The funnel: what was listed is what is served and all that was lost."""

from evoke_core.status.funnel import STAGES, TEACHES, WAITS, Loss, count_funnel
from evoke_core.storage.tables import read_table, write_table
from tests.evoke_core.status.planted import HOSTILE, plant_pictures


def test_each_stage_counts_what_reached_it_and_says_why_others_did_not(store):
    plant_pictures(store)
    funnel = count_funnel(store)
    assert [funnel.total(stage) for stage in STAGES] == [24, 23, 22, 20, 18]
    assert funnel.losses == (
        Loss("stored", "dead link", 1),
        Loss("measured", "truncated", 1),
        Loss("kept", "near duplicate", 2),
        Loss("served", TEACHES, 2),
    )


def test_listed_is_served_and_all_losses_together(store):
    plant_pictures(store)
    funnel = count_funnel(store)
    lost = sum(loss.count for loss in funnel.losses)
    assert funnel.total("listed") == funnel.total("served") + lost


def test_sources_are_counted_apart(store):
    plant_pictures(store)
    funnel = count_funnel(store)
    assert funnel.stages["listed"] == {HOSTILE: 12, "north": 12}
    assert funnel.stages["stored"] == {HOSTILE: 12, "north": 11}


def test_what_a_stage_has_not_come_to_waits(store):
    plant_pictures(store)
    facts = read_table(store, "image_facts")
    write_table(store, "image_facts", facts.head(3))
    loss = count_funnel(store).losses_before("measured")
    assert Loss("measured", WAITS, 20) in loss


def test_an_empty_store_has_an_empty_funnel(store):
    funnel = count_funnel(store)
    assert [funnel.total(stage) for stage in STAGES] == [0] * 5
    assert funnel.sources() == []
