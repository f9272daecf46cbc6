"""The families of the painted collection, and what each of them feels like by design.

Nothing in the graph that is being judged may read the planted values but the report.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from evoke_core.corpus.sources.painted.canvas import Easel, Picture
from evoke_core.corpus.sources.painted.elements import (
    paint_ember_and_ash,
    paint_night_sky,
    paint_smoke,
    paint_storm_sea,
)
from evoke_core.corpus.sources.painted.forms import (
    paint_colour_field,
    paint_concrete,
    paint_op_art,
    paint_stained_glass,
)
from evoke_core.corpus.sources.painted.land import (
    paint_desert_dunes,
    paint_misty_mountains,
    paint_quilted_fields,
)
from evoke_core.corpus.sources.painted.marks import (
    paint_city_bokeh,
    paint_gold_leaf,
    paint_ink,
    paint_neon_rain,
    paint_watercolour,
)

Aesthetic = Literal[
    "fine_art", "photography", "architecture", "nature", "abstract", "urban", "textural"
]


@dataclass(frozen=True, slots=True)
class Family:
    """One look: who paints it, and where it is planted.

    Args:
        name: In snake_case.
        paint: From an easel to a picture.
        aesthetic: One of the seven.
        valence: Of its middle, -1 to 1.
        arousal: Of its middle, -1 to 1.
        abstraction: 0 a thing that one recognises, 1 pure form.
        titles: Words that titles are made of.
    """

    name: str
    paint: Callable[[Easel], Picture]
    aesthetic: Aesthetic
    valence: float
    arousal: float
    abstraction: float
    titles: tuple[str, ...]


FAMILIES: tuple[Family, ...] = (
    Family(
        "misty_mountains",
        paint_misty_mountains,
        "nature",
        valence=0.45,
        arousal=-0.55,
        abstraction=0.2,
        titles=(
            "Ranges in mist",
            "Far hills",
            "A valley without wind",
            "Pines on the near slope",
        ),
    ),
    Family(
        "desert_dunes",
        paint_desert_dunes,
        "nature",
        valence=0.35,
        arousal=-0.25,
        abstraction=0.3,
        titles=(
            "Dunes in raking light",
            "The long slope",
            "Sand, heaped up",
            "A ridge of sand",
        ),
    ),
    Family(
        "quilted_fields",
        paint_quilted_fields,
        "nature",
        valence=0.55,
        arousal=-0.1,
        abstraction=0.4,
        titles=(
            "Fields from above",
            "A patchwork of crops",
            "Hedges and a stream",
            "Harvest country",
        ),
    ),
    Family(
        "night_sky",
        paint_night_sky,
        "photography",
        valence=0.15,
        arousal=-0.5,
        abstraction=0.3,
        titles=(
            "Star trails over a ridge",
            "The pole in an hour",
            "A clear night",
            "Turning sky",
        ),
    ),
    Family(
        "storm_sea",
        paint_storm_sea,
        "nature",
        valence=-0.45,
        arousal=0.65,
        abstraction=0.2,
        titles=("Heavy sea", "Waves under torn cloud", "The gale", "Grey water rising"),
    ),
    Family(
        "smoke",
        paint_smoke,
        "photography",
        valence=-0.35,
        arousal=-0.35,
        abstraction=0.6,
        titles=(
            "A plume",
            "Smoke that thins out",
            "After the candle",
            "Rising and gone",
        ),
    ),
    Family(
        "ember_and_ash",
        paint_ember_and_ash,
        "textural",
        valence=-0.35,
        arousal=0.7,
        abstraction=0.5,
        titles=("Coals", "Ember and ash", "Sparks above the bed", "What the fire left"),
    ),
    Family(
        "concrete",
        paint_concrete,
        "architecture",
        valence=-0.55,
        arousal=-0.25,
        abstraction=0.5,
        titles=("Slabs", "Board-marked wall", "Hard shadow", "Five planes of concrete"),
    ),
    Family(
        "colour_field",
        paint_colour_field,
        "abstract",
        valence=0.1,
        arousal=-0.35,
        abstraction=0.9,
        titles=("Bands", "Two reds and a ground", "Hovering field", "A quiet canvas"),
    ),
    Family(
        "op_art",
        paint_op_art,
        "abstract",
        valence=0.05,
        arousal=0.75,
        abstraction=1.0,
        titles=(
            "Moving stripes",
            "Bulge",
            "Turning wheel",
            "A plane that will not lie still",
        ),
    ),
    Family(
        "stained_glass",
        paint_stained_glass,
        "fine_art",
        valence=0.5,
        arousal=0.15,
        abstraction=0.7,
        titles=(
            "Rose window",
            "Panes in lead",
            "The east window",
            "Light behind glass",
        ),
    ),
    Family(
        "watercolour",
        paint_watercolour,
        "fine_art",
        valence=0.65,
        arousal=-0.35,
        abstraction=0.8,
        titles=(
            "Wash on wet paper",
            "Bleeding edges",
            "Three pools of colour",
            "A page of washes",
        ),
    ),
    Family(
        "ink",
        paint_ink,
        "fine_art",
        valence=-0.05,
        arousal=-0.1,
        abstraction=0.7,
        titles=(
            "A dry brush",
            "Strokes with a seal",
            "One breath of ink",
            "Characters that say nothing",
        ),
    ),
    Family(
        "gold_leaf",
        paint_gold_leaf,
        "textural",
        valence=0.35,
        arousal=-0.1,
        abstraction=0.8,
        titles=("Leaf over bole", "Worn gold", "Craquelure", "A ground for a saint"),
    ),
    Family(
        "city_bokeh",
        paint_city_bokeh,
        "urban",
        valence=0.4,
        arousal=0.4,
        abstraction=0.6,
        titles=(
            "City lights, out of focus",
            "The bridge at eleven",
            "Discs of light",
            "Avenue",
        ),
    ),
    Family(
        "neon_rain",
        paint_neon_rain,
        "urban",
        valence=-0.1,
        arousal=0.5,
        abstraction=0.6,
        titles=(
            "Signs through a wet pane",
            "Neon in the rain",
            "The last tram",
            "Colours running down",
        ),
    ),
)
