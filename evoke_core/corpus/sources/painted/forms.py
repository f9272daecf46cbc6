"""Painters of form: concrete slabs, colour fields, op art, stained glass."""

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
    softened,
)

# shadow, body and light of the concrete, then the sky behind it
CONCRETE = (
    (("2b3238", "7d868c", "c3cacd"), ("8ba3b5", "d5dde1")),
    (("2d2f33", "84868a", "cdcdcb"), ("a9b0b6", "e4e4e2")),
    (("33302e", "8f8a84", "d8d2c8"), ("b9b6b0", "ece7de")),
    (("3a2f2a", "9c8b7d", "e3d3bf"), ("c79f83", "f2dcc0")),
)


def paint_concrete(easel: Easel) -> Picture:
    """Slabs set against each other, board marks, hard shadow from one side."""
    stops, sky = easel.by_warmth(CONCRETE)
    picture = ramp(easel.down / easel.tall + 0 * easel.across, sky)
    stain_of = clouds(easel, 5, 6, gain=0.6)
    pores = smoothstep(0.8, 0.95, clouds(easel, 90, 2))
    count = round(lerp(3, 8, easel.complexity))
    side = easel.pick((-1.0, 1.0))
    for i in range(count):
        left = easel.wide * easel.between(-0.2, 0.85)
        wide = easel.wide * easel.between(0.18, 0.6)
        top = easel.tall * (easel.between(0.0, 0.75) if i else 0.3)
        slant = easel.between(-0.5, 0.5) * easel.energy
        picture = _slab(easel, picture, (left, wide, top, slant * side), stops)
    tone = (stain_of - 0.5) * 0.16 - pores * 0.06
    lit = picture * (1 + tone)[..., None] * np.float32(lerp(0.75, 1.05, easel.light))
    return cast("Picture", lit * vignette(easel, 0.25)[..., None])


def _slab(
    easel: Easel,
    picture: Picture,
    shape: tuple[float, float, float, float],
    stops: tuple[str, ...],
) -> Picture:
    """Stand one slab up: (left, width, top, slant), with the shadow it throws."""
    left, wide, top, slant = shape
    x = easel.across - left - slant * (easel.down - top)
    inside = np.clip(np.minimum(x, wide - x) * easel.longest_px, 0, 1)
    inside = inside * np.clip((easel.down - top) * easel.longest_px, 0, 1)
    throw = -easel.longest_px * easel.between(0.02, 0.07)
    shadow = softened(bent(inside.astype(np.float32), throw, throw), 3)
    picture = picture * (1 - 0.55 * shadow)[..., None]
    boards = 0.03 * np.sign(np.sin(x / wide * np.pi * easel.pick((3, 5, 8, 13))))
    face = easel.between(0.3, 0.9) + boards - 0.25 * x / wide
    edge = 0.3 * np.exp(-np.abs(x) * 90)
    tone = np.clip(face + edge - 0.2 * (easel.down - top), 0, 1)
    return mix(picture, ramp(cast("Field", tone), stops), inside.astype(np.float32))


FIELDS = (
    ("10243f", "1f4e79", "2b7a8b", "0b1a2b", "8fb7c9", "3c3f6b"),
    ("2b1b3d", "5b3a73", "24506b", "7a8fb0", "161226", "9a5a7d"),
    ("5a1e2b", "a23b36", "d98f5c", "2a1418", "e3bfa0", "7a2f4a"),
    ("8c2f16", "d9622b", "f0a13c", "f6d07a", "4a1710", "b8432a"),
)


def paint_colour_field(easel: Easel) -> Picture:
    """Two to four soft-edged bands that hover on a ground, thinly painted."""
    colours = list(easel.by_warmth(FIELDS))
    order = [colours[i] for i in easel.rng.permutation(len(colours))]
    weave = clouds(easel, 160, 2) - 0.5
    wash = clouds(easel, 3, 5, gain=0.6) - 0.5
    picture = rgb(order[0]) * (1 + wash * 0.25)[..., None]
    count = round(lerp(2, 4.4, easel.complexity))
    shares = easel.rng.dirichlet(np.full(count, 2.5))
    upright = easel.energy > 0.72
    along, length = (easel.across, easel.wide) if upright else (easel.down, easel.tall)
    over, breadth = (easel.down, easel.tall) if upright else (easel.across, easel.wide)
    start, margin = 0.05, easel.between(0.04, 0.11)
    for share, colour in zip(shares, order[1:], strict=False):
        end = start + share * 0.9
        soft = easel.between(0.012, 0.05)
        ragged = wash * soft * 1.6
        band = smoothstep(start, start + soft, along / length + ragged)
        band = band * smoothstep(end, end - soft, along / length + ragged)
        band = band * smoothstep(margin, margin + soft, over / breadth + ragged)
        band = band * smoothstep(1 - margin, 1 - margin - soft, over / breadth + ragged)
        thin = 0.82 + 0.36 * (clouds(easel, 4, 5, stretch=3) - 0.5)
        picture = mix(picture, rgb(colour), cast("Field", band * thin))
        start = end + 0.015
    lit = picture * (lerp(0.8, 1.15, easel.light) + weave * 0.09)[..., None]
    return cast("Picture", lit)


STRIPES = (
    ("0f1420", "f2f4f5", "2d6cdf"),
    ("141414", "f6f4ef", "e0b400"),
    ("1b1020", "f9efe6", "e2416c"),
    ("23100c", "fdf1dc", "ef5a24"),
)


def paint_op_art(easel: Easel) -> Picture:
    """Stripes that bulge and bend until the plane seems to move."""
    dark, pale, accent = easel.by_warmth(STRIPES)
    x = easel.across - easel.wide * easel.between(0.25, 0.75)
    y = easel.down - easel.tall * easel.between(0.25, 0.75)
    radius = np.hypot(x, y)
    bulge = lerp(0.3, 1.6, easel.energy) * np.exp(-((radius / 0.33) ** 2))
    turn = easel.between(0, np.pi)
    u = (x * np.cos(turn) + y * np.sin(turn)) * (1 - 0.6 * bulge / 1.6)
    v = (y * np.cos(turn) - x * np.sin(turn)) * (1 - 0.6 * bulge / 1.6)
    pitch = lerp(16, 44, easel.complexity)
    kind = easel.pick(("wave", "ring", "fan", "check"))
    if kind == "wave":
        phase = (u + 0.06 * easel.energy * np.sin(v * 14)) * pitch
    elif kind == "ring":
        phase = radius * pitch * (1 + 0.25 * np.sin(np.arctan2(y, x) * 5))
    elif kind == "fan":
        phase = np.arctan2(y, x) / np.pi * pitch * 0.9 + radius * pitch * 0.4
    else:
        phase = np.sin(u * pitch * 1.6) * np.sin(v * pitch * 1.6) * 0.5
    wave = np.sin(phase * np.pi * 2) if kind != "check" else phase * 2
    sharp = np.clip(wave * 9 + 0.5, 0, 1).astype(np.float32)
    picture = mix(rgb(dark) + np.zeros((*sharp.shape, 3), np.float32), rgb(pale), sharp)
    disc = smoothstep(0.20, 0.195, radius.astype(np.float32))
    picture = mix(picture, rgb(accent), disc * sharp * np.float32(easel.light > 0.3))
    shade = 1 - 0.35 * smoothstep(0.0, 0.8, radius.astype(np.float32))
    return cast("Picture", picture * (shade * lerp(0.85, 1.1, easel.light))[..., None])


GLASS = (
    ("0f4c9c", "1c86c7", "6fd0e6", "123a6b", "a9e3d0", "5a4fb0", "e8d27a"),
    ("4b2b8c", "8a3ea8", "d05aa6", "23508f", "f0b0c0", "3a9a9c", "f2d06a"),
    ("a11d2e", "d9522c", "f2a82e", "5b1a4a", "f6dc8a", "2c6b8a", "7a9a3c"),
    ("c8541c", "f0a020", "fad860", "8c2416", "fbe9b0", "7a3c6a", "d07a2a"),
)


def paint_stained_glass(easel: Easel) -> Picture:
    """Irregular panes in lead about a rose, with the sun somewhere behind."""
    panes = rgbs(easel.by_warmth(GLASS))
    x = easel.across - easel.wide * easel.between(0.3, 0.7)
    y = easel.down - easel.tall * easel.between(0.25, 0.6)
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    count = lerp(7, 17, easel.complexity)
    petals = easel.pick((6, 8, 12))
    rose = smoothstep(0.36, 0.355, radius.astype(np.float32))
    u = np.where(rose > 0.5, radius * count * 1.1, x * count * 0.8 + 40)
    v = np.where(rose > 0.5, angle / np.pi * petals, y * count * 0.8 + 40)
    jitter = lerp(0.15, 0.85, easel.energy)
    cells = mosaic(easel.rng, u.astype(np.float32), v.astype(np.float32), jitter=jitter)
    colour = panes.take(
        (per_cell(easel.rng, cells.number) * len(panes)).astype(np.intp), axis=0
    )
    sun = glow(easel, easel.wide * easel.between(0.2, 0.8), easel.tall * 0.3, 0.45)
    ripple = clouds(easel, 26, 4) - 0.5
    light = 0.45 + lerp(0.25, 0.6, easel.light) * sun + ripple * 0.3
    light = light + (per_cell(easel.rng, cells.number) - 0.5) * 0.3
    picture = screen(colour * light[..., None], (sun**2 * 0.25)[..., None] * colour)
    ring = smoothstep(0.012, 0.006, np.abs(radius - 0.358).astype(np.float32))
    lead = np.maximum(smoothstep(0.10, 0.05, cells.seam), ring)
    relief = bent(lead, 2.0, 2.0)
    metal = rgb("14120f") + (np.clip(lead - relief, 0, 1) * 0.25)[..., None]
    return mix(picture, metal, lead)
