"""The page in a real browser: quiet, and of one mind with Python."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from evoke_core.boards.board import Song
from evoke_core.boards.compose import compose_board
from evoke_core.boards.pool import gather
from evoke_core.boards.query import ask
from evoke_core.boards.refine import choose_tiles
from evoke_core.config import AXES
from evoke_core.music.listen import listen

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
    pytest.mark.filterwarnings("ignore"),  # playwright's own, when its loop closes
]


@pytest.fixture
def composed(desk, chord):
    board = compose_board(Song("b-1", "drops", "a.wav", "Test", None), chord, desk)
    refinement = ask(listen(chord, desk.encoder, desk.run_profile.audio), desk)
    ids, pool, _ = gather(refinement, desk)
    return board, refinement, ids, pool


@pytest.fixture
def page(composed, tmp_path: Path):
    playwright = pytest.importorskip("playwright.sync_api")
    path = tmp_path / "boards" / "b-1" / "board.html"
    path.parent.mkdir(parents=True)
    path.write_text(composed[0].page)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1200, "height": 900})
        said: list[str] = []
        asked: list[str] = []
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto(path.as_uri())
        opened.wait_for_timeout(300)
        yield opened, said, asked
        browser.close()


def shown(opened) -> list[str]:
    return opened.evaluate(
        "() => [...document.querySelectorAll('.tile:not([hidden])')]"
        ".filter(t => t.dataset.id && !t.classList.contains('leaving'))"
        ".map(t => t.dataset.id)"
    )


def test_it_loads_from_disk_without_a_word_or_a_request(page) -> None:
    _, said, asked = page
    assert said == []
    assert not [url for url in asked if url.startswith("http")]


def test_sliders_choose_the_very_tiles_that_python_chooses(page, composed) -> None:
    opened, _, _ = page
    board, refinement, ids, pool = composed
    assert set(shown(opened)) == {tile["image_id"] for tile in board.document["tiles"]}
    rng = np.random.default_rng(1)
    for _ in range(5):
        setting = {axis: round(float(rng.uniform(-1, 1)), 2) for axis in AXES}
        for place, axis in enumerate(AXES):
            slider = opened.locator("input[type=range]").nth(place)
            slider.evaluate(
                "(s, v) => { s.value = v * Number(s.max);"
                " s.dispatchEvent(new Event('input', {bubbles: true})); }",
                setting[axis],
            )
        opened.wait_for_timeout(500)
        expected = {ids[row] for row in choose_tiles(pool, refinement, setting)}
        assert set(shown(opened)) == expected


def test_the_address_carries_the_sliders(page) -> None:
    opened, _, _ = page
    opened.locator("input[type=range]").first.evaluate(
        "s => { s.value = s.max; s.dispatchEvent(new Event('input', {bubbles: true}));"
        " s.dispatchEvent(new Event('change', {bubbles: true})); }"
    )
    opened.wait_for_timeout(500)
    moved, address = set(shown(opened)), opened.url
    assert "#" in address
    opened.reload()
    opened.wait_for_timeout(500)
    assert set(shown(opened)) == moved


def test_a_tile_opens_by_keyboard_and_escape_closes_it(page) -> None:
    opened, _, _ = page
    opened.locator(".tile-open").first.focus()
    opened.keyboard.press("Enter")
    assert opened.locator("dialog[open]").count() == 1
    opened.keyboard.press("Escape")
    assert opened.locator("dialog[open]").count() == 0
