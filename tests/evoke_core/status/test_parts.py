"""Moods, bridge, drops, boards and pictures as the status page counts them."""

import json
import math

import pytest

from evoke_core.status.coverage import coverage_of
from evoke_core.status.dropped import count_dropped
from evoke_core.status.judged import read_judged
from evoke_core.status.latest import read_latest
from evoke_core.status.served import read_served
from evoke_core.status.sights import read_credits, shrink
from evoke_core.status.stored import read_known
from evoke_core.storage.tables import read_table, table_key
from tests.evoke_core.status import planted


def test_moods_are_counted_over_what_may_be_shown_and_whole_tracks(store):
    planted.plant_pictures(store)
    planted.plant_music(store)
    counts = {one.mood: one for one in coverage_of(store, ["calm", "stormy"])}
    assert counts["bright"].pictures == 18
    assert counts["bright"].picture_share == 1.0
    assert (counts["calm"].pictures, counts["calm"].tracks) == (0, planted.TRACKS)
    assert counts["stormy"].pictures == counts["stormy"].tracks == 0


def test_without_tags_there_is_nothing_to_cover(store):
    assert coverage_of(store, ["calm"]) == ()


def test_the_bridge_is_named_with_what_it_beats(store):
    planted.plant_bridge(store)
    judged = read_judged(store, "bridge")
    assert [one.kind for one in judged.rivals] == ["bridge", "ridge", "chance", "mean"]
    assert [one.kind for one in judged.rivals if one.serves] == ["bridge"]
    assert [one.kind for one in judged.rivals if one.is_control] == ["chance", "mean"]
    assert judged.finding == (
        "bridge is best and beats every answer that ignores the song."
    )
    assert judged.tracks == 40


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"ridge": 0.83}, "bridge is level with it within the intervals"),
        ({"ridge": 0.95}, "bridge is behind it"),
        ({"bridge": 0.21, "ridge": 0.2}, "is no better than an answer that ignores"),
    ],
)
def test_the_finding_flatters_nobody(store, values, said):
    planted.plant_bridge(store, **values)
    assert said in read_judged(store, None).finding


def test_what_could_not_be_measured_is_left_out(store):
    planted.plant_bridge(store)
    report = json.loads(store.read("reports/bridge_report.json"))
    figures = report["figures"]["label"]["music_to_image"]["ridge"]
    figures["auc"] = {"value": math.nan, "low": math.nan, "high": math.nan, "n": 0}
    store.write("reports/bridge_report.json", json.dumps(report).encode())
    ridge = next(one for one in read_judged(store, None).rivals if one.kind == "ridge")
    assert set(ridge.figures) == {"mrr", "precision_at_5"}


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"truth": 1, "figures": 3}'])
def test_a_report_that_cannot_be_read_is_none(store, raw):
    store.write("reports/bridge_report.json", raw)
    assert read_judged(store, None) is None


def test_drops_are_done_set_aside_or_waiting(store):
    planted.plant_drops(store)
    dropped = count_dropped(store, read_latest(store).ids)
    assert (dropped.done, dropped.waiting, dropped.quarantined) == (1, 2, 1)
    assert dropped.next_up == ("waits too.mp3", "waits.flac")
    assert dropped.aside[0].song == planted.HOSTILE
    assert dropped.aside[0].reason == "no sound"


def test_songs_that_were_moved_after_their_board_stay_done(store):
    store.write("done/dawn-1/dawn.flac", b"x")
    assert count_dropped(store, ()).done == 1


def test_a_damaged_record_is_still_a_song_that_was_set_aside(store):
    store.write("quarantine/bad-2.json", b"{")
    dropped = count_dropped(store, ())
    assert dropped.quarantined == 1
    assert dropped.aside[0].reason == "unreadable record"


def test_the_latest_boards_come_first_and_damaged_ones_are_counted(store):
    planted.plant_board(store, "one-1")
    store.write("boards/two-2/board.json", b"{}")
    latest = read_latest(store)
    assert latest.ids == {"one-1", "two-2"}
    assert [card["board_id"] for card in latest.cards] == ["one-1"]


def test_only_what_boards_may_show_is_served_in_order(store):
    planted.plant_pictures(store)
    served = read_served(store)
    assert served.image_ids == tuple(planted.image_ids()[6:])
    assert served.vectors.shape == (18, planted.FEELING + planted.DIMENSION)


def test_a_lost_or_damaged_thumbnail_is_no_sight(store):
    known = {"width_px": 100, "is_square": True}
    assert shrink(store, "p", "ab", **known) is None
    store.write("thumbnails/ab/ab.jpg", b"no picture")
    assert shrink(store, "p", "ab", **known) is None
    store.write("thumbnails/ab/ab.jpg", planted.jpeg(1))
    made = shrink(store, "p", "ab", **known)
    assert (made.width_px, made.height_px) == (100, 100)
    wide = shrink(store, "p", "ab", width_px=96, is_square=False)
    assert (wide.width_px, wide.height_px) == (96, 64)


def test_credits_are_read_once_a_picture(store):
    planted.plant_pictures(store)
    found = read_credits(store, ["p01", "p01", "p02", "gone"])
    assert [one.image_id for one in found] == ["p01", "p02"]


def test_damaged_tables_count_as_absent_and_parts_are_joined(store):
    planted.plant_pictures(store)
    frame = read_table(store, "image_files")
    store.write(table_key("image_files", "broken"), b"PAR1")
    assert read_known(store, "image_files", ["image_id"]).height == frame.height
