"""Painters of the elements: night skies, storm seas, smoke, ember and ash."""

from typing import cast

import numpy as np
from PIL import ImageDraw

from evoke_core.corpus.sources.painted.canvas import (
    Easel,
    Field,
    Picture,
    glow,
    lerp,
    lines,
    mix,
    screen,
    smoothstep,
    vignette,
)
from evoke_core.corpus.sources.painted.colour import expose, linear, ramp, rgb
from evoke_core.corpus.sources.painted.noise import (
    bent,
    clouds,
    profile,
    ridges,
    softened,
)

# zenith to horizon, then the light that lingers there
NIGHT = (
    (("03060f", "0b1630", "24426b"), "5d8fb8"),
    (("060818", "151a3f", "3d3f78"), "9a8fd0"),
    (("0a0714", "2a1740", "6b3a66"), "e08f9a"),
    (("0a0a12", "2b2433", "7a4f45"), "f0b078"),
)


def paint_night_sky(easel: Easel) -> Picture:
    """A long exposure: stars turn about the pole above a dark ridge."""
    stops, dusk = easel.by_warmth(NIGHT)
    pole_x = easel.wide * easel.between(0.1, 0.9)
    pole_y = easel.tall * easel.between(-0.1, 0.6)
    horizon = easel.tall * easel.between(0.6, 0.95)
    haze = clouds(easel, 2.5, 5, stretch=2.5)
    sky = ramp(easel.down / horizon * 0.8 + (haze - 0.5) * 0.5, stops)
    milk = smoothstep(0.5, 0.95, ridges(clouds(easel, 1.1, 5, stretch=0.7)))
    sky = screen(sky, milk[..., None] * rgb(dusk) * lerp(0.05, 0.5, easel.light))
    low = np.exp(-(((easel.down - horizon) / 0.16) ** 2)) * lerp(0.2, 0.8, easel.light)
    sky = screen(sky, (low * np.ones_like(haze))[..., None] * rgb(dusk))
    sky = screen(sky, _trails(easel, pole_x, pole_y)[..., None] * rgb("e9eefc"))
    ridge = horizon - 0.16 * profile(easel.rng, easel.width_px, 3.0, 8, 0.5)
    ground = np.clip((easel.down - ridge[None, :]) * easel.longest_px + 0.5, 0, 1)
    return mix(sky, rgb(stops[0]) * 0.6, cast("Field", ground.astype(np.float32)))


def _trails(easel: Easel, pole_x: float, pole_y: float) -> Field:
    """Arcs of light about the pole, long where the picture is driven."""
    count = int(lerp(160, 520, easel.complexity))
    span = lerp(1.5, 42.0, easel.energy)
    x = easel.rng.uniform(0, easel.wide, count) - pole_x
    y = easel.rng.uniform(0, easel.tall, count) - pole_y
    radius, start = np.hypot(x, y), np.degrees(np.arctan2(y, x))
    bright = (60 + 195 * easel.rng.random(count) ** 3).astype(int)

    def draw(brush: ImageDraw.ImageDraw, scale: float) -> None:
        for r, angle, light in zip(radius * scale, start, bright.tolist(), strict=True):
            box = (
                pole_x * scale - r,
                pole_y * scale - r,
                pole_x * scale + r,
                pole_y * scale + r,
            )
            width = 3 if light > 200 else 2
            brush.arc(box, angle, angle + span, fill=light, width=width)

    return lines(easel, draw)


# trough, body, crest, foam; then the sky from its top
SEA = (
    (("04121b", "123748", "3f7283", "e3eef0"), ("1b2a36", "5d7480", "c0ccd0")),
    (("06141f", "1c3350", "55759a", "e6ecf4"), ("151b2b", "4a566f", "a9b3c4")),
    (("0b1514", "1f3d38", "63867a", "eaf0e6"), ("22292a", "6b7570", "cfd0c0")),
    (("170f14", "43303c", "94757a", "f6e6da"), ("2a1c24", "80575a", "e0aa8a")),
)


def paint_storm_sea(easel: Easel) -> Picture:
    """Waves heaped up under torn cloud, foam blown off their crests."""
    water, sky_stops = easel.by_warmth(SEA)
    horizon = easel.tall * easel.between(0.15, 0.5)
    torn = clouds(easel, 3.2, 6, stretch=2.2, gain=0.58)
    sky = ramp(easel.down / horizon * 0.6 + (torn - 0.5) * 1.3, sky_stops)
    picture = sky * np.float32(lerp(0.65, 1.05, easel.light))
    count = round(lerp(6, 12, easel.complexity))
    for i in range(count):
        near = i / (count - 1)
        picture = _wave(easel, picture, (horizon, near), water)
    spray = smoothstep(0.66, 0.95, clouds(easel, 50, 3)) * easel.energy * 0.5
    low = smoothstep(horizon - 0.05, horizon + 0.3, easel.down + np.zeros_like(spray))
    return mix(picture, rgb(water[-1]), spray * low) * vignette(easel, 0.3)[..., None]


def _wave(
    easel: Easel, picture: Picture, place: tuple[float, float], water: tuple[str, ...]
) -> Picture:
    horizon, near = place
    crest = horizon + (easel.tall * 1.05 - horizon) * near**1.5
    height = lerp(0.02, 0.24, near) * lerp(0.45, 1.2, easel.energy)
    shape = profile(easel.rng, easel.width_px, lerp(7, 2.2, near), 5, 0.42)
    line = crest - height * (np.abs(shape) ** 0.7 * np.sign(shape))
    below = (easel.down - line[None, :]) / max(height, 0.01)
    mask = np.clip((easel.down - line[None, :]) * easel.longest_px + 0.5, 0, 1)
    swirl = clouds(easel, lerp(26, 9, near), 5, stretch=3.5, gain=0.6)
    tone = 0.62 * np.exp(-np.maximum(below, 0) * 1.1) + (swirl - 0.5) * 0.8 + 0.12
    foam = smoothstep(0.7, 0.98, swirl + 0.4 * np.exp(-np.maximum(below, 0) * 7))
    body = mix(ramp(tone, water[:3]), rgb(water[3]), foam * lerp(0.5, 0.95, near))
    return mix(picture, body, cast("Field", mask.astype(np.float32)))


SMOKE = (
    ("0b0f14", "8fb0c8", "e8f0f5"),
    ("101014", "9a98a6", "f0eff3"),
    ("151013", "a88a94", "f3e6e2"),
    ("170e0a", "b98d6a", "f7e8cf"),
)


def paint_smoke(easel: Easel) -> Picture:
    """One plume that curls upwards and thins out against the dark."""
    ground, veil, lit = easel.by_warmth(SMOKE)
    x0 = easel.wide * easel.between(0.25, 0.75)
    lean = easel.between(-0.35, 0.35)
    rise = 1 - easel.down / easel.tall
    centre = x0 + lean * rise**1.5 * easel.wide
    curl = clouds(easel, 2.2, 2) - 0.5
    wide = 0.03 + lerp(0.10, 0.30, easel.energy) * rise
    off = (easel.across - centre + curl * rise * 0.7) / wide
    plume = np.exp(-(off**2)).astype(np.float32)
    push = easel.longest_px * lerp(0.05, 0.2, easel.energy)
    wander = [clouds(easel, 3.5, 3) - 0.5 for _ in range(2)]
    threads = ridges(clouds(easel, lerp(3, 6, easel.complexity), 4, stretch=0.35))
    folded = bent(threads * plume, wander[0] * push * 3, wander[1] * push * 3)
    fine = bent(folded, (clouds(easel, 9, 2) - 0.5) * push, wander[0] * push)
    body = folded * 0.55 + fine**2 * 0.9 + softened(plume, 10) * 0.16
    fade = smoothstep(-0.05, 0.2, rise + np.zeros_like(body)) * lerp(
        0.6, 1.25, easel.light
    )
    dark = ramp(easel.down / easel.tall * 0.3 + 0 * body, (ground, veil)) * 0.8
    light = screen(dark, (body * fade)[..., None] * rgb(veil))
    return screen(light, (np.clip(body * fade - 0.5, 0, 1))[..., None] * rgb(lit))


EMBER = (
    ("12090b", "4a0f12", "c8321a", "ff9a3a", "fff0b8"),
    ("0d0b0c", "3d1710", "b8481a", "ffb04a", "fff3c8"),
    ("0c0a0e", "40121f", "c4283a", "ff7a4a", "ffe2b0"),
)


def paint_ember_and_ash(easel: Easel) -> Picture:
    """A bed of coals: heat in the cracks, grey ash above, sparks that fly off."""
    stops = easel.by_warmth(EMBER)
    coal = clouds(easel, lerp(4, 8, easel.complexity), 6, gain=0.58)
    crack = ridges(clouds(easel, lerp(4, 9, easel.complexity), 5, gain=0.52))
    slope = easel.between(-0.6, 0.6)
    bed = smoothstep(
        easel.between(0.05, 0.5) * easel.tall,
        easel.tall,
        easel.down + slope * (easel.across - easel.wide / 2) + (coal - 0.5) * 0.4,
    )
    glowing = crack**3 * bed * lerp(0.7, 1.3, easel.energy)
    heat = cast("Field", glowing + softened(crack * bed, 14) * 0.3)
    picture = ramp(heat * lerp(0.7, 1.0, easel.light), stops)
    ash = smoothstep(0.5, 0.8, coal) * bed * (1 - np.clip(heat * 1.6, 0, 1))
    grey = ramp(coal, ("262224", "8d8783"))
    picture = mix(picture, grey, cast("Field", ash * 0.75))
    return screen(picture, _sparks(easel, stops))


def _sparks(easel: Easel, stops: tuple[str, ...]) -> Picture:
    """Short bright streaks that rise, with a soft glow about them."""
    count = int(lerp(20, 170, easel.energy))
    x = easel.rng.uniform(0, easel.wide, count)
    y = easel.tall * easel.rng.random(count) ** 0.7
    length = easel.rng.gamma(2.0, lerp(0.003, 0.012, easel.energy), count)
    lean = easel.rng.normal(easel.between(-0.6, 0.6), 0.35, count)

    def draw(brush: ImageDraw.ImageDraw, scale: float) -> None:
        for px, py, long, tilt in zip(x, y, length, lean, strict=True):
            end = ((px + tilt * long) * scale, (py - long) * scale)
            brush.line((px * scale, py * scale, *end), fill=255, width=3)

    streaks = lines(easel, draw)
    light = streaks + softened(streaks, 6) * 2.2
    warm = glow(easel, easel.wide / 2, easel.tall, 0.6) * 0.02
    glare = (light + warm)[..., None] * linear(rgb(stops[3]))
    return expose(glare)
