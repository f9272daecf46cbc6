"""One open page in headless Chromium, with all that it said and asked for. Not a test.

The page is opened anew for every visit; nothing here reaches beyond this machine.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evoke_core.pages.board_page import render_page
from tests.evoke_core.pages.planted_board import PlantedBoard


def write_page(board: PlantedBoard, folder: Path) -> str:
    """Render a planted board into a folder and return its address."""
    ids = [one["image_id"] for one in board.document["candidates"]]
    tiles = [one["image_id"] for one in board.document["tiles"]]
    page = render_page(
        board.document,
        tile_images=board.images(tiles, width=120),
        previews=board.images(ids, width=40),
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "board.html"
    path.write_text(page, encoding="utf-8")
    return path.as_uri()


def rest(page: Any, wait_ms: int) -> None:
    """Wait by the page's own clock: what it had put off until then has happened.

    A busy machine delays the page, but not the order of its timers and frames.
    """
    page.evaluate(
        "ms => new Promise(done => setTimeout("
        "() => requestAnimationFrame(() => requestAnimationFrame(done)), ms))",
        wait_ms,
    )


class Visit:
    """What a listener does on a page, and what is then seen."""

    def __init__(self, browser: Any, address: str, **settings: Any) -> None:
        self.page = browser.new_page(
            **{"viewport": {"width": 1200, "height": 900}} | settings
        )
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)
        self.settle()

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.page.close()

    def settle(self) -> None:
        """Wait until tiles have come to rest and the address is written."""
        rest(self.page, 450)
        self.page.wait_for_function("() => !document.querySelector('.grid.is-moving')")

    def tiles(self) -> list[str]:
        """List the shown pictures in board order."""
        return self.page.eval_on_selector_all(
            ".grid .tile:not(.is-leaving)", "tiles => tiles.map(t => t.dataset.id)"
        )

    def comes_to(self, ids: list[str]) -> bool:
        """Wait until the board shows these pictures in this order."""
        from playwright.sync_api import TimeoutError as NeverCame

        try:
            self.page.wait_for_function(
                "ids => [...document.querySelectorAll('.grid .tile:not(.is-leaving)')]"
                ".map(t => t.dataset.id).join() === ids",
                arg=",".join(ids),
            )
        except NeverCame:
            return False
        return True

    def slide(self, setting: Mapping[str, float]) -> None:
        """Move sliders as a hand does."""
        for axis, value in setting.items():
            self.page.locator(f"[data-axis='{axis}']").evaluate(
                "(s, v) => { s.value = v;"
                " s.dispatchEvent(new Event('input', {bubbles: true})); }",
                value,
            )
        self.settle()

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def focus(self, image_id: str) -> None:
        """Put the focus on a tile."""
        self.page.locator(f"[data-id='{image_id}'] .tile-open").focus()

    def keep(self, image_id: str) -> None:
        """Keep a tile by its key."""
        self.focus(image_id)
        self.press("l")

    def drop(self, image_id: str) -> None:
        """Drop a tile by its key."""
        self.focus(image_id)
        self.press("d")

    def is_shown(self, selector: str) -> bool:
        """Say whether an element can be seen."""
        return self.page.locator(selector).is_visible()
