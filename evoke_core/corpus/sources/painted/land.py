"""Painters of land: misty mountains, dunes in raking light, fields from above."""

from typing import cast

import numpy as np

from evoke_core.corpus.sources.painted.canvas import (
    Easel,
    Field,
    Picture,
    glow,
    lerp,
    mix,
    screen,
    smoothstep,
    vignette,
)
from evoke_core.corpus.sources.painted.colour import ramp, rgb, rgbs
from evoke_core.corpus.sources.painted.noise import (
    bent,
    clouds,
    mosaic,
    per_cell,
    profile,
    softened,
)

# sky from its top to the horizon, then ranges from the farthest to the nearest
MIST = (
    (("7f97ad", "b9c9d4", "dfe6e8"), ("cdd8de", "8fa6b5", "4d6878", "1d2f3b")),
    (("31456b", "6f86ad", "c3cadb"), ("aab6cf", "6a7fa5", "3a4d78", "141d38")),
    (("8fa8a0", "c5d2c8", "ebece0"), ("d3dcd0", "93ab9f", "4f6b63", "1b2f2c")),
    (("6d6a92", "c59fb0", "f3d9c8"), ("dcc0c0", "9a86a4", "5b5680", "221f3d")),
    (("5f7489", "d9b59a", "f8e3bf"), ("e6ccb0", "b08e86", "6b5a66", "251f2e")),
    (("a8663f", "e5a869", "fbe2ae"), ("eec58f", "bd7f5a", "74463f", "2a1719")),
)


def paint_misty_mountains(easel: Easel) -> Picture:
    """Ranges behind ranges, paler with distance, a low sun, mist between them."""
    sky_stops, range_stops = easel.by_warmth(MIST)
    horizon = easel.tall * easel.between(0.22, 0.55)
    sun_x, sun_y = easel.wide * easel.between(0.1, 0.9), horizon * easel.between(0.3, 1)
    haze = clouds(easel, 3, 5, stretch=6)
    sky = ramp(easel.down / horizon * 0.85 + (haze - 0.5) * 0.5, sky_stops)
    halo = (
        glow(easel, sun_x, sun_y, 0.32) * 0.45 + glow(easel, sun_x, sun_y, 0.09) * 0.3
    )
    sky = screen(
        sky, halo[..., None] * rgb(sky_stops[-1]) * lerp(0.4, 1.0, easel.light)
    )
    tone, cover = _ranges(easel, horizon)
    picture = mix(sky, ramp(tone, range_stops), cover)
    lit = halo * cover * (1 - tone) * 0.5
    return (
        screen(picture, lit[..., None] * rgb(sky_stops[-1]))
        * vignette(easel, 0.2)[..., None]
    )


def _ranges(easel: Easel, horizon: float) -> tuple[Field, Field]:
    count = round(lerp(4, 8, easel.complexity))
    tone = np.zeros((easel.height_px, easel.width_px), np.float32)
    cover = tone.copy()
    rock = clouds(easel, 14, 4, stretch=0.6)
    lean = easel.between(-0.25, 0.25)
    for i in range(count):
        near = i / (count - 1)
        height = lerp(0.10, 0.30, easel.energy) * (0.5 + easel.between(0.2, 0.9))
        crest = horizon + (easel.tall * 1.02 - horizon) * near**1.15
        shape = profile(easel.rng, easel.width_px, lerp(3.2, 1.6, near), 8, 0.46)
        slope = lean * (easel.across[0] - easel.wide / 2) * (1 if i % 2 else -1)
        line = crest - height * (0.45 + 0.55 * shape) * lerp(0.7, 1.0, near) + slope
        if near > 0.55:
            line = line - _conifers(easel, near)
        below = easel.down - line[None, :]
        mask = np.clip(below * easel.longest_px + 0.5, 0, 1)
        mist = np.exp(-np.maximum(below, 0) / lerp(0.10, 0.35, near))
        depth = near * (0.30 + 0.70 * mist) + (rock - 0.5) * 0.16 * near
        tone += (depth - tone) * mask
        cover = np.maximum(cover, mask)
    return tone, cover


def _conifers(easel: Easel, near: float) -> Field:
    """Heights of a tree line above a crest, float32[W]."""
    count = int(lerp(50, 130, easel.complexity))
    x = easel.across[0][:, None]
    stand = easel.rng.uniform(0, easel.wide, count).astype(np.float32)
    tall = easel.rng.gamma(3.0, 0.009 * near**2, count).astype(np.float32)
    fall = 1.0 - np.abs(x - stand) / (tall * 0.22 + 0.001)
    boughs = fall + 0.16 * np.sin(fall * 26.0)
    return cast("Field", np.clip(boughs * tall, 0, None).max(axis=1))


# shadow to light of the sand, then the sky from its top to the horizon
SAND = (
    (("232a4a", "4d4f74", "a58f9a", "e3cdbc"), ("39507f", "93a3bd", "e6d6cb")),
    (("3a2a3d", "7a5360", "cf9a78", "f4dcb4"), ("6f93b5", "b9cad0", "f0e2cc")),
    (("3b2119", "8a4b2c", "d98f4e", "f8d797"), ("3f6f9c", "9dbccb", "f2ddb9")),
    (("34140f", "8c3218", "dc7430", "fbc27a"), ("7b4a52", "d98d62", "fad59b")),
)


def paint_desert_dunes(easel: Easel) -> Picture:
    """Dune behind dune; a low sun lights one flank and leaves the other in shadow."""
    sand_stops, sky_stops = easel.by_warmth(SAND)
    horizon = easel.tall * easel.between(0.05, 0.45)
    sky = ramp(easel.down / max(horizon, 0.05), sky_stops)
    tone = np.zeros((easel.height_px, easel.width_px), np.float32)
    cover = tone.copy()
    side = easel.pick((-1.0, 1.0))
    bend = clouds(easel, 3, 3)
    ripple_of = clouds(easel, 5, 2, stretch=3)
    count = round(lerp(3, 6, easel.complexity))
    for i in range(count):
        near = i / (count - 1)
        crest = horizon + (easel.tall - horizon) * near**1.5 * 0.85
        flank, mask = _dune(easel, (crest, lerp(0.03, 0.24, near**0.8)), side, bend)
        ripple = np.sin((easel.down * lerp(420, 150, near)) + ripple_of * 70)
        sand = flank + ripple * 0.035 * near * flank
        sand = sand + (1 - near) * (0.72 - sand) * 0.55
        tone += (sand - tone) * mask
        cover = np.maximum(cover, mask)
    tone = tone * lerp(0.75, 1.02, easel.light) + (clouds(easel, 60, 3) - 0.5) * 0.05
    picture = mix(sky, ramp(tone, sand_stops), cover)
    sun = glow(easel, easel.wide * (0.5 - 0.55 * side), horizon, 0.5) * 0.35
    return screen(picture, sun[..., None] * rgb(sky_stops[-1]))


def _dune(
    easel: Easel, place: tuple[float, float], side: float, bend: Field
) -> tuple[Field, Field]:
    """Light on one dune in [0, 1] and where it stands; place is (crest, height)."""
    crest, height = place
    count = easel.width_px
    wave = profile(easel.rng, count, easel.between(1.2, 2.6), 2, 0.3)
    peaked = np.sign(wave) * np.abs(wave) ** 0.8
    line = crest - height * peaked
    below = easel.down - line[None, :]
    mask = np.clip(below * easel.longest_px + 0.5, 0, 1).astype(np.float32)
    shift = side * below * 1.3 + (bend - 0.5) * 0.18 * np.clip(below * 8, 0, 1)
    slope = np.gradient(line) * count * side / height
    index = np.clip((easel.across + shift) / easel.wide * count, 0, count - 1)
    facing = slope.astype(np.float32).take(index.astype(np.intp))
    flank = smoothstep(-0.9, 1.1, facing)
    rim = np.exp(-np.maximum(below, 0) * 90) * 0.18
    return cast("Field", 0.14 + 0.76 * flank + rim * flank - below * 0.22), mask


# crops from the palest to the darkest, hedge, water
CROPS = (
    (("b9c7a0", "7fa37a", "4f7f6a", "8fb0a8", "2f5a50", "d8dcc0"), "16302b", "8fb6c2"),
    (("c9cf7a", "8fb04e", "5c8a3c", "e2d88a", "3f6b34", "a9c27a"), "1d3318", "9cc0c4"),
    (("e6cf6a", "b5b04a", "7c9440", "d9a94a", "5a7a38", "efe3a8"), "27331a", "a9c3bd"),
    (("e8c25a", "d08f3c", "a8682f", "8f8f3c", "f1dc9a", "c9a86a"), "33281a", "b5c4b5"),
)


def paint_quilted_fields(easel: Easel) -> Picture:
    """Farmland from high up: a patchwork of crops, furrows, hedges and a stream."""
    crops, hedge, water = easel.by_warmth(CROPS)
    turn = easel.between(0, np.pi)
    count = lerp(3.0, 6.5, easel.complexity)
    wander = [clouds(easel, 2, 3) - 0.5 for _ in range(2)]
    x = easel.across + wander[0] * 0.16
    y = easel.down + wander[1] * 0.16
    u = (x * np.cos(turn) + y * np.sin(turn)) * count
    v = (y * np.cos(turn) - x * np.sin(turn)) * count * easel.between(1.2, 2.0)
    rows = np.floor(v)
    brick = easel.rng.random(256, np.float32).take(rows.astype(np.int32) & 255)
    cells = mosaic(easel.rng, u + brick * 2, v, jitter=0.28)
    kind, lay = per_cell(easel.rng, cells.number), per_cell(easel.rng, cells.number)
    colour = rgbs(crops).take((kind * len(crops)).astype(np.intp), axis=0)
    shade = 0.86 + 0.24 * per_cell(easel.rng, cells.number) + _furrows(lay, x, y)
    shade += (clouds(easel, 40, 3) - 0.5) * 0.22 + wander[0] * 0.3
    picture = colour * shade[..., None]
    return _hedges_and_sky(easel, _stream(easel, picture, water), cells.seam, hedge)


def _furrows(lay: Field, x: Field, y: Field) -> Field:
    angle = np.floor(lay * 7) * np.float32(np.pi / 7)
    pitch = 260 + 200 * ((lay * 53) % 1)
    depth = 0.10 * ((lay * 31) % 1)
    return cast(
        "Field", depth * np.sin((x * np.cos(angle) + y * np.sin(angle)) * pitch)
    )


def _stream(easel: Easel, picture: Picture, water: str) -> Picture:
    bed = clouds(easel, easel.between(0.9, 1.6), 4, gain=0.4)
    level = easel.between(0.38, 0.62)
    width = easel.between(0.006, 0.016)
    river = 1 - smoothstep(width * 0.6, width, np.abs(bed - level))
    bank = 1 - smoothstep(width, width * 3.0, np.abs(bed - level))
    picture = mix(picture, rgb("22351f"), bank * 0.65)
    return mix(picture, rgb(water), river * 0.9)


def _hedges_and_sky(easel: Easel, picture: Picture, seam: Field, hedge: str) -> Picture:
    leaf = clouds(easel, 110, 2)
    woods = smoothstep(0.66, 0.70, clouds(easel, 5, 4) + (leaf - 0.5) * 0.25)
    line = 1 - smoothstep(0.02, 0.07, seam + (leaf - 0.5) * 0.10)
    trees = np.maximum(line * 0.85, woods)
    shadow = bent(trees, -5.0, -5.0)
    picture = picture * (1 - 0.45 * shadow * (1 - trees))[..., None]
    green = ramp(leaf, (hedge, hedge, "5d7a45"))
    picture = picture + (green - picture) * trees[..., None]
    cover = softened(smoothstep(0.52, 0.74, clouds(easel, 2.2, 4)), 12)
    light = lerp(0.86, 1.1, easel.light) * (1 - 0.5 * cover)
    return cast("Picture", picture * light[..., None])
