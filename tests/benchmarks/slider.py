"""A slider dragged on the board page: what one frame of it costs, in a real browser.

    python -m tests.benchmarks.slider

500 candidates and 40 tiles with pictures of the usual sizes. A frame runs from the
page's first callback to the end of style, layout and paint; the bar is 16 ms.
"""

import io
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from evoke_core.pages.board_page import render_page
from tests.benchmarks.row import Row, compare, failed
from tests.evoke_core.pages.planted_board import PlantedBoard, plant

CANDIDATES, TILES, FRAMES = 500, 40, 240
_DRAGS = 3
FRAME_S = 0.016
SETTLED_MS = 3000  # similarities are worked out in idle moments
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run"]

# A hand's way over all four sliders: one input event a frame, as a pointer gives them.
DRAG = """
async (frames) => {
  const sliders = [...document.querySelectorAll("[data-axis]")];
  const channel = new MessageChannel();
  const took = [];
  const begun = [];
  for (let at = 0; at < frames; at += 1) {
    const slider = sliders[Math.floor((4 * at) / frames)];
    took.push(await new Promise((done) => {
      requestAnimationFrame((now) => {
        begun.push(now);
        const from = performance.now();
        // a message waits until the frame is painted
        channel.port1.onmessage = () => done(performance.now() - from);
        channel.port2.postMessage(null);
      });
      slider.value = Math.round(20 * Math.sin((at / frames) * 12 * Math.PI)) / 20;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    }));
  }
  const between = begun.slice(1).map((now, at) => now - begun[at]);
  return { took, between };
}
"""


def rows() -> Iterator[Row]:
    """Drag the sliders, several times over, and give the row `slider_frame`."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        yield failed("slider_frame", "playwright is not installed (extra dev)")
        return
    chromium = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        path = Path(folder, "board.html")
        path.write_text(_page(plant(CANDIDATES, TILES)), encoding="utf-8")
        launched = driver.chromium.launch(executable_path=chromium, args=_ARGUMENTS)
        drags = [_drag(launched, path.as_uri()) for _ in range(_DRAGS)]
        launched.close()
    yield _row(drags)


def main() -> int:
    """Print the row; the exit status says whether it holds."""
    found = list(rows())
    for row in found:
        sys.stdout.write(f"{row.name} {row.ours * 1000:.2f} ms  {row.said}\n")
    return 0 if all(row.holds for row in found) else 1


def _drag(browser: Any, address: str) -> dict[str, list[float]]:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(address)
    page.wait_for_timeout(SETTLED_MS)
    page.evaluate(DRAG, 20)  # the first frames compile
    measured: dict[str, list[float]] = page.evaluate(DRAG, FRAMES)
    page.close()
    return measured


def _row(drags: list[dict[str, list[float]]]) -> Row:
    """Take the median frame of every drag."""
    took = [statistics.median(drag["took"]) / 1000 for drag in drags]
    frames = [frame for drag in drags for frame in drag["took"]]
    late = statistics.quantiles(frames, n=20)[-1]
    between = statistics.median(gap for drag in drags for gap in drag["between"])
    said = (
        f"{CANDIDATES} candidates, {TILES} tiles, {len(drags)} drags of {FRAMES} "
        "frames at 1440 px, median frame of each; 95 % of "
        f"frames within {late:.1f} ms, one every {between:.1f} ms; headless, no GPU"
    )
    return compare("slider_frame", took, [FRAME_S], said)


def _page(board: PlantedBoard) -> str:
    """Give every picture the detail of a photograph, so that it decodes like one."""
    tiles = [one["image_id"] for one in board.document["tiles"]]
    ids = [one["image_id"] for one in board.document["candidates"]]
    return render_page(
        board.document,
        tile_images={key: _photograph(key, 480) for key in tiles},
        previews={key: _photograph(key, 160) for key in ids},
    )


def _photograph(image_id: str, width_px: int) -> bytes:
    rng = np.random.default_rng(int(image_id[1:]))
    coarse = rng.integers(0, 256, (width_px // 8, width_px // 8, 3), np.uint8)
    image = Image.fromarray(coarse).resize((width_px, width_px))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=75)
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
