"""Curves and dots of the map as SVG paths in a view box of 100 x 100.

Where things lie is `shared_map`.
"""

from collections.abc import Iterable, Sequence

from evoke_core.status.shared_map import Point


def dots_path(points: Iterable[Point]) -> str:
    """Draw points as lines of no length, which round caps turn into dots.

    A stretched view box leaves them round where strokes do not scale.
    """
    return "".join(f"M{x:g} {y:g}h0" for x, y in points)


def curve_path(points: Sequence[Point]) -> str:
    """Draw a smooth curve through points; "" for fewer than two.

    Source: Catmull & Rom 1974, as cubic Bezier segments.
    """
    if len(points) < 2:
        return ""
    ends = [points[0], *points, points[-1]]
    parts = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, start, end, after in zip(
        ends, ends[1:], ends[2:], ends[3:], strict=False
    ):
        leave = _moved(start, before, end)
        arrive = _moved(end, after, start)
        parts.append(f"C{leave} {arrive} {end[0]:g} {end[1]:g}")
    return "".join(parts)


def _moved(point: Point, left: Point, right: Point) -> str:
    x, y = (point[axis] + (right[axis] - left[axis]) / 6 for axis in (0, 1))
    return f"{x:.2f} {y:.2f}"
