"""A long gallery in a real browser: opened, searched and scrolled without a wait."""

import json
import time

import pytest

from evoke_core.boards.shelf import hang_gallery
from evoke_core.storage.local import LocalStore
from tests.evoke_core.boards.test_cards import document

BOARDS = 2000
MOODS = ("calm", "dark", "slow", "bright", "tender")

pytestmark = pytest.mark.browser


def moods_of(number):
    return [{"mood": MOODS[(number + step) % len(MOODS)]} for step in range(3)]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory, jpeg_of):
    """A store of 2,000 boards over 500 pictures."""
    store = LocalStore(tmp_path_factory.mktemp("store"))
    for number in range(500):
        store.write(f"thumbnails/{number}.jpg", jpeg_of)
    for number in range(BOARDS):
        one = document(
            f"song-{number:04d}-0123456789",
            f"Song {number:04d}",
            moods=moods_of(number),
            tiles=[
                {"thumbnail": f"../../thumbnails/{(number * 4 + n) % 500}.jpg"}
                for n in range(4)
            ],
        )
        key = f"boards/{one['board_id']}/board.json"
        store.write(key, json.dumps(one).encode())
    hang_gallery(store)
    return store


@pytest.fixture(scope="module")
def jpeg_of():
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "#5080a0").save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def page(browser, shelf):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.asked, opened.said = [], []
    opened.on("request", lambda request: opened.asked.append(request.url))
    opened.on("console", lambda message: opened.said.append(message.text))
    opened.on("pageerror", lambda error: opened.said.append(str(error)))
    opened.goto((shelf.root / "boards/index.html").as_uri())
    yield opened
    context.close()


def shown(page):
    return page.locator(".card").count()


def test_two_thousand_boards_open_with_the_pictures_in_sight_only(page):
    assert page.locator(".card").count() == BOARDS
    pictures = [url for url in page.asked if url.endswith(".jpg")]
    assert 8 <= len(pictures) <= 400
    assert page.said == []


def test_a_search_over_two_thousand_boards_answers_while_typing(page):
    meter = page.context.new_cdp_session(page)
    # seconds of the page's own processor time: another program may be busy, too
    meter.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked_s():
        said = meter.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in said if one["name"] == "TaskDuration")

    before = worked_s()
    page.fill("#search", "song 0123")
    assert shown(page) == 1
    assert page.locator("#count").text_content() == f"1 of {BOARDS} boards"
    assert worked_s() - before < 1.0  # about 0.1; 2.4 with cards that are hidden


def test_a_mood_and_a_word_are_asked_together(page):
    page.locator(".chip", has_text="tender").click()
    assert shown(page) == BOARDS * 3 // 5
    page.fill("#search", "song 000")
    assert shown(page) == 6
    page.locator(".chip", has_text="tender").click()
    assert shown(page) == 11  # 0000 to 0009, and 1000


def test_a_card_far_below_can_be_reached_and_shows_its_pictures(page):
    last = page.locator(".card").last
    last.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.card:last-child img')]"
        ".every((one) => one.naturalWidth)"
    )
    box = last.bounding_box()
    assert 0 <= box["y"] < 900


def test_another_board_costs_a_gallery_little(shelf):
    one = document("song-new-0123456789", "Song new")
    shelf.write(f"boards/{one['board_id']}/board.json", json.dumps(one).encode())
    started = time.process_time()
    hang_gallery(shelf)
    assert time.process_time() - started < 5  # about 0.6 s on a quiet machine
    size_bytes = len(shelf.read("boards/index.html"))
    assert size_bytes < 1200 * BOARDS
    shelf.delete(f"boards/{one['board_id']}/board.json")
    hang_gallery(shelf)
