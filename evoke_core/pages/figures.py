"""The drawn parts of a board page: waveform ribbon, arc colours, emotion courses.

Everything is a string for SVG in a fixed view box that the page stretches. The player
and the markup around the figures are in the templates.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evoke_core.pages.accent import rgb
from evoke_core.pages.document import clock

RIBBON_WIDTH, RIBBON_HEIGHT = 1000, 100
RIBBON_POINTS = 240  # finer detail turns to noise on a screen 1,400 px wide
COURSE_WIDTH, COURSE_HEIGHT = 160, 24
MOST_MARKS = 150  # closer than this, ticks are a line
MEASURES = {
    "energy": ("Energy", "still", "driving"),
    "valence": ("Mood", "dark", "bright"),
    "texture": ("Texture", "bare", "rich"),
    "harmonic_complexity": ("Harmony", "plain", "intricate"),
    "rhythmic_density": ("Rhythm", "sparse", "dense"),
}
# cool to warm, even in lightness, so that no section shouts on light or dark paper
_HUES = ("#4f74c8", "#7d6fc0", "#b0689f", "#d0696b", "#dd8a3e")


@dataclass(frozen=True, slots=True)
class Course:
    """One measure of the emotion profile over the song.

    Args:
        name: For people: "Energy".
        value: Mean over the song, 0..1.
        level: The value in words: "rather driving".
        course: Where it is highest and lowest: "highest at 0:45, lowest at 0:10"; empty
            where it stays the same.
        path: Closed SVG path in COURSE_WIDTH x COURSE_HEIGHT.
    """

    name: str
    value: float
    level: str
    course: str
    path: str


def ribbon_path(
    peaks: Sequence[float], arc: Sequence[Mapping[str, Any]], duration_s: float
) -> str:
    """Draw the waveform as a closed ribbon, taller where the arc has energy.

    Args:
        peaks: Loudness in 0..1 at equal steps over the song; may be empty.
        arc: Windows with start_s, end_s and energy; may be empty.
        duration_s: Length of the song.

    Returns:
        An SVG path in RIBBON_WIDTH x RIBBON_HEIGHT, mirrored about the middle.
    """
    count = min(RIBBON_POINTS, len(peaks)) or 2
    heights = _resampled(np.asarray(peaks or [0.0, 0.0], np.float64), count)
    places = (np.arange(count) + 0.5) / count * duration_s
    energy = np.asarray([_at(arc, place, "energy") for place in places])
    heights = _smoothed(np.clip(heights, 0.0, 1.0)) * (0.55 + 0.45 * energy)
    top = float(heights.max())
    heights = np.maximum(heights / top if top > 0 else heights, 0.02) * 0.48
    across = np.linspace(0, RIBBON_WIDTH, count)
    upper = [
        f"{x:.1f} {y:.1f}"
        for x, y in zip(across, (0.5 - heights) * RIBBON_HEIGHT, strict=True)
    ]
    lower = [
        f"{x:.1f} {y:.1f}"
        for x, y in zip(across, (0.5 + heights) * RIBBON_HEIGHT, strict=True)
    ]
    return "M" + "L".join(upper + lower[::-1]) + "Z"


def ribbon_stops(
    arc: Sequence[Mapping[str, Any]], duration_s: float
) -> list[tuple[str, str]]:
    """Colour the ribbon by the valence of the arc, cool to warm.

    Returns:
        (offset in per cent, hex colour), at least one, in order.
    """
    stops = [
        (_percent((window["start_s"] + window["end_s"]) / 2, duration_s), hue(window))
        for window in arc
    ]
    return stops or [("0%", _HUES[1])]


def hue(window: Mapping[str, Any]) -> str:
    """Mix the colour of one window's valence."""
    place = min(1.0, max(0.0, float(window["valence"]))) * (len(_HUES) - 1)
    left = min(int(place), len(_HUES) - 2)
    share = place - left
    pairs = zip(rgb(_HUES[left]), rgb(_HUES[left + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def courses(
    emotion_profile: Mapping[str, float], arc: Sequence[Mapping[str, Any]]
) -> list[Course]:
    """Draw the five measures over time, in the order people read them."""
    return [
        Course(
            name=name,
            value=float(emotion_profile[measure]),
            level=_level(float(emotion_profile[measure]), low, high),
            course=_course(arc, measure),
            path=_course_path(arc, measure, float(emotion_profile[measure])),
        )
        for measure, (name, low, high) in MEASURES.items()
    ]


def window_marks(arc: Sequence[Mapping[str, Any]], duration_s: float) -> str:
    """Draw a small tick where each window of the arc begins, along the ribbon's foot.

    Returns:
        An SVG path in RIBBON_WIDTH x RIBBON_HEIGHT; thinned out in a long song.
    """
    every = max(1, -(-len(arc) // MOST_MARKS))
    shares = [float(one["start_s"]) / max(duration_s, 1e-9) for one in arc[::every]]
    return "".join(
        f"M{min(1.0, max(0.0, share)) * RIBBON_WIDTH:.1f} {RIBBON_HEIGHT}v-5"
        for share in shares
    )


def window_values(arc: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """List the windows for the page: start_s, end_s, then a value of each measure."""
    names = ("start_s", "end_s", *MEASURES)
    return [[round(float(window[name]), 2) for name in names] for window in arc]


def section_rules(sections: Sequence[Mapping[str, Any]], duration_s: float) -> str:
    """Place the sections along the ribbon, as CSS by their order."""
    return "".join(
        f".sections li:nth-child({number}){{left:{_percent(one['start_s'], duration_s)}"
        f";width:{_percent(one['end_s'] - one['start_s'], duration_s)}}}"
        for number, one in enumerate(sections, start=1)
    )


def _course_path(arc: Sequence[Mapping[str, Any]], measure: str, overall: float) -> str:
    """Place each window's value at its middle and hold it to the song's ends."""
    length = max((float(one["end_s"]) for one in arc), default=0.0) or 1.0
    places = [(float(one["start_s"]) + float(one["end_s"])) / 2 / length for one in arc]
    values = [float(one[measure]) for one in arc]
    across = np.asarray([0.0, *places, 1.0]) * COURSE_WIDTH
    held = [values[0], *values, values[-1]] if values else [overall] * 2
    down = COURSE_HEIGHT - 1 - np.clip(np.asarray(held), 0.0, 1.0) * (COURSE_HEIGHT - 3)
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(across, down, strict=True))
    return f"M0 {COURSE_HEIGHT}L{line}L{COURSE_WIDTH} {COURSE_HEIGHT}Z"


def _course(arc: Sequence[Mapping[str, Any]], measure: str) -> str:
    values = [float(window[measure]) for window in arc]
    if not values or max(values) - min(values) < 0.05:  # nobody hears less
        return ""
    middles = [(float(one["start_s"]) + float(one["end_s"])) / 2 for one in arc]
    high, low = (middles[values.index(end(values))] for end in (max, min))
    return f"highest at {clock(high)}, lowest at {clock(low)}"


def _level(value: float, low: str, high: str) -> str:
    if abs(value - 0.5) <= 0.1:
        return "in between"
    strength = "very " if abs(value - 0.5) > 0.3 else "rather "
    return strength + (high if value > 0.5 else low)


def _at(arc: Sequence[Mapping[str, Any]], place_s: float, measure: str) -> float:
    for window in arc:
        if window["start_s"] <= place_s < window["end_s"]:
            return float(window[measure])
    return 0.5


def _resampled(values: np.ndarray, count: int) -> np.ndarray:
    edges = np.linspace(0, len(values), count + 1)
    return np.asarray(
        [
            values[int(start) : max(int(start) + 1, int(end))].max()
            for start, end in itertools.pairwise(edges)
        ]
    )


def _smoothed(values: np.ndarray) -> np.ndarray:
    padded = np.pad(values, 1, mode="edge")
    return padded[:-2] * 0.25 + padded[1:-1] * 0.5 + padded[2:] * 0.25


def _percent(place_s: float, duration_s: float) -> str:
    share = place_s / duration_s if duration_s > 0 else 0.0
    return f"{min(1.0, max(0.0, share)) * 100:.2f}%"
