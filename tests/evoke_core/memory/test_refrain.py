from evoke_core.memory.refrain import choose_refrain


def count(text: str) -> int:
    return len(text.split())


def choose(text: str, room: int):
    return choose_refrain(text, room=room, count_tokens=count)


def test_a_text_that_fits_is_taken_whole_with_its_repeats():
    text = "la la\nla la\noh"
    assert choose(text, 5).text == text
    assert choose(text, 5).taken == choose(text, 5).of == 2


def test_lines_sung_most_often_come_first_and_stand_in_the_order_of_the_song():
    text = "a b c\nd e\nf g h\nd e!\nf g h\nF G H\ni j"
    assert choose(text, 5).text == "d e\nf g h"


def test_a_song_that_repeats_nothing_is_told_by_its_opening():
    assert choose("a b\nc d\ne f\ng h", 4).text == "a b\nc d"


def test_a_line_that_is_too_long_for_what_is_left_gives_way_to_a_shorter_one():
    chosen = choose("a b c\nd e f\ng", 4)
    assert (chosen.text, chosen.taken, chosen.of) == ("a b c\ng", 2, 3)


def test_a_song_without_ends_of_lines_is_cut_between_words():
    text = " ".join(f"w{number}" for number in range(1000))
    chosen = choose(text, 75)
    assert 30 < count(chosen.text) <= 75
    assert chosen.text.split()[:3] == ["w0", "w1", "w2"]
    assert set(chosen.text.split()) <= set(text.split())


def test_signs_without_spaces_are_cut_too():
    text = "夜" * 400
    chosen = choose_refrain(text, room=75, count_tokens=lambda each: 3 * len(each))
    assert 0 < len(chosen.text) <= 25
