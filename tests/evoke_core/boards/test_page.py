"""The page: one file, whole, escaped, and the same every time."""

import json
import re

import pytest

from evoke_core.boards.board import Song
from evoke_core.boards.compose import compose_board
from evoke_core.boards.gallery import render_gallery
from evoke_core.boards.picture import render_picture
from evoke_core.errors import BoardError

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def board(desk, chord):
    return compose_board(Song("b-1", "drops", "a.wav", HOSTILE, None), chord, desk)


def test_a_title_with_markup_is_shown_as_text(board) -> None:
    assert "<script>alert(1)" not in board.page
    assert "&lt;script&gt;alert(1)" in board.page


def test_the_page_asks_the_network_for_nothing(board) -> None:
    loads = re.findall(r'(?:src|srcset|poster|action)="([^"]*)"', board.page)
    styles = re.findall(r"url\(([^)]*)\)", board.page)
    assert not [link for link in loads + styles if "//" in link.split(",")[0]]
    assert "default-src &#39;none&#39;" in board.page


def test_every_tile_has_its_picture_and_its_credit(board) -> None:
    for tile in board.document["tiles"]:
        assert f'data-id="{tile["image_id"]}"' in board.page
        assert tile["attribution"] in board.page


def test_a_page_of_another_schema_is_refused(board) -> None:
    from evoke_core.boards.page import render_page

    with pytest.raises(BoardError, match=r"schema 'evoke\.board/0'"):
        render_page(
            {**board.document, "schema": "evoke.board/0"}, tile_images={}, previews={}
        )


def test_the_picture_is_a_png_of_the_asked_width(board, desk) -> None:
    tiles = {
        tile["image_id"]: desk.images.preview(desk.pictures[tile["image_id"]]["sha256"])
        for tile in board.document["tiles"]
    }
    png = render_picture(board.document, tile_images=tiles, width_px=900)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(png[16:20], "big") == 900


def card(title: str, *moods: str) -> dict:
    return {
        "board_id": title, "title": title, "artist": None, "moods": list(moods),
        "duration_s": 61.0, "palette": ["#112233"], "href": f"{title}/board.html",
        "images": ["../thumbnails/ab/abc.jpg"], "note": None,
    }  # fmt: skip


def test_the_gallery_lists_boards_by_title_and_offers_their_moods() -> None:
    page = render_gallery([card("beta", "calm"), card("alpha", "calm", "bleak")])
    assert page.index("alpha") < page.index("beta")
    assert 'data-mood="calm"' in page
    assert "1:01" in page
    assert "2 boards" in page


def test_an_empty_gallery_says_how_to_begin() -> None:
    assert "drops folder" in render_gallery([])


def test_hostile_cards_are_text_and_lead_nowhere() -> None:
    hostile = card(HOSTILE) | {"href": "javascript:alert(1)"}
    page = render_gallery([hostile])
    assert "<script>alert(1)" not in page
    assert "javascript:" not in page


def test_data_in_the_page_is_the_document_s(board) -> None:
    blocks = re.findall(
        r'<script type="application/json"[^>]*>(.*?)</script>', board.page, re.DOTALL
    )
    assert blocks
    assert all(json.loads(block) is not None for block in blocks)
