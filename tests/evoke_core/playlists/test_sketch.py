"""A track's sketch: peaks and names, made once; what has gone is refused."""

import pytest

from evoke_core.errors import TrackRefused
from evoke_core.playlists.sketch import sketch_track


def test_a_track_is_decoded_once_and_then_known_by_its_content(
    desk, chord, monkeypatch
):
    desk.store.write("tracks/a.wav", chord)
    desk.store.write("tracks/b.wav", b"other bytes, which nobody reads")

    first = sketch_track("tracks/a.wav", "ab" * 32, desk)
    again = sketch_track("tracks/b.wav", "ab" * 32, desk)

    assert first == again
    assert first.duration_s == pytest.approx(4.0, abs=0.01)
    assert len(first.peaks) == 240
    assert 0 < max(first.peaks) <= 1
    assert first.peaks[0] > first.peaks[-1]  # the chord fades


def test_a_damaged_sketch_is_made_again(desk, chord):
    desk.store.write("tracks/a.wav", chord)
    whole = sketch_track("tracks/a.wav", "ab" * 32, desk)
    for damaged in (b"{", b"[]", b'{"peaks": [1]}'):
        desk.store.write(f"waveforms/{'ab' * 32}.json", damaged)
        assert sketch_track("tracks/a.wav", "ab" * 32, desk) == whole


def test_a_track_on_disk_is_sketched_where_it_lies(desk, chord, tmp_path):
    (tmp_path / "a.wav").write_bytes(chord)
    found = sketch_track(f"file:{tmp_path / 'a.wav'}", "cd" * 32, desk)
    assert found.duration_s == pytest.approx(4.0, abs=0.01)


@pytest.mark.parametrize("location", ["tracks/gone.wav", "file:/no/such.wav"])
def test_a_track_that_has_gone_is_refused_although_it_was_sketched(
    desk, chord, location
):
    desk.store.write("tracks/a.wav", chord)
    sketch_track("tracks/a.wav", "ab" * 32, desk)
    with pytest.raises(TrackRefused) as refusal:
        sketch_track(location, "ab" * 32, desk)
    assert refusal.value.reason == "vanished"


def test_a_track_without_sound_is_refused(desk, silence):
    desk.store.write("tracks/a.wav", silence)
    with pytest.raises(TrackRefused) as refusal:
        sketch_track("tracks/a.wav", "ab" * 32, desk)
    assert refusal.value.reason == "silent"
