"""From the bytes of a song to a finished board."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from evoke_core.boards.compose import compose_board
from evoke_core.boards.desk import open_desk
from evoke_core.boards.options import PLAIN, BoardOptions
from evoke_core.boards.tiles import TileImages
from evoke_core.corpus.curation import barred
from evoke_core.corpus.licences import load_licences
from evoke_core.corpus.previews import cut_previews, preview_key
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.errors import TrackRefused
from evoke_core.index.filters import Filters
from evoke_core.storage.tables import read_table, write_table

LICENCES = Path(__file__).parents[3] / "assets_config" / "licences.yaml"


def compose(song, audio, desk, options=PLAIN):
    return compose_board(song, audio, desk, options)


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


def test_previews_are_read_where_the_corpus_left_them(song, chord, desk, store):
    hashes = [picture["sha256"] for picture in desk.pictures.values()]
    cut_previews(hashes, store, report=lambda *_: None)
    before = [(found.key, found.etag) for found in store.listing("")]
    compose(song, chord, desk)
    after = [(found.key, found.etag) for found in store.listing("")]
    assert [found for found in after if not found[0].startswith("heard/")] == before


def test_a_preview_that_is_not_there_yet_is_made_once_for_all_songs(
    song, chord, desk, store
):
    compose(song, chord, desk)
    assert len(list(store.listing("previews/"))) == 16


def test_a_picture_whose_file_is_lost_leaves_its_colours(song, chord, desk, store):
    first = compose(song, chord, desk)
    lost = first.document["tiles"][0]["image_id"]
    sha256 = desk.pictures[lost]["sha256"]
    store.delete(thumbnail_key(sha256))
    store.delete(preview_key(sha256))
    again = compose(song, chord, replace(desk, images=TileImages(store)))
    assert again.document == first.document
    shown = "data:image/jpeg;base64,"
    assert again.page.count(shown) == first.page.count(shown) - 1


def test_a_song_that_can_not_be_used_is_refused_with_its_reason(song, silence, desk):
    with pytest.raises(TrackRefused) as refusal:
        compose(song, silence, desk)
    assert refusal.value.reason == "silent"


def test_sliders_size_and_filters_of_a_drop_hold(song, chord, desk):
    options = BoardOptions({"energy": -0.4}, 5, Filters(sources=("north",)))
    document = compose(song, chord, desk, options).document
    assert len(document["tiles"]) == document["refinement"]["board_size"] == 5
    assert document["refinement"]["setting"] == {"energy": -0.4}
    assert {one["source"] for one in document["candidates"]} == {"north"}


def test_options_are_part_of_what_gives_the_same_bytes(song, chord, desk):
    options = BoardOptions({"energy": -0.4}, 5, Filters(sources=("north",)))
    first, second = (compose(song, chord, desk, options) for _ in range(2))
    assert (first.page, first.picture) == (second.page, second.picture)
    assert json.dumps(first.document) == json.dumps(second.document)


def test_commercial_boards_show_nothing_that_only_research_may_show(
    song, chord, store, index, encoder, run_profile, vocabulary
):
    # every third picture is for research only; the index still holds them all
    barred_ids = {f"p{number:02d}" for number in range(0, 24, 3)}
    theirs = pl.col("image_id").is_in(barred_ids)
    manifest = read_table(store, "source_manifests").with_columns(
        licence=pl.when(theirs).then(pl.lit("CC-BY-NC-4.0")).otherwise("licence")
    )
    write_table(store, "source_manifests", manifest)
    licences = load_licences(LICENCES)
    refused = barred(manifest, run_profile.curation, "commercial", licences)
    refused = refused.filter(pl.col("licence_reason").is_not_null())
    assert set(refused["image_id"]) == barred_ids
    kept = read_table(store, "curated_images").with_columns(
        status=pl.when(pl.col("image_id").is_in(refused["image_id"].to_list()))
        .then(pl.lit("rejected")).otherwise("status")
    )  # fmt: skip
    write_table(store, "curated_images", kept)
    desk = open_desk(store, index, encoder, run_profile, vocabulary)
    board = compose(song, chord, desk)
    shown = {one["image_id"] for one in board.document["candidates"]}
    assert len(shown) == 16
    assert shown.isdisjoint(barred_ids)
    assert all(one["licence"] == "CC0-1.0" for one in board.document["tiles"])
    assert "CC-BY-NC" not in board.page
