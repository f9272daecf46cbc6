"""From the bytes of a song to a finished board."""

import io
import json
import re

import pytest
from PIL import Image

from evoke_core.errors import TrackRefused


def compose(song, audio, desk):
    from evoke_core.boards.compose import compose_board

    return compose_board(song, audio, desk)


def test_a_song_becomes_a_document_a_page_and_a_picture(song, chord, desk):
    board = compose(song, chord, desk)
    assert board.document["board_id"] == "chord-1"
    assert len(board.document["tiles"]) == 6
    assert "<title>" in board.page
    with Image.open(io.BytesIO(board.picture)) as image:
        assert image.format == "PNG"


def test_the_page_carries_tiles_and_previews_so_that_it_works_alone(song, chord, desk):
    page = compose(song, chord, desk).page
    assert page.count("data:image/jpeg;base64,") >= 16
    assert not re.search(r"""(?:src|href)=["']https?://""", page)


def test_the_same_song_and_release_give_the_same_bytes(song, chord, desk):
    first, second = compose(song, chord, desk), compose(song, chord, desk)
    assert json.dumps(first.document) == json.dumps(second.document)
    assert first.page == second.page
    assert first.picture == second.picture


def test_each_size_of_a_picture_is_made_once_for_all_songs(song, chord, desk, store):
    compose(song, chord, desk)
    assert len(list(store.listing("tiles/"))) == 6
    assert len(list(store.listing("previews/"))) == 16


def test_a_song_that_can_not_be_used_is_refused_with_its_reason(song, silence, desk):
    with pytest.raises(TrackRefused) as refusal:
        compose(song, silence, desk)
    assert refusal.value.reason == "silent"
