"""Every plot is a PNG, also of little, equal or hostile input."""

import io

import numpy as np
import polars as pl
from PIL import Image

from evoke_core.plots import (
    bars_plot,
    counts_plot,
    plane_plot,
    tally_plot,
    tradeoff_plot,
)

POINTS = np.random.default_rng(1).uniform(-1, 1, (50, 2))


def opened(png: bytes) -> Image.Image:
    assert png.startswith(b"\x89PNG\r\n")
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        return image.convert("RGB")


def has_colour(image: Image.Image, colour: str, tolerance: int = 40) -> bool:
    wanted = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)])
    distance = np.abs(np.asarray(image).astype(int) - wanted).max(axis=-1)
    return bool((distance < tolerance).sum() > 20)


def test_points_are_drawn_in_the_accent():
    image = opened(plane_plot(POINTS, title="Where they lie"))

    assert image.width == 700
    assert has_colour(image, "#c2542d", 80)


def test_ours_stands_out_from_what_it_is_compared_with():
    values = {"bridge": (0.5, 0.4, 0.6), "chance": (0.1, 0.05, 0.15)}

    both = opened(bars_plot(values, title="t", unit="MRR", ours=["bridge"]))
    none_ours = opened(bars_plot(values, title="t", unit="MRR", ours=["other"]))

    assert has_colour(both, "#c2542d")
    assert has_colour(both, "#9a9a9a")
    assert not has_colour(none_ours, "#c2542d")


def test_more_bars_make_a_taller_plot():
    def height(count: int) -> int:
        values = {f"n{number}": (0.1, 0.0, 0.2) for number in range(count)}
        return opened(bars_plot(values, title="t", unit="u")).height

    assert height(9) > height(2) > 0


def test_equal_bytes_for_equal_input():
    assert plane_plot(POINTS, title="t") == plane_plot(POINTS, title="t")


def test_markup_and_underscores_in_names_are_drawn_as_they_are():
    text = r"50% of $x^ <b>_{</b> \frac"
    pair = {"_hidden": POINTS, text: POINTS}

    opened(bars_plot({text: (0.5, 0.4, 0.6)}, title=text, unit=text))
    opened(tradeoff_plot(pair, {text: (0.5, 0.5)}, title=text, labels=(text, text)))


def test_little_data_is_still_a_picture():
    opened(plane_plot(np.empty((0, 2)), title="none"))
    opened(bars_plot({}, title="none", unit="u"))


def test_counted_distributions_are_drawn_also_where_one_is_empty():
    groups = {"matching": (0, 3, 7), "random": (0, 0, 0)}
    image = opened(counts_plot(groups, (-1.0, 0.0, 0.5, 1.0), title="t", unit="cosine"))

    assert image.width == 700
    assert has_colour(image, "#d6865f")  # the accent, half through


def tally(names: dict[str, str]) -> Image.Image:
    """Draw rows of a name and as many parts as its text has letters."""
    rows = [(name, part) for name, parts in names.items() for part in parts]
    frame = pl.DataFrame(rows, schema=["name", "part"], orient="row", strict=False)
    return opened(tally_plot(frame.cast(pl.String), title="t", unit="rows"))


def test_counts_are_bars_in_parts_the_most_frequent_in_the_accent():
    one, two = tally({"a": "kkkk"}), tally({"a": "kkkk", "b": "ll"})

    assert has_colour(one, "#c2542d")
    assert not has_colour(one, "#595959", 2)
    assert has_colour(two, "#595959", 2)  # 0.35 of white, the second part
    assert two.height > one.height


def test_beyond_sixteen_bars_the_rarest_are_one():
    sixteen = tally({f"name {n}": "k" * (n + 1) for n in range(16)})
    hundred = tally({f"name {n}": "k" * (n + 1) for n in range(100)})

    assert hundred.height == sixteen.height


def test_names_of_strangers_are_drawn_and_not_read_as_maths():
    tally({r"$\frac{$": "$x", "$_{^$ and $": "k", "_hidden": "_"})


def test_nothing_counted_is_still_a_picture():
    assert tally({}).width == 700
