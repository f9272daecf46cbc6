"""Reverse mode on a library of tones: who answers, who is passed over, what is said."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from evoke_core.boards.board import Song
from evoke_core.boards.compose import compose_board
from evoke_core.boards.pool import gather
from evoke_core.boards.shelf import shelve
from evoke_core.config.loading import load_sources
from evoke_core.errors import BoardError, IndexUnavailable
from evoke_core.playlists.asked import ask_with_tiles
from evoke_core.playlists.playlist import PlaylistRules, make_playlist, shelve_playlist
from evoke_core.schemas import TABLES
from evoke_core.storage.tables import read_table, write_table
from evoke_core.vectors import l2_normalize

RATE, TRACKS = 22_050, 6


def tone(hertz):
    time = np.arange(4 * RATE) / RATE
    buffer = io.BytesIO()
    wave = 0.3 * np.sin(2 * np.pi * hertz * time)
    soundfile.write(buffer, wave, RATE, format="WAV")
    return buffer.getvalue()


def rows_of(number, encoder, names):
    """Write one track's rows: a whole and two windows of one random feeling."""
    rng = np.random.default_rng(50 + number)
    track_id = f"t{number}"
    valence, arousal = rng.uniform(-1, 1, 2)
    scores = rng.dirichlet(np.ones(len(names)))
    moods = [names[mood] for mood in np.argsort(-scores)[:4]]
    vectors = l2_normalize(rng.normal(size=(3, encoder.dimension)))
    tables = {name: [] for name in TABLES if name.startswith("track_")}
    tables["track_manifest"] = [
        {
            "track_id": track_id, "source": "synthesized",
            "source_key": f"tones/tone_{number}.wav", "title": f"Tone {number}",
            "licence": "CC0-1.0", "location": f"tracks/tone_{number}.wav",
            "labels": [], "family": "low" if number < 4 else None,
        }
    ]  # fmt: skip
    for part, (start, end) in enumerate(((0, 4), (0, 2), (2, 4))):
        span = {"track_id": track_id, "part": part, "start_s": start, "end_s": end}
        place = {"valence": valence, "arousal": arousal}
        tables["track_embeddings"].append(
            span | place | {
                "sha256": f"{number:02x}" * 32, "fingerprint": encoder.fingerprint,
                "embedding": vectors[part].tolist(),
            }
        )  # fmt: skip
        tables["track_tags"].append(
            {"track_id": track_id, "part": part, "moods": moods, "labelled": False}
            | place | {"scores": scores.tolist()}
        )  # fmt: skip
        tables["track_profiles"].append(
            span | dict.fromkeys(
                ("energy", "valence", "texture", "harmonic_complexity",
                 "rhythmic_density"), 0.5,
            )
        )  # fmt: skip
    return tables


@pytest.fixture
def library(desk, vocabulary, encoder):
    """The desk of a store with six tones; the first four are of one family."""
    found = [rows_of(one, encoder, list(vocabulary.moods)) for one in range(TRACKS)]
    for name in ("track_manifest", "track_embeddings", "track_tags", "track_profiles"):
        rows = [row for tables in found for row in tables[name]]
        write_table(desk.store, name, TABLES[name].frame(rows))
    for number in range(TRACKS):
        desk.store.write(f"tracks/tone_{number}.wav", tone(200 + 40 * number))
    return desk


@pytest.fixture
def sources(assets_config):
    return load_sources(assets_config)


def asked_by(library, number, count=3):
    """Ask with the pictures that a track's own query finds first."""
    from evoke_core.boards.query import refinement_of
    from evoke_core.playlists.playlist import _read_library

    queries = _read_library(library).queries[number]
    image_ids, _, _ = gather(refinement_of(queries, library), library)
    document = {"board_id": f"b-{number}", "track": {"title": f"Tone {number}"}}
    return ask_with_tiles(document | {"tiles": []}, library, image_ids[:count])


def titles(playlist):
    return [track["title"] for track in playlist.document["tracks"]]


EVERY = PlaylistRules(length=TRACKS, max_per_family=TRACKS)


@pytest.mark.parametrize("number", range(TRACKS))
def test_a_track_answers_first_to_the_pictures_of_its_own_board(
    library, sources, number
):
    found = make_playlist(asked_by(library, number), library, sources, EVERY)
    scores = [track["score"] for track in found.document["tracks"]]

    assert f"Tone {number}" in titles(found)[:2]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)


def test_what_is_said_of_a_track_is_what_is_known_of_it(library, sources):
    found = make_playlist(asked_by(library, 5), library, sources, EVERY)
    track = next(t for t in found.document["tracks"] if t["title"] == "Tone 5")

    assert track["attribution"] == "Tone 5, rendered in code by Evoke"
    assert track["licence"] == "CC0-1.0"
    assert track["duration_s"] == pytest.approx(4.0, abs=0.01)
    assert track["audio"] == "../../tracks/tone_5.wav"
    assert track["board"] is None
    assert track["passage"] in (
        {"start_s": 0.0, "end_s": 2.0}, {"start_s": 2.0, "end_s": 4.0}
    )  # fmt: skip
    assert set(track["why"]) <= set(track["moods"]) & set(found.document["moods"])
    assert len(track["arc"]) == 2
    json.dumps(found.document, allow_nan=False)


def test_no_more_of_a_family_than_the_rules_allow(library, sources):
    rules = replace(EVERY, max_per_family=1)
    found = make_playlist(asked_by(library, 0), library, sources, rules)

    low = {f"Tone {number}" for number in range(4)}
    assert len(low & set(titles(found))) == 1
    assert "instead of 6" in found.document["notes"][0]


def test_copies_of_one_recording_answer_once(library, sources):
    parts = read_table(library.store, "track_embeddings")
    write_table(
        library.store,
        "track_embeddings",
        parts.with_columns(sha256=parts["sha256"].replace("01" * 32, "00" * 32)),
    )
    found = make_playlist(asked_by(library, 0), library, sources, EVERY)
    assert len({"Tone 0", "Tone 1"} & set(titles(found))) <= 1


def test_a_track_that_has_gone_is_named_and_the_others_answer(library, sources):
    whole = make_playlist(asked_by(library, 2), library, sources, EVERY)
    first = titles(whole)[0]
    library.store.delete(f"tracks/tone_{first[-1]}.wav")

    found = make_playlist(asked_by(library, 2), library, sources, EVERY)

    assert titles(found) == titles(whole)[1:]
    assert [one["reason"] for one in found.document["refusals"]] == ["vanished"]


def test_a_track_with_a_board_leads_to_it(library, sources):
    audio = library.store.read("tracks/tone_5.wav")
    song = Song("tone-5-0123456789", "drops", "Tone 5.wav", "Tone 5", None)
    board = compose_board(song, audio, library)
    shelve(library.store, board)
    parts = read_table(library.store, "track_embeddings")
    sha256 = board.document["track"]["sha256"]
    known = parts.with_columns(sha256=parts["sha256"].replace("05" * 32, sha256))
    write_table(library.store, "track_embeddings", known)

    found = make_playlist(asked_by(library, 5), library, sources, EVERY)

    links = {track["title"]: track["board"] for track in found.document["tracks"]}
    assert links.pop("Tone 5") == "../../boards/tone-5-0123456789/board.html"
    assert not any(links.values())


def test_audio_outside_the_store_is_never_linked(library, sources, tmp_path):
    tracks = read_table(library.store, "track_manifest")
    (tmp_path / "mine.wav").write_bytes(tone(440))
    moved = f"file:{tmp_path / 'mine.wav'}"
    write_table(
        library.store,
        "track_manifest",
        tracks.with_columns(
            location=tracks["location"].replace("tracks/tone_5.wav", moved)
        ),
    )
    found = make_playlist(asked_by(library, 5), library, sources, EVERY)

    track = next(t for t in found.document["tracks"] if t["title"] == "Tone 5")
    assert track["audio"] is None
    assert str(tmp_path) not in found.page
    assert str(tmp_path) not in json.dumps(found.document)


def test_equal_questions_give_equal_bytes_and_are_stored_whole(library, sources):
    asked = asked_by(library, 1)
    first, again = (make_playlist(asked, library, sources, EVERY) for _ in range(2))
    key = shelve_playlist(library.store, first)

    assert first == again
    assert key == f"playlists/{asked.asked_id}/playlist.html"
    assert library.store.read(key).decode() == first.page
    kept = library.store.read(key.replace(".html", ".json"))
    assert json.loads(kept) == first.document


def test_a_library_without_tracks_is_refused_with_the_remedy(library, sources):
    asked = asked_by(library, 1)
    for name in ("track_embeddings", "track_tags"):
        write_table(library.store, name, TABLES[name].empty())
    with pytest.raises(BoardError, match="run the job fit_bridge"):
        make_playlist(asked, library, sources)


def test_a_library_that_another_encoder_heard_is_refused(library, sources):
    asked = asked_by(library, 1)
    other = replace(library, release=replace(library.release, music_encoder="other/1"))
    with pytest.raises(IndexUnavailable, match="other/1"):
        make_playlist(asked, other, sources)
