"""What board.json says, against the contract of evoke.board/1."""

import base64
import json
from dataclasses import replace

import numpy as np
import pytest

from evoke_core.boards.board import describe_board
from evoke_core.boards.options import PLAIN
from evoke_core.boards.pool import select
from evoke_core.boards.query import ask
from evoke_core.config.fields import AXES
from evoke_core.music.sections import Section
from evoke_core.vectors import l2_normalize

FEELINGS = {
    "energy", "valence", "texture", "harmonic_complexity", "rhythmic_density",
}  # fmt: skip
PICTURE = {
    "image_id", "source", "source_key", "title", "artist", "attribution", "licence",
    "licence_url", "url", "width_px", "height_px", "palette", "cluster_id", "thumbnail",
    "score", "section", "why",
}  # fmt: skip


def described(song, heard, desk, options=PLAIN):
    return describe_board(song, heard, desk, select(ask(heard, desk), desk, options))


def in_two_sections(heard):
    rng = np.random.default_rng(1)
    parts = l2_normalize(rng.normal(size=(2, heard.embeddings.shape[1])))
    sections = (Section(0.0, 2.5, "A"), Section(2.5, 4.0, "B"))
    return replace(
        heard,
        embeddings=np.vstack([heard.embeddings[:1], parts]),
        affects=np.repeat(heard.affects[:1], 3, axis=0),
        analysis=replace(heard.analysis, sections=sections),
    )


@pytest.fixture
def board(song, heard, desk):
    return described(song, heard, desk)


def test_a_board_is_plain_json_of_its_schema(board):
    assert json.loads(json.dumps(board, allow_nan=False)) == board
    assert board["schema"] == "evoke.board/1"
    assert set(board) == {
        "schema", "board_id", "track", "moods", "mood_scores", "emotion_profile", "arc",
        "sections", "palette", "tiles", "candidates", "refinement", "diversity",
        "relevance", "notes", "release",
    }  # fmt: skip


def test_the_track_names_its_source_and_carries_peaks_but_no_sound(board, heard):
    track = board["track"]
    assert track["source_key"] == "sub folder/chord.wav"
    assert track["title"] == "chord"
    assert track["audio"] == "../../drops/sub%20folder/chord.wav"
    assert track["sha256"] == heard.sha256
    assert track["duration_s"] == 4.0
    assert len(track["peaks"]) == 800
    assert all(0 <= peak <= 1 for peak in track["peaks"])
    assert track["artist"] is track["note"] is None


def test_a_song_that_may_not_be_linked_is_not(song, heard, desk):
    private = replace(song, audio_key=None)
    assert described(private, heard, desk)["track"]["audio"] is None


def test_an_embedded_title_is_preferred_to_the_file_name(song, heard, desk):
    tagged = replace(
        heard, track=replace(heard.track, title="Dusk", artist="Eva", note="broke off")
    )
    found = described(song, tagged, desk)
    assert (found["track"]["title"], found["track"]["artist"]) == ("Dusk", "Eva")
    assert found["notes"][0] == "broke off"


def test_moods_are_best_first_and_the_first_is_one(board, vocabulary):
    scores = [mood["score"] for mood in board["moods"]]
    assert len(scores) == 6
    assert scores[0] == 1.0
    assert scores == sorted(scores, reverse=True)
    assert {mood["mood"] for mood in board["moods"]} <= set(vocabulary.moods)


def test_feeling_is_said_overall_and_over_time(board):
    assert set(board["emotion_profile"]) == FEELINGS
    for window in board["arc"]:
        assert set(window) == FEELINGS | {"start_s", "end_s"}
        assert all(0 <= window[name] <= 1 for name in FEELINGS)


def test_tiles_and_candidates_carry_what_the_page_shows(board):
    assert len(board["tiles"]) == 6
    assert len(board["candidates"]) == 16
    for tile in board["tiles"]:
        assert set(tile) == PICTURE
    for candidate in board["candidates"]:
        assert set(candidate) == PICTURE | {"vector"}
        assert len(base64.b64decode(candidate["vector"])) == 12


def test_every_tile_is_a_candidate_too(board):
    candidates = {one["image_id"]: one for one in board["candidates"]}
    for tile in board["tiles"]:
        twin = dict(candidates[tile["image_id"]])
        del twin["vector"]
        assert twin == tile


def test_every_tile_has_credit_licence_and_a_thumbnail(board):
    for tile in board["tiles"]:
        number = int(tile["image_id"][1:])
        assert tile["attribution"] == f"credit {number}"
        assert tile["licence"] == "CC0-1.0"
        sha256 = f"{number:02x}" * 32
        assert tile["thumbnail"] == f"../../thumbnails/{sha256[:2]}/{sha256}.jpg"


def test_candidates_are_best_first(board):
    scores = [one["score"] for one in board["candidates"]]
    assert scores == sorted(scores, reverse=True)


def shared(picture, strengths):
    """The moods of a picture by how much the song or a part has of them."""
    found = {mood: max(part[mood] for part in strengths) for mood in picture["moods"]}
    return sorted((value for value in found.values() if value >= 0.25), reverse=True)


def test_why_names_the_two_moods_that_song_and_picture_share_most(board, desk):
    strengths = board["mood_scores"]
    assert len(strengths) == 1
    assert max(strengths[0].values()) == 1
    for tile in board["tiles"]:
        best = shared(desk.pictures[tile["image_id"]], strengths)[:2]
        assert [strengths[0][mood] for mood in tile["why"]] == best


def test_why_counts_the_moods_of_the_section_too(song, heard, desk):
    board = described(song, in_two_sections(heard), desk)
    strengths = board["mood_scores"]
    assert len(strengths) == 3
    for one in board["candidates"]:
        parts = [strengths[0], strengths[1 + one["section"]]]
        best = shared(desk.pictures[one["image_id"]], parts)[:2]
        assert [max(part[mood] for part in parts) for mood in one["why"]] == best


def test_a_mood_that_the_song_hardly_has_is_no_reason(board, desk):
    faint = {mood for mood, value in board["mood_scores"][0].items() if value < 0.25}
    assert faint
    assert any(
        faint & set(desk.pictures[one["image_id"]]["moods"])
        for one in board["candidates"]
    )
    assert not any(faint & set(one["why"]) for one in board["candidates"])


def test_a_song_of_one_section_names_none(board):
    assert [tile["section"] for tile in board["tiles"]] == [None] * 6
    assert board["sections"] == [
        {"index": 0, "start_s": 0.0, "end_s": 4.0, "label": "A", "query_index": 0}
    ]


def test_sections_name_their_query_and_tiles_their_section(song, heard, desk):
    board = described(song, in_two_sections(heard), desk)
    assert [s["query_index"] for s in board["sections"]] == [1, 2]
    assert [s["end_s"] for s in board["sections"]] == [2.5, 4.0]
    queries = np.array([q["vector"] for q in board["refinement"]["queries"]])
    for one in board["candidates"]:
        vector = np.frombuffer(base64.b64decode(one["vector"]), np.int8)
        assert one["section"] == int((queries[1:] @ vector).argmax())


def test_refinement_holds_all_that_the_page_computes_with(board, desk, vocabulary):
    refinement = board["refinement"]
    assert refinement["dimension"] == 12
    assert refinement["board_size"] == 6
    assert [query["name"] for query in refinement["queries"]] == ["whole"]
    assert refinement["queries"][0]["weight"] == desk.run_profile.board.whole_weight
    assert [axis["name"] for axis in refinement["axes"]] == list(AXES)
    assert refinement["axes"][1]["low"] == vocabulary.axes["warmth"].low
    assert refinement["axes"][0]["direction"] == [1.0] + [0.0] * 11
    assert (refinement["max_per_artist"], refinement["max_per_source"]) == (4, None)


def test_the_palette_is_five_colours_of_the_leading_tiles(board):
    shown = {colour for tile in board["tiles"] for colour in tile["palette"][:3]}
    assert len(set(board["palette"])) == 5
    assert set(board["palette"]) <= shown
    assert board["palette"][0] == board["tiles"][0]["palette"][0]


def test_relevance_and_diversity_are_those_of_the_tiles(board):
    scores = [tile["score"] for tile in board["tiles"]]
    assert board["relevance"] == pytest.approx(np.mean(scores), abs=1e-5)
    vectors = {
        one["image_id"]: np.frombuffer(base64.b64decode(one["vector"]), np.int8)
        for one in board["candidates"]
    }
    rows = np.array([vectors[t["image_id"]] for t in board["tiles"]], np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    apart = 1 - (rows @ rows.T)[np.triu_indices(6, 1)]
    assert board["diversity"] == pytest.approx(apart.mean(), abs=1e-5)


def test_fewer_tiles_than_wanted_are_said(song, heard, desk):
    rules = desk.run_profile
    wide = rules.board.model_copy(update={"size": 40, "pool": 500})
    many = replace(desk, run_profile=rules.model_copy(update={"board": wide}))
    found = described(song, heard, many)
    # twelve of the 24 are Ann's, who has at most four tiles
    assert found["notes"] == ["16 tiles instead of 40: the corpus holds no more"]


def test_the_release_that_made_it_is_recorded(board, desk):
    assert board["release"]["release_id"] == desk.release.release_id
    assert board["release"]["bridge"] == "ridge"
    assert board["release"]["collection"] == "images_1"
