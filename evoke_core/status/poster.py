"""The status as one picture, for the Dagster UI and for whoever is sent it.

Drawn at 1,400 px so that it reads at half of that. The page with all of it is `page`.
"""

import io
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageOps

from evoke_core.bridge.gate import JUDGED_BY
from evoke_core.pages.accent import PAPER_LIGHT
from evoke_core.pages.board_picture import INK, QUIET
from evoke_core.pages.lettering import fitted, legible, typeface, wrapped
from evoke_core.pages.masonry import rounded_mask
from evoke_core.plots import ACCENT
from evoke_core.status.findings import Finding, find_all
from evoke_core.status.funnel import STAGES, Funnel
from evoke_core.status.judged import Judged, Rival
from evoke_core.status.page import METRICS, TINTS, headline, tint_of
from evoke_core.status.shared_map import Point, SharedMap
from evoke_core.status.sights import Sight
from evoke_core.status.status import Status

WIDTH_PX = 1400
_EDGE = 48
_ROOM = WIDTH_PX - 2 * _EDGE
_HALF = (_ROOM - 56) // 2
_WASH, _GREY = "#f0ede8", "#a8a49d"
_MAP_TOP, _MAP_PX = 560, (_ROOM, 720)
_SPOT_PX = 76
_STRIP_TOP, _STRIP = _MAP_TOP + _MAP_PX[1] + 28, 12
_STRIP_PX = (_ROOM - 10 * (_STRIP - 1)) // _STRIP
_FOOT_TOP = _STRIP_TOP + _STRIP_PX + 32
_LINE = 40
_RIVALS = 7


def draw_poster(status: Status) -> bytes:
    """Draw funnel, bridge, map, a strip of pictures and what else was found.

    Returns:
        PNG bytes, the same for the same status.
    """
    findings = find_all(status)
    foot = [one for one in findings if one.part not in ("pictures", "map", "bridge")]
    height = _FOOT_TOP + _LINE * len(foot) + _EDGE
    sheet = Image.new("RGB", (WIDTH_PX, height), PAPER_LIGHT)
    pen = ImageDraw.Draw(sheet)
    pen.text((_EDGE, 104), headline(status), INK, typeface(54, bold=True), anchor="ls")
    said = {one.part: one.said for one in findings}
    right = _EDGE + _HALF + 56
    _title(pen, _EDGE, said["pictures"])
    _title(pen, right, said["bridge"])
    _draw_funnel(pen, status.funnel)
    _draw_bridge(pen, status.judged, left=right)
    _draw_map(sheet, status.shared_map, status.spots)
    _draw_strip(sheet, status.sheet)
    for number, finding in enumerate(foot):
        _draw_finding(pen, finding, top=_FOOT_TOP + _LINE * number)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=False, compress_level=6)
    return buffer.getvalue()


def _title(pen: ImageDraw.ImageDraw, left: int, text: str) -> None:
    face = typeface(25, bold=True)
    for number, line in enumerate(wrapped(legible(text), _HALF, face, most=3)):
        pen.text((left, 176 + 33 * number), line, INK, face, anchor="ls")


def _draw_funnel(pen: ImageDraw.ImageDraw, funnel: Funnel) -> None:
    listed = max(funnel.total("listed"), 1)
    bar_left, bar_px = _EDGE + 250, _HALF - 250
    for row, stage in enumerate(STAGES):
        top = 282 + 50 * row
        total = f"{funnel.total(stage):,}"
        pen.text((_EDGE, top + 25), total, INK, typeface(26, bold=True), anchor="ls")
        pen.text((bar_left - 16, top + 25), stage, QUIET, typeface(24), anchor="rs")
        pen.rounded_rectangle((bar_left, top, bar_left + bar_px, top + 30), 8, _WASH)
        at = 0
        for place, number in enumerate(funnel.stages[stage].values()):
            if number:
                ends = [round(bar_px * part / listed) for part in (at, at + number)]
                box = (
                    bar_left + ends[0],
                    top,
                    bar_left + max(ends[1] - 2, 1),
                    top + 30,
                )
                tint = TINTS[tint_of(place)]
                pen.rounded_rectangle((*box[:2], max(box[0], box[2]), box[3]), 8, tint)
            at += number
    _draw_key(pen, funnel.sources(), top=282 + 50 * len(STAGES))


def _draw_key(pen: ImageDraw.ImageDraw, sources: Sequence[str], *, top: int) -> None:
    """Name the sources in their colours, as many as have room."""
    face = typeface(20)
    left, end = _EDGE, _EDGE + _HALF
    for place, source in enumerate(sources):
        name = fitted(legible(source, gap="…"), 240, face)
        after = left + 26 + round(face.getlength(name)) + 24
        if after > end:
            break
        tint = TINTS[tint_of(place)]
        pen.rounded_rectangle((left, top + 2, left + 16, top + 18), 4, tint)
        pen.text((left + 26, top + 17), name, QUIET, face, anchor="ls")
        left = after


def _draw_bridge(pen: ImageDraw.ImageDraw, judged: Judged | None, *, left: int) -> None:
    metric = JUDGED_BY[0]
    known = [r for r in judged.rivals if metric in r.figures] if judged else []
    if not known:
        pen.rounded_rectangle((left, 282, left + _HALF, 512), 16, _WASH)
        return
    for row, rival in enumerate(known[:_RIVALS]):
        _draw_rival(pen, rival, metric, (left, 282 + 31 * row))
    unit = f"{METRICS[metric][0]} ({METRICS[metric][1]}), with 95 % intervals"
    base = 282 + 31 * min(len(known), _RIVALS) + 24
    face = typeface(20)
    pen.text((left, base), fitted(unit, _HALF, face), QUIET, face, anchor="ls")


def _draw_rival(
    pen: ImageDraw.ImageDraw, rival: Rival, metric: str, at: tuple[int, int]
) -> None:
    left, top = at
    figure = rival.figures[metric]
    bar_left, bar_px = left + 190, _HALF - 190 - 76
    face = typeface(22, bold=rival.serves)
    name = legible(rival.kind.replace("_", " "))
    pen.text((left, top + 18), fitted(name, 180, face), INK, face, anchor="ls")
    ends = [
        bar_left + round(bar_px * min(max(one, 0.0), 1.0))
        for one in (figure.value, figure.low, figure.high)
    ]
    pen.rectangle((bar_left, top, bar_left + bar_px, top + 20), _WASH)
    pen.rectangle(
        (bar_left, top, ends[0], top + 20), ACCENT if rival.is_ours else _GREY
    )
    pen.line((ends[1], top + 10, ends[2], top + 10), INK, 3)
    value = f"{figure.value:.2f}"
    pen.text((left + _HALF, top + 18), value, INK, typeface(22), anchor="rs")


def _draw_map(
    sheet: Image.Image, drawn: SharedMap | None, spots: Mapping[int, Sight]
) -> None:
    plate = Image.new("RGB", _MAP_PX, _WASH)
    pen = ImageDraw.Draw(plate)
    if drawn is not None:
        for point in drawn.dots:
            _dot(pen, point, 3, _GREY)
        mask = rounded_mask((_SPOT_PX, _SPOT_PX), 14)
        for row, point in drawn.thumbnails.items():
            if row in spots:
                x, y = _pixel(point)
                small = _opened(spots[row], _SPOT_PX)
                plate.paste(small, (x - _SPOT_PX // 2, y - _SPOT_PX // 2), mask)
        for _, point in drawn.tracks:
            _dot(pen, point, 9, PAPER_LIGHT)
            _dot(pen, point, 6, INK)
        if drawn.walks:
            _draw_walk(pen, drawn.walks[0].stops)
            _name_walk(pen, drawn.walks[0].title)
    mask = rounded_mask(_MAP_PX, 20)
    sheet.paste(plate, (_EDGE, _MAP_TOP), mask)


def _draw_walk(pen: ImageDraw.ImageDraw, stops: Sequence[Point]) -> None:
    pixels = [_pixel(stop) for stop in stops]
    for width, colour in ((12, PAPER_LIGHT), (6, ACCENT)):
        pen.line(pixels, colour, width, joint="curve")
    for number, stop in enumerate(stops):
        radius = 13 if number in (0, len(stops) - 1) else 10
        _dot(pen, stop, radius + 3, PAPER_LIGHT)
        _dot(pen, stop, radius, ACCENT)
    _dot(pen, stops[0], 7, PAPER_LIGHT)  # where the song begins


def _name_walk(pen: ImageDraw.ImageDraw, title: str) -> None:
    face = typeface(22)
    said = fitted(legible(title, gap="…") or "♪", 480, face)
    right, bottom = _MAP_PX[0] - 20, _MAP_PX[1] - 20
    left = right - round(face.getlength(said)) - 62
    pen.rounded_rectangle((left, bottom - 42, right, bottom), 21, PAPER_LIGHT)
    pen.line((left + 18, bottom - 21, left + 36, bottom - 21), ACCENT, 6)
    pen.text((left + 46, bottom - 13), said, INK, face, anchor="ls")


def _draw_strip(sheet: Image.Image, sights: Sequence[Sight]) -> None:
    mask = rounded_mask((_STRIP_PX, _STRIP_PX), 14)
    step = max(1.0, len(sights) / _STRIP)
    pitch = (_ROOM - _STRIP_PX) / (_STRIP - 1)
    for place in range(min(_STRIP, len(sights))):
        small = _opened(sights[int(place * step)], _STRIP_PX)
        sheet.paste(small, (_EDGE + round(place * pitch), _STRIP_TOP), mask)


def _draw_finding(pen: ImageDraw.ImageDraw, finding: Finding, *, top: int) -> None:
    colour = {"well": "#4f9a6b", "look": ACCENT, "none": _GREY}[finding.state]
    pen.ellipse((_EDGE, top + 6, _EDGE + 16, top + 22), colour)
    bold, face = typeface(24, bold=True), typeface(24)
    pen.text((_EDGE + 32, top + 23), finding.label, INK, bold, anchor="ls")
    line = fitted(legible(finding.said), _ROOM - 152, face)
    pen.text((_EDGE + 152, top + 23), line, INK, face, anchor="ls")


def _opened(sight: Sight, side_px: int) -> Image.Image:
    with Image.open(io.BytesIO(sight.jpeg)) as opened:
        rgb = opened.convert("RGB")
    return ImageOps.fit(rgb, (side_px, side_px), Image.Resampling.LANCZOS)


def _dot(pen: ImageDraw.ImageDraw, point: Point, radius: int, colour: str) -> None:
    pen.circle(_pixel(point), radius, colour)


def _pixel(point: Point) -> tuple[int, int]:
    return round(point[0] / 100 * _MAP_PX[0]), round(point[1] / 100 * _MAP_PX[1])
