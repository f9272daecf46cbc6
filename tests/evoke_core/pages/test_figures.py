"""Ribbon and courses: inside their boxes, in words, whatever the song."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.pages.figures import (
    COURSE_HEIGHT,
    COURSE_WIDTH,
    MEASURES,
    RIBBON_HEIGHT,
    RIBBON_WIDTH,
    courses,
    hue,
    ribbon_path,
    ribbon_stops,
    section_rules,
    window_marks,
    window_values,
)

SHARES = st.floats(0, 1)


def window(start_s, end_s, value=0.5, **other):
    return {"start_s": start_s, "end_s": end_s} | dict.fromkeys(MEASURES, value) | other


def points(path):
    pairs = re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)
    return [(float(x), float(y)) for x, y in pairs]


@given(st.lists(SHARES, max_size=900), st.lists(SHARES, max_size=4))
def test_the_ribbon_stays_in_its_box_and_is_mirrored(peaks, energies):
    arc = [window(n, n + 1, energy=energy) for n, energy in enumerate(energies)]
    drawn = points(ribbon_path(peaks, arc, 4.0))
    assert all(0 <= x <= RIBBON_WIDTH and 0 <= y <= RIBBON_HEIGHT for x, y in drawn)
    half = len(drawn) // 2
    for (x, y), (other_x, other_y) in zip(
        drawn[:half], reversed(drawn[half:]), strict=True
    ):
        assert x == other_x
        assert y + other_y == pytest.approx(RIBBON_HEIGHT, abs=0.11)


def test_the_ribbon_is_tallest_where_the_arc_has_energy():
    arc = [window(0, 5, energy=0.0), window(5, 10, energy=1.0)]
    drawn = points(ribbon_path([0.5] * 800, arc, 10.0))
    heights = dict(drawn[len(drawn) // 2 :])
    low = [y for x, y in heights.items() if x < 400]
    high = [y for x, y in heights.items() if x > 600]
    assert max(low) < min(high)


def test_a_dark_window_is_cool_and_a_bright_one_warm():
    cool, warm = hue({"valence": 0.0}), hue({"valence": 1.0})
    assert int(cool[5:], 16) > int(cool[1:3], 16)
    assert int(warm[1:3], 16) > int(warm[5:], 16)
    assert hue({"valence": -3.0}) == cool


def test_stops_stand_in_the_middle_of_their_windows():
    arc = [window(0, 4, valence=0.0), window(4, 8, valence=1.0)]
    assert [offset for offset, _ in ribbon_stops(arc, 8.0)] == ["25.00%", "75.00%"]
    assert len(ribbon_stops([], 8.0)) == 1


@pytest.mark.parametrize(
    ("energy", "words"),
    [(0.0, "very still"), (0.3, "rather still"), (0.5, "in between"),
     (0.7, "rather driving"), (1.0, "very driving")],
)  # fmt: skip
def test_a_value_is_also_said_in_words(energy, words):
    profile = dict.fromkeys(MEASURES, 0.5) | {"energy": energy}
    first = courses(profile, [])[0]
    assert (first.name, first.value, first.level) == ("Energy", energy, words)


def test_words_beside_a_course_stay_short_enough_for_a_phone():
    levels = {
        course.level
        for value in (0.0, 0.3, 0.5, 0.7, 1.0)
        for course in courses(dict.fromkeys(MEASURES, value), [])
    }
    assert max(len(level) for level in levels) <= len("rather intricate")


@given(st.lists(SHARES, min_size=1, max_size=30))
def test_courses_stay_in_their_box(values):
    arc = [window(n, n + 1, value) for n, value in enumerate(values)]
    for course in courses(dict.fromkeys(MEASURES, 0.5), arc):
        assert all(
            0 <= x <= COURSE_WIDTH and 0 <= y <= COURSE_HEIGHT
            for x, y in points(course.path)
        )


def test_sections_are_placed_by_their_share_of_the_song():
    rules = section_rules([window(0, 5), window(5, 20)], 20.0)
    assert "nth-child(1){left:0.00%;width:25.00%}" in rules
    assert "nth-child(2){left:25.00%;width:75.00%}" in rules


def test_a_song_without_length_still_gets_a_figure():
    assert "left:0.00%" in section_rules([window(0, 0)], 0.0)
    assert ribbon_path([], [], 0.0).startswith("M")


def test_every_window_has_its_mark_until_marks_would_touch():
    arc = [window(2 * n, 2 * n + 2) for n in range(6)]
    marks = window_marks(arc, 12.0)
    assert marks.startswith("M0.0 100v-5M166.7 100v-5")
    assert marks.count("M") == 6
    assert window_marks([], 12.0) == ""
    assert window_marks(arc, 0.0).count("M") == 6
    long = [window(n, n + 1) for n in range(1000)]
    assert 100 <= window_marks(long, 1000.0).count("M") <= 150


def test_windows_carry_their_values_in_the_order_of_the_measures():
    found = window_values([window(0, 2.0049, 0.25, energy=0.111)])
    assert found == [[0.0, 2.0, 0.11, 0.25, 0.25, 0.25, 0.25]]


def test_a_course_says_when_it_is_highest_and_lowest():
    arc = [window(20 * n, 20 * n + 20, energy=e) for n, e in enumerate((0.4, 0.9, 0.1))]
    energy, mood, *_ = courses(dict.fromkeys(MEASURES, 0.5), arc)
    assert energy.course == "highest at 0:30, lowest at 0:50"
    assert mood.course == "", "it stays the same"


def test_a_value_stands_at_the_middle_of_its_window():
    arc = [window(0, 4, energy=0.0), window(4, 8, energy=1.0)]
    drawn = points(courses(dict.fromkeys(MEASURES, 0.5), arc)[0].path)
    assert (COURSE_WIDTH * 0.25, COURSE_HEIGHT - 1) in drawn
    assert (COURSE_WIDTH * 0.75, 2) in drawn
