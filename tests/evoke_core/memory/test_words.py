from evoke_core.memory.lyrics import SungText
from evoke_core.memory.words import choose_words, find_words

MOODS = ("serene", "tender")


def test_lyrics_beside_a_song_come_before_those_in_its_tags():
    words = choose_words(SungText("beside"), SungText("within"), title="T", moods=MOODS)
    assert (words.text, words.origin, words.note) == ("beside", "sidecar", None)
    words = choose_words(None, SungText("within"), title="T", moods=MOODS)
    assert (words.text, words.origin) == ("within", "embedded")


def test_an_instrumental_speaks_by_title_and_moods():
    words = choose_words(None, None, title="Clair  de\nlune", moods=MOODS)
    assert words.text == "Clair de lune, serene, tender"
    assert words.origin == "moods"
    assert "no lyrics" in words.note


def test_a_song_of_which_nothing_is_known_is_not_silent_either():
    assert choose_words(None, None, title=None, moods=()).text == "instrumental music"


def test_refused_lyrics_are_named_and_the_next_words_are_taken():
    words = find_words(b"", bytes(range(256)), title="Dawn", moods=("calm",))
    assert (words.text, words.origin) == ("Dawn, calm", "moods")
    assert "sidecar: the lyrics are no text" in words.note


def test_notes_never_quote_the_lyrics():
    sung = b"secretword " * 40_000
    assert "secretword" not in find_words(b"", sung, title=None, moods=()).note
