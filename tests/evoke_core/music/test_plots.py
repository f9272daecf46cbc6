"""Each table of the music library has a picture, also where there is little in it."""

import io

import polars as pl
from PIL import Image

from evoke_core.music.plots import plot_emotion, plot_listed, plot_refusals
from evoke_core.schemas import TABLES


def width_px(png: bytes) -> int:
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        return image.width


def listed(*rows: dict[str, object]) -> pl.DataFrame:
    blank = {"title": "", "licence": "", "location": "", "labels": [], "source": "mine"}
    numbered = enumerate(rows)
    return TABLES["track_manifest"].frame(
        [
            blank | {"track_id": f"t{n}", "source_key": f"{n}"} | row
            for n, row in numbered
        ]
    )


def test_what_is_known_of_tracks_is_drawn_by_library_or_planted_mood():
    rated = {"rated_valence": 0.5, "rated_arousal": -0.5}
    known = plot_listed(listed({"labels": ["calm"]}, rated, {}, {"family": "storm"}))
    unknown = plot_listed(listed({}, {}, {}, {"family": "storm"}))

    assert width_px(known) == width_px(unknown) == 700
    assert known != unknown


def test_half_a_rating_is_none():
    half = listed({"rated_valence": 0.5})

    assert plot_listed(half) == plot_listed(listed({}))


def test_reasons_of_refusals_are_drawn():
    row = {"source_key": "k", "detail": "d"}
    reasons = ("silent", "silent", "not_audio")
    refused = TABLES["track_refusals"].frame(
        [row | {"track_id": f"t{n}", "reason": why} for n, why in enumerate(reasons)]
    )

    assert width_px(plot_refusals(refused)) == 700


def test_a_library_without_tracks_is_still_a_picture():
    assert width_px(plot_listed(listed())) == 700
    assert width_px(plot_emotion(TABLES["track_profiles"].empty())) == 700
