"""Painters of marks and light: watercolour, ink, gold leaf, bokeh, rain on glass."""

from typing import cast

import numpy as np
from PIL import ImageDraw

from evoke_core.corpus.sources.painted.canvas import (
    Easel,
    Field,
    Picture,
    distance,
    lerp,
    lines,
    mix,
    screen,
    smoothstep,
    vignette,
)
from evoke_core.corpus.sources.painted.colour import (
    expose,
    linear,
    ramp,
    rgb,
    rgbs,
    stain,
)
from evoke_core.corpus.sources.painted.noise import (
    bent,
    clouds,
    mosaic,
    per_cell,
    profile,
    ridges,
    softened,
)

PIGMENTS = (
    ("5b8fb5", "7fb3b0", "a5b8dc", "4a6f9c"),
    ("8f9fd0", "7fb8a8", "c9a5c8", "6f8fb8"),
    ("e3a0a8", "c8b0d8", "f0c8a0", "a8c8a0"),
    ("f0b060", "e88868", "f2d080", "d0a0a0"),
)


def paint_watercolour(easel: Easel) -> Picture:
    """Washes that bleed into wet paper and dry with a dark edge."""
    pigments = easel.by_warmth(PIGMENTS)
    tooth = clouds(easel, 190, 2) - 0.5
    paper = rgb("fbf8f1") * (1 + tooth * 0.05)[..., None]
    wet = clouds(easel, 3, 5, gain=0.55) - 0.5
    count = round(lerp(3, 9, easel.complexity))
    for _ in range(count):
        density = _wash(easel, wet) * (1 + tooth * 0.5)
        paper = stain(paper, easel.pick(pigments), density)
    spots = smoothstep(0.86, 0.90, clouds(easel, 34, 2)) * easel.energy
    return stain(paper, pigments[0], cast("Field", spots * 0.8))


def _wash(easel: Easel, wet: Field) -> Field:
    """Density of one pool of pigment: pale inside, dark where its edge dried."""
    x, y = easel.wide * easel.between(0, 1), easel.tall * easel.between(0, 1)
    reach = easel.between(0.12, 0.42)
    bleed = clouds(easel, lerp(3, 8, easel.energy), 6, gain=0.62) - 0.5
    body = distance(easel, x, y) / reach + bleed * 0.9 + wet * 0.5
    inside = smoothstep(1.0, 0.9, body)
    edge = np.exp(-(((body - 0.93) / 0.05) ** 2))
    bloom = np.clip(0.5 + bleed * 1.6, 0, 1)
    thin = lerp(1.0, 0.45, easel.light)
    return cast("Field", thin * (inside * (0.35 + 0.75 * bloom) + 0.45 * edge * inside))


def paint_ink(easel: Easel) -> Picture:
    """A few strokes of a loaded brush that runs dry, with a seal."""
    fibre = clouds(easel, 120, 3, stretch=4) - 0.5
    ground = easel.by_warmth(("eef0ee", "f2efe8", "f3eadb", "f0dfc6"))
    paper = rgb(ground) * (1 + fibre * 0.07)[..., None]
    bristle = clouds(easel, 150, 2, stretch=8)
    for _ in range(round(lerp(2, 7, easel.complexity))):
        stroke = _stroke(easel)
        rough = (bristle - 0.5) * lerp(0.5, 1.6, easel.energy) * (1.2 - stroke)
        dry = smoothstep(0.30, 0.62, stroke + rough) * smoothstep(0.02, 0.2, stroke)
        halo = softened(stroke, 14) * 0.16
        paper = mix(
            paper, rgb("14141a"), cast("Field", np.clip(dry * 0.94 + halo, 0, 1))
        )
    side = 0.035
    x, y = easel.wide * easel.between(0.1, 0.85), easel.tall * easel.between(0.1, 0.85)
    off = np.maximum(np.abs(easel.across - x), np.abs(easel.down - y))
    seal = smoothstep(side, side * 0.92, off) * (0.7 + fibre * 2)
    return mix(paper, rgb("b3261e"), cast("Field", np.clip(seal, 0, 1)))


def _stroke(easel: Easel) -> Field:
    """One sweep of the brush, wide where it is pressed, float32[H, W]."""
    steps = 160
    t = np.linspace(0, 1, steps)
    bend = lerp(0.15, 0.7, easel.energy)
    start = easel.rng.uniform((0.1, 0.1), (0.9, 0.9)) * (easel.wide, easel.tall)
    heading = (
        easel.between(0, 2 * np.pi)
        + np.cumsum(easel.rng.normal(0, bend * 0.06, steps))
        + bend * 5 * profile(easel.rng, steps, 1.2, 2, 0.4)
    )
    long = easel.between(0.35, 1.0)
    x = start[0] + np.cumsum(np.cos(heading)) * long / steps
    y = start[1] + np.cumsum(np.sin(heading)) * long / steps
    press = np.sin(np.pi * t**0.7) * easel.between(0.010, 0.05) + 0.004

    def draw(brush: ImageDraw.ImageDraw, scale: float) -> None:
        for px, py, r in zip(x * scale, y * scale, press * scale, strict=True):
            brush.ellipse((px - r, py - r, px + r, py + r), fill=255)

    return softened(lines(easel, draw), 2)


LEAF = (
    ("1c2a38", ("5a4a24", "b08d3a", "f0dc96")),
    ("2a1f2e", ("5e4420", "b9873a", "f4d88c")),
    ("3a1713", ("6a4314", "c98f2e", "ffe08a")),
    ("4a2410", ("7a4a10", "d99a2a", "ffe9a0")),
)


def paint_gold_leaf(easel: Easel) -> Picture:
    """Squares of leaf laid over bole, rubbed and cracked with age."""
    bole, gold = easel.by_warmth(LEAF)
    squares = lerp(3, 6, easel.complexity)
    u, v = easel.across * squares, easel.down * squares
    sheet = mosaic(easel.rng, u, v, jitter=0.06)
    sheen = (
        clouds(easel, 4, 5, stretch=0.5)
        + (per_cell(easel.rng, sheet.number) - 0.5) * 0.35
    )
    brushed = clouds(easel, 80, 2, stretch=9) - 0.5
    tone = sheen * lerp(0.75, 1.15, easel.light) + brushed * 0.12
    picture = ramp(cast("Field", tone), gold)
    warped = cast("Field", easel.across * 26 + (sheen - 0.5) * 3)
    crackle = mosaic(easel.rng, warped, easel.down * 26, jitter=0.95)
    cracks = smoothstep(0.07, 0.02, crackle.seam)
    worn = smoothstep(0.60, 0.72, clouds(easel, 5, 6, gain=0.62) + brushed * 0.2)
    picture = mix(picture, rgb(bole), cast("Field", np.clip(cracks * 0.75, 0, 1)))
    picture = mix(picture, rgb(bole) * 1.15, worn * lerp(0.2, 0.9, easel.energy))
    lap = smoothstep(0.05, 0.015, sheet.seam) * 0.25
    return (
        screen(picture, lap[..., None] * rgb(gold[-1]))
        * vignette(easel, 0.35)[..., None]
    )


LIGHTS = (
    ("6fb7ff", "9fe0ff", "ffffff", "5a6cff", "a0ffe8"),
    ("c08aff", "6f9fff", "ff8ad8", "ffffff", "7af0ff"),
    ("ffb45a", "ff6a8a", "ffd8a0", "ff8a3a", "fff0d0"),
    ("ffb03a", "ff7a2a", "ffdc80", "ff5030", "fff2c0"),
)


def paint_city_bokeh(easel: Easel) -> Picture:
    """City lights out of focus: discs that overlap, sharp-rimmed and clear."""
    colours = linear(rgbs(easel.by_warmth(LIGHTS)))
    base = ramp(
        easel.down / easel.tall + 0 * easel.across, ("05060c", "141627", "0a0a12")
    )
    light = linear(base) * 0.8
    band = easel.tall * easel.between(0.35, 0.7)
    for _ in range(int(lerp(16, 60, easel.complexity))):
        radius = easel.between(0.012, lerp(0.05, 0.11, easel.energy))
        x = easel.wide * easel.between(-0.05, 1.05)
        y = band + float(easel.rng.normal(0, 0.16)) * easel.tall
        light = _disc(easel, light, (x, y, radius), easel.pick(list(colours)))
    return expose(light * lerp(1.2, 2.2, easel.light))


def _disc(
    easel: Easel, light: Picture, place: tuple[float, float, float], colour: Field
) -> Picture:
    """Add one disc of light in its own box only, for speed."""
    x, y, radius = (value * easel.longest_px for value in place)
    left, right = max(0, int(x - radius - 2)), min(easel.width_px, int(x + radius + 3))
    top, low = max(0, int(y - radius - 2)), min(easel.height_px, int(y + radius + 3))
    if left >= right or top >= low:
        return light
    apart = np.hypot(
        np.arange(left, right, dtype=np.float32)[None] - x,
        np.arange(top, low, dtype=np.float32)[:, None] - y,
    )
    inside = np.clip(radius - apart + 0.5, 0, 1)
    rim = 0.55 + 0.45 * smoothstep(radius * 0.7, radius, apart)
    strength = easel.between(0.1, 0.55)
    light[top:low, left:right] += (inside * rim * strength)[..., None] * colour
    return light


def paint_neon_rain(easel: Easel) -> Picture:
    """Signs seen through a wet pane: long smears of light, drops that hold it."""
    colours = linear(rgbs(easel.by_warmth(LIGHTS)))
    light = np.zeros((easel.height_px, easel.width_px, 3), np.float32)
    for _ in range(int(lerp(7, 20, easel.complexity))):
        x = easel.wide * easel.between(0, 1)
        y = easel.tall * easel.between(0.05, 0.8)
        wide = easel.between(0.006, 0.05)
        long = easel.between(0.1, 0.5)
        column = np.exp(-(((easel.across - x) / wide) ** 2))
        row = np.exp(-(np.abs((easel.down - y) / long) ** 1.4))
        smear = (column * row).astype(np.float32) * easel.between(0.3, 1.2)
        light += smear[..., None] * easel.pick(list(colours))
    push = easel.longest_px * lerp(0.01, 0.05, easel.energy)
    wobble = (clouds(easel, 12, 3, stretch=0.25) - 0.5) * push * 2
    smeared = bent(light, wobble, wobble * 0.4)
    drops = mosaic(easel.rng, easel.across * 34, easel.down * 22, jitter=1.0)
    size = 0.16 + 0.26 * per_cell(easel.rng, drops.number)
    held = np.clip((size - drops.near) * 7, 0, 1)
    lens = bent(
        light,
        cast("Field", -wobble * 5),
        -easel.longest_px * 0.1,
    )
    wet = smeared * (1 - held)[..., None] + lens * (held * 1.5)[..., None]
    rim = ridges(np.clip(held, 0, 1)) * 0.06 * held
    dark = linear(rgb("070a12"))
    return expose((wet + dark + rim[..., None]) * lerp(1.4, 2.6, easel.light))
