import io
from importlib.util import find_spec

import numpy as np
import polars as pl
import pytest
import soundfile

from evoke_core.config.profile import AudioRules
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.muq import MuQEncoder
from evoke_core.music.survey import survey_tracks
from evoke_core.schemas import validate

RATE = 22_050
RULES = AudioRules(min_s=3, max_s=100)

pytestmark = pytest.mark.skipif(
    find_spec("muq") is None, reason="muq is not installed (extra muq)"
)


def chord(hertz):
    time = np.arange(5 * RATE) / RATE
    wave = 0.3 * np.sin(2 * np.pi * hertz * time) * np.linspace(1, 0.5, len(time))
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, RATE, format="WAV")
    return buffer.getvalue()


@pytest.fixture
def tracks(store):
    """Six short songs, one of them none."""
    songs = [chord(220 + 40 * row) for row in range(6)]
    songs[2] = b"no song"
    for row, song in enumerate(songs):
        store.write(f"tracks/{row}.wav", song)
    return pl.DataFrame(
        {
            "track_id": [f"t{row}" for row in range(6)],
            "source_key": [f"{row}.wav" for row in range(6)],
            "location": [f"tracks/{row}.wav" for row in range(6)],
        }
    )


def survey(store, tracks, encoder):
    return survey_tracks(tracks, encoder, RULES, store, report=lambda *_: None)


@pytest.fixture
def passes(tiny_muq, monkeypatch):
    """An encoder, and how many blocks each of its passes took."""
    encoder, sizes = MuQEncoder(tiny_muq, "tiny-muq"), []
    encode = encoder._features

    def counting(jobs):
        sizes.append(len(jobs))
        return encode(jobs)

    monkeypatch.setattr(encoder, "_features", counting)
    return encoder, sizes


def test_short_songs_of_a_library_share_passes_of_a_large_model(store, tracks, passes):
    encoder, sizes = passes
    heard = survey(store, tracks, encoder)
    assert sizes == [4, 1]  # five songs of one block each
    assert heard.embeddings["track_id"].unique(maintain_order=True).to_list() == [
        *("t0", "t1", "t3", "t4", "t5")
    ]
    assert validate("track_refusals", heard.refusals).select(
        "track_id", "reason"
    ).rows() == [("t2", "not_audio")]


@pytest.mark.parametrize("is_large", [False, True])
def test_a_track_that_went_since_the_listing_is_a_refused_row(
    store, tracks, tiny_muq, is_large
):
    encoder = (
        MuQEncoder(tiny_muq, "tiny-muq") if is_large else HandcraftedMusicEncoder()
    )
    store.delete("tracks/0.wav")
    heard = survey(store, tracks[:2], encoder)
    assert heard.embeddings["track_id"].unique().to_list() == ["t1"]
    [row] = heard.refusals.to_dicts()
    assert (row["track_id"], row["reason"]) == ("t0", "vanished")
    assert "fit_bridge" in row["detail"]


def test_a_song_has_the_vectors_that_it_has_alone(store, tracks, passes):
    encoder, _ = passes
    together = survey(store, tracks, encoder).embeddings
    for kept in list(store.listing("heard/")):
        store.delete(kept.key)
    alone = survey(store, tracks[4:5], encoder).embeddings
    same = together.filter(track_id="t4")
    np.testing.assert_allclose(
        *(np.array(each["embedding"].to_list()) for each in (same, alone)), atol=1e-5
    )


def test_a_second_survey_makes_no_pass_and_the_same_tables(store, tracks, passes):
    encoder, sizes = passes
    first = survey(store, tracks, encoder)
    made = len(sizes)
    second = survey(store, tracks, encoder)
    assert len(sizes) == made
    assert first.embeddings.equals(second.embeddings)
    assert first.profiles.equals(second.profiles)
    assert first.refusals.equals(second.refusals)
