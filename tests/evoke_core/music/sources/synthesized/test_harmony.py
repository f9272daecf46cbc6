"""Chords, progressions and voice leading, worked by hand."""

from itertools import pairwise

import pytest

from evoke_core.music.sources.synthesized.harmony import (
    Chord,
    Key,
    chord_at,
    lay_out,
    lead_voices,
    nearest,
    parse_chord,
    scale_under,
)

C_MAJOR = Key("C", "major")
A_MINOR = Key("A", "minor")


@pytest.mark.parametrize(
    ("symbol", "key", "tones", "bass"),
    [
        ("I", C_MAJOR, (0, 4, 7), 0),
        ("V7", C_MAJOR, (7, 11, 2, 5), 7),
        ("iim9", C_MAJOR, (2, 5, 9, 0, 4), 2),
        ("i", A_MINOR, (9, 0, 4), 9),
        ("V7", A_MINOR, (4, 8, 11, 2), 4),
        ("bII", A_MINOR, (10, 2, 5), 10),
        ("#viio7", A_MINOR, (8, 11, 2, 5), 8),
        ("v/7", A_MINOR, (4, 7, 11), 7),
        ("iih7", A_MINOR, (11, 2, 5, 9), 11),
    ],
)
def test_roman_numerals_name_their_chords(symbol, key, tones, bass) -> None:
    assert parse_chord(symbol, key) == Chord(tones, bass)


def test_what_is_no_chord_is_refused_with_its_text() -> None:
    with pytest.raises(ValueError, match="'H7'"):
        parse_chord("H7", C_MAJOR)


def test_a_progression_repeats_until_its_cadence_takes_the_last_bars() -> None:
    spans = lay_out("I | IV V || V7 | I", C_MAJOR, bars=5, beats_per_bar=4)
    roots = [span.chord.tones[0] for span in spans]
    assert roots == [0, 5, 7, 0, 7, 0]
    assert [span.beat for span in spans] == [0, 4, 6, 8, 12, 16]
    assert chord_at(spans, 5.9).tones[0] == 5
    assert chord_at(spans, 99).tones[0] == 0


def test_the_leading_tone_replaces_the_seventh_under_a_dominant() -> None:
    scale = scale_under(parse_chord("V7", A_MINOR), A_MINOR)
    assert 8 in scale
    assert 7 not in scale


def test_common_tones_stay_and_the_others_move_by_step() -> None:
    chords = [parse_chord(symbol, C_MAJOR) for symbol in ("I", "vi", "IV", "V", "I")]
    led = lead_voices(chords, voices=3, low=55)
    for chord, pitches in zip(chords, led, strict=True):
        assert {pitch % 12 for pitch in pitches} == set(chord.tones)
        assert list(pitches) == sorted(pitches)
    moves = [abs(b - a) for x, y in pairwise(led) for a, b in zip(x, y, strict=True)]
    assert max(moves) <= 4
    assert led[0][0] == led[1][0] or len(set(led[0]) & set(led[1])) == 2


def test_the_top_voice_sings_what_is_asked() -> None:
    chords = [parse_chord(symbol, C_MAJOR) for symbol in ("I", "V", "I")]
    led = lead_voices(chords, voices=3, low=55, tops=[72, 71, 72])
    assert [pitches[-1] for pitches in led] == [72, 71, 72]


def test_nearest_goes_down_on_a_tie() -> None:
    assert nearest(61, (0, 2)) == 60
