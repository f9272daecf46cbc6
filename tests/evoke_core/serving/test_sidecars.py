"""Options and lyrics that lie beside a dropped song under its stem."""

import pytest

from evoke_core.boards.options import PLAIN
from evoke_core.drops.drop import drop_of
from evoke_core.errors import TrackRefused
from evoke_core.serving.sidecars import keep_lyrics, kept_lyrics, options_of

SONG = drop_of("drops/set/blue.song.mp3", "1")


def test_without_a_sidecar_the_board_is_plain(store):
    store.write("drops/set/blue.json", b'{"size": 5}')  # of another stem
    assert options_of(store, SONG) == PLAIN


def test_options_are_read_from_the_json_of_the_same_stem(store):
    store.write("drops/set/blue.song.json", b'{"size": 5, "sliders": {"warmth": 1}}')
    options = options_of(store, SONG)
    assert options.size == 5
    assert options.setting == {"warmth": 1.0}


def test_bad_options_refuse_the_song_by_the_name_of_their_file(store):
    store.write("drops/set/blue.song.json", b"{")
    with pytest.raises(TrackRefused, match=r"set/blue\.song\.json") as refusal:
        options_of(store, SONG)
    assert refusal.value.reason == "bad_options"


def test_a_song_without_words_has_no_lyrics(store):
    assert keep_lyrics(store, SONG) is None
    assert kept_lyrics(store, SONG.drop_id) is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"rain\nrain", "rain\nrain"),
        (b"rain\r\nrain\r", "rain\nrain"),
        ("\ufeffnéon".encode(), "néon"),
        ("雨\n".encode("utf-16"), "雨"),
        ("néon".encode("cp1252"), "néon"),
        (b"", ""),
    ],
)
def test_words_are_kept_as_utf_8_however_they_were_written(store, raw, text):
    store.write("drops/set/blue.song.txt", raw)
    assert keep_lyrics(store, SONG) is None
    assert store.read(f"lyrics/{SONG.drop_id}.txt") == text.encode()
    assert kept_lyrics(store, SONG.drop_id) == text


def test_words_with_times_are_preferred(store):
    store.write("drops/set/blue.song.txt", b"rain")
    store.write("drops/set/blue.song.lrc", b"[00:01.00]rain")
    keep_lyrics(store, SONG)
    assert kept_lyrics(store, SONG.drop_id) == "[00:01.00]rain"


def test_words_that_take_the_place_of_others_are_the_only_ones(store):
    store.write("drops/set/blue.song.lrc", b"[00:01.00]rain")
    keep_lyrics(store, SONG)
    store.delete("drops/set/blue.song.lrc")
    store.write("drops/set/blue.song.txt", b"sun")
    keep_lyrics(store, SONG)
    assert kept_lyrics(store, SONG.drop_id) == "sun"


@pytest.mark.parametrize("raw", [b"\x81\x00", b"ra\0in", b"x" * 5_000_000])
def test_what_is_no_text_is_left_out_with_a_note(store, raw):
    store.write("drops/set/blue.song.txt", raw)
    assert "set/blue.song.txt" in keep_lyrics(store, SONG)
    assert kept_lyrics(store, SONG.drop_id) is None


def test_words_lie_outside_of_the_folder_that_people_hand_on(store):
    store.write("drops/set/blue.song.txt", b"rain")
    keep_lyrics(store, SONG)
    assert [found.key for found in store.listing("boards/")] == []
