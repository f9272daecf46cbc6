"""Two boards of one song: what they share, worked by hand; strangers are refused."""

import re

import pytest

from evoke_core.appraisal.comparison import compare_boards, shelve_comparison
from evoke_core.boards.compose import compose_board
from evoke_core.boards.shelf import pack, shelve
from evoke_core.errors import BoardError
from evoke_core.pages.comparison_page import render_comparison

HOSTILE = '"><script>alert(1)</script>'


def tile(image_id, **other):
    return {
        "image_id": image_id, "title": f"Picture {image_id}", "artist": None,
        "attribution": f"credit {image_id}", "licence": "CC0-1.0", "licence_url": None,
        "url": None, "width_px": 96, "height_px": 72, "palette": ["#102030"],
        "thumbnail": f"../../thumbnails/{image_id}.jpg",
    } | other  # fmt: skip


def board(board_id, *image_ids, **other):
    return {
        "board_id": board_id,
        "track": {"title": "Dew", "artist": None, "duration_s": 61.0, "sha256": "ab"},
        "tiles": [tile(image_id) for image_id in image_ids],
        "palette": ["#102030"], "relevance": 0.9, "diversity": 0.25,
        "refinement": {
            "axes": [{"name": "warmth", "low": "cool", "high": "warm"}],
            "setting": {}, "filters": {},
        },
        "release": {
            "release_id": "r1", "bridge": "affect", "made_at": "2026-11-22T00:00:00"
        },
    } | other  # fmt: skip


def render(left, right):
    found = compare_boards(left, right)
    return render_comparison(
        left,
        right,
        found.shared,
        order=found.order,
        same_release=found.same_release,
        images={},
    )


def said(page):
    return re.sub(
        r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)
    )


def test_shared_pictures_stand_in_the_order_of_the_left_board():
    found = compare_boards(board("a", "1", "2", "3"), board("b", "3", "9", "1"))

    assert found.shared == ("1", "3")
    assert found.comparison_id == "a--b"
    assert found.same_release
    assert 0 < found.order < 1


def test_equal_orders_are_alike_and_strangers_are_not():
    assert compare_boards(board("a", "1", "2"), board("b", "1", "2")).order == 1
    assert compare_boards(board("a", "1"), board("b", "2")).order == 0
    assert compare_boards(board("a"), board("b")).order == 1


def test_boards_of_different_songs_are_refused_by_name():
    other = board("b", track={"title": "Ash", "artist": None, "sha256": "cd"})
    with pytest.raises(BoardError, match=r"Dew \(a\) and Ash \(b\).*different"):
        compare_boards(board("a"), other)


def test_one_board_is_not_compared_with_itself():
    with pytest.raises(BoardError, match=r"Dew \(a\) is one board"):
        compare_boards(board("a"), board("a"))


def test_the_page_says_what_differs():
    refined = board("b", "3", "9", refined_from="a", relevance=0.8)
    refined["refinement"] |= {
        "setting": {"warmth": -0.5}, "filters": {"moods": ["calm"], "sources": []}
    }  # fmt: skip
    text = said(render(board("a", "1", "2", "3"), refined))

    assert "1 of 3 pictures is on both boards" in text
    for row in (
        "Relevance 0.900 0.800",
        "Diversity 0.250 0.250",
        "Pictures 3 2",
        "Sliders at rest 0.50 cool",
        "Shown from all pictures calm",
    ):
        assert row in text
    assert "As the song" in text
    assert "Refined" in text
    assert "yardstick" not in text


def test_what_is_shared_is_counted_as_people_do():
    assert "2 of 3 pictures are on both" in said(
        render(board("a", "1", "2", "3"), board("b", "2", "1"))
    )
    assert "1 of 1 picture is on both" in said(render(board("a", "1"), board("b", "1")))


def test_two_versions_of_a_bridge_are_named_by_what_tells_them_apart():
    release = {"release_id": "r2", "bridge": "ridge", "made_at": "2026-11-23"}
    text = said(render(board("a", "1"), board("b", "1", release=release)))
    assert "By affect" in text
    assert "By ridge" in text
    assert "yardstick" in text

    same = said(
        render(board("a", "1"), board("b", "1", release=release | {"bridge": "affect"}))
    )
    assert "Release r1" in same
    assert "Release r2" in same


def test_boards_of_before_settings_were_stored_can_be_compared():
    old = board("b", "1")
    del old["refinement"]["setting"], old["refinement"]["filters"]
    assert "Sliders at rest at rest" in said(render(board("a", "1"), old))


def test_each_tile_says_if_it_is_on_both_and_each_picture_is_credited_once():
    page = render(board("a", "1", "2"), board("b", "2"))
    assert page.count('class="pair-tile is-shared"') == 2
    assert page.count('class="pair-tile"') == 1
    assert said(page).count("credit 2 ·") == 1


def test_any_text_is_shown_as_text():
    track = {"title": HOSTILE, "artist": HOSTILE, "duration_s": 1.0, "sha256": "ab"}
    tiles = [tile("1", title=HOSTILE, attribution=HOSTILE, palette=["}*{x"])]
    page = render(
        board("a", track=track, tiles=tiles, palette=["}*{x"]),
        board(HOSTILE, track=track),
    )
    assert "<script>alert" not in page
    assert "}*{x" not in page


def test_stored_boards_are_compared_with_their_pictures(desk, song, chord):
    left = compose_board(song, chord, desk)
    shelve(desk.store, left)
    right = left.document | {"board_id": "chord-1--ab", "refined_from": "chord-1"}
    right["tiles"] = right["tiles"][:3]
    desk.store.write("boards/chord-1--ab/board.json", pack(right))

    key, found = shelve_comparison(desk.store, "chord-1", "chord-1--ab")

    page = desk.store.read(key).decode()
    assert key == "comparisons/chord-1--chord-1--ab/comparison.html"
    assert len(found.shared) == 3
    assert page.count("data:image/jpeg;base64,") == 3 + len(left.document["tiles"])


def test_a_picture_that_was_withdrawn_leaves_its_colours(desk, song, chord):
    left = compose_board(song, chord, desk)
    shelve(desk.store, left)
    desk.store.write("boards/b/board.json", pack(left.document | {"board_id": "b"}))
    for found in list(desk.store.listing("thumbnails/")):
        desk.store.delete(found.key)

    key, _ = shelve_comparison(desk.store, "chord-1", "b")
    assert b"data:image/jpeg" not in desk.store.read(key)


def test_a_board_that_is_not_there_is_named(desk):
    with pytest.raises(BoardError, match="no stored board 'nobody'"):
        shelve_comparison(desk.store, "nobody", "else")
