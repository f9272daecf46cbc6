import codecs

import numpy as np
import pytest

from evoke_core.memory.lyrics import LyricsRules, decode_lyrics, read_lyrics

FRENCH = "Sous le ciel d'été\nla mer s'éloigne"


def test_times_id_tags_and_labels_of_lrc_are_not_sung():
    lrc = (
        "[ar: Somebody]\r\n[ti:Song]\r\n[offset:+500]\r\n\r\n"
        "[00:01.00][01:02.50]Hold the line\r\n"
        "[00:04.20]<00:04.20>One <00:04.90>by <00:05.1>one\r\n"
        "[Chorus]\r\n[00:09]  again \t and again\r\n[00:12.00]\r\n"
    )
    assert read_lyrics(lrc.encode()).text == (
        "Hold the line\nOne by one\nagain and again"
    )


def test_words_in_brackets_within_a_line_are_sung():
    assert read_lyrics(b"oh [yeah] come on").text == "oh [yeah] come on"


@pytest.mark.parametrize(
    "raw",
    [
        FRENCH.encode(),
        codecs.BOM_UTF8 + FRENCH.encode(),
        FRENCH.encode("utf-16"),
        codecs.BOM_UTF16_BE + FRENCH.encode("utf-16-be"),
        FRENCH.encode("utf-16-le"),
        FRENCH.encode("utf-16-be"),
        FRENCH.encode("utf-32"),
        FRENCH.encode("latin-1"),
        FRENCH.encode("cp1252"),
        FRENCH.replace("\n", "\r").encode(),
    ],
)
def test_one_text_is_read_alike_from_every_encoding(raw):
    assert read_lyrics(raw).text == FRENCH


@pytest.mark.parametrize(
    "text", ["Тёмная ночь", "夜の海は静かだ", "שיר ללא מילים", "Đêm đã về khuya"]
)
def test_the_language_is_left_as_it_is(text):
    assert read_lyrics(text.encode()).text == text


@pytest.mark.parametrize(
    "raw",
    [
        np.random.default_rng(0).bytes(5000),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"\xff\xd8\xff\xe0" + np.random.default_rng(1).bytes(3000),
        b"%PDF-1.7 text that can be read",
        b"  <!DOCTYPE html><p>words</p>",
        codecs.BOM_UTF16_LE + b"\x00\xd8\x41\x00",
        b"words\0\0\0words",
    ],
)
def test_what_is_no_text_is_refused_with_a_reason(raw):
    sung = read_lyrics(raw)
    assert (sung.text, sung.reason) == ("", "not_text")
    assert "UTF-8" in sung.note


def test_an_encoding_that_cannot_be_told_is_refused_instead_of_read_as_nonsense():
    sung = read_lyrics("Тёмная ночь, только пули свистят".encode("cp1251"))
    assert (sung.text, sung.reason) == ("", "unknown_encoding")


@pytest.mark.parametrize(
    "raw", [b"", b" \n\t", "♪ ♪\n...".encode(), b"[Instrumental]", b"(instrumental)"]
)
def test_a_text_without_sung_words_says_so(raw):
    assert read_lyrics(raw).reason == "no_words"


def test_a_hundred_thousand_words_count_up_to_the_limit():
    sung = read_lyrics(b"one two three four five\n" * 20_000)
    assert len(sung.text.split()) == LyricsRules().most_words
    assert "first 10,000 words" in sung.note
    assert sung.reason is None


def test_a_text_at_the_limit_is_whole_and_says_nothing():
    sung = read_lyrics(b"one two\nthree", LyricsRules(most_words=3))
    assert (sung.text, sung.note) == ("one two\nthree", None)
    assert read_lyrics(b"one two\nthree", LyricsRules(most_words=2)).text == "one two"


def test_too_many_bytes_are_not_read():
    sung = read_lyrics(b"a b", LyricsRules(most_bytes=2))
    assert (sung.text, sung.reason) == ("", "too_large")


def test_a_text_is_decoded_with_its_times_for_who_needs_them():
    assert decode_lyrics("[00:01.00]été".encode("latin-1")) == "[00:01.00]été"
    assert decode_lyrics(bytes(9)).reason == "not_text"


def test_a_tag_that_was_decoded_is_read_by_the_same_rules():
    assert read_lyrics("[00:01.00]Hello\rworld").text == "Hello\nworld"
    assert read_lyrics("\x00\x01\x02").reason == "not_text"
