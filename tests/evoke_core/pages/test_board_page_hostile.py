"""Names and credits of strangers, on the page: shown as text, and the layout holds."""

import pytest
from PIL import Image

from tests.evoke_core.pages.planted_board import plant
from tests.evoke_core.pages.visit import Visit, write_page

SONG = '"><script>alert(1)</script>.mp3'
TITLES = {
    "markup": SONG,
    "long": "a title that goes on and on " * 11,
    "unbroken": "W" * 300,
    "right to left": "ليلة القمر في الصحراء",
    "mixed": "Nocturne ليلة op. 9 🌙 №2",
    "emoji": "🌙🔥👩‍👩‍👧‍👦" * 20,
    "spaces": "  \u202e reversed \u202c ",
}

pytestmark = pytest.mark.browser


def hostile(title):
    board = plant(count=30, size=9)
    document = board.document
    document["track"] |= {
        "title": title, "artist": SONG, "note": SONG, "audio": "javascript:alert(1)"
    }  # fmt: skip
    document["moods"] = [
        {"mood": "<img src=x onerror=alert(1)>", "score": 1.0},
        {"mood": "m" * 120, "score": 0.5},
    ]
    document["notes"] = [SONG, "<b>note</b>"]
    document["release"] = dict.fromkeys(document["release"], SONG)
    for section in document["sections"]:
        section["label"] = "<i>A</i>" * 9
    words = [*TITLES.values(), '" onmouseover="alert(1)']
    for row, one in enumerate(document["candidates"]):
        said = words[row % len(words)]
        names = dict.fromkeys(("title", "artist", "attribution", "licence"), said)
        one.update(
            names
            | {"url": "javascript:alert(1)", "licence_url": "//evil.example"}
            | {"why": [said[:60]], "thumbnail": "https://evil.example/x.jpg"}
        )
    document["cover"] = {
        "image": "//evil.example/x", "alt": SONG, "credit": SONG, "licence": SONG
    }  # fmt: skip
    document["refined_from"] = '../../"><script>alert(1)</script>'
    document["refinement"]["filters"] = {
        "sources": [SONG], "licences": ["<b>"], "moods": ["W" * 200]
    }  # fmt: skip
    return board


@pytest.mark.parametrize("name", TITLES)
def test_a_strangers_words_are_shown_as_text(browser, tmp_path, name):
    address = write_page(hostile(TITLES[name]), tmp_path)
    with Visit(browser, address) as visit:
        alerts = []
        visit.page.on("dialog", lambda dialog: (alerts.append(1), dialog.dismiss()))
        assert visit.page.locator("h1").text_content() == TITLES[name]
        visit.page.locator(".tile").nth(3).hover()
        visit.page.locator(".tile-open").nth(3).click()
        visit.press("ArrowRight", "ArrowLeft", "Escape")
        visit.page.locator("#pool summary").click()
        visit.drop(visit.tiles()[0])
        visit.slide({"energy": 1})
        for tag in ("b", "i:not(.switch i)", "img[src=x]", "[onmouseover]"):
            assert visit.page.locator(tag).count() == 0
        assert visit.page.locator("script:not([type])").count() == 1
        assert (alerts, visit.said) == ([], [])
        assert {url.partition(":")[0] for url in visit.asked} <= {"file", "data"}
        links = visit.page.eval_on_selector_all("a", "all => all.map(a => a.href)")
        assert not [one for one in links if "javascript:" in one or "evil" in one]


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("name", TITLES)
def test_the_layout_holds_whatever_they_are_called(browser, tmp_path, name, width):
    address = write_page(hostile(TITLES[name]), tmp_path)
    size = {"width": width, "height": 800}
    with Visit(browser, address, viewport=size) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width
        assert visit.page.locator("h1").bounding_box()["height"] < 420
        wide = visit.page.eval_on_selector_all(
            "h1, .moods, .facts, .lineage, .emotions, .sections, .credits, .made",
            "all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 1"
            " || e.getBoundingClientRect().left < -1).map(e => e.className)",
        )
        assert wide == []
        visit.page.locator(".tile-open").nth(2).click()
        panel = visit.page.locator(".light-words")
        assert panel.evaluate("e => e.scrollWidth <= e.clientWidth + 1")


def test_words_from_the_right_are_set_from_the_right(browser, tmp_path):
    address = write_page(hostile(TITLES["right to left"]), tmp_path)
    with Visit(browser, address) as visit:
        direction = "e => getComputedStyle(e).direction"
        assert visit.page.locator("h1").evaluate(direction) == "rtl"
        assert visit.page.locator(".foot").evaluate(direction) == "ltr"


@pytest.mark.parametrize("name", ["markup", "unbroken", "emoji"])
def test_such_a_board_can_be_saved_as_a_picture(browser, tmp_path, name):
    address = write_page(hostile(TITLES[name]), tmp_path)
    with Visit(browser, address) as visit:
        with visit.page.expect_download() as waiting:
            visit.page.locator("#save").click()
        saved = waiting.value
        assert saved.suggested_filename.endswith(".png")
        assert not set('<>"/\\') & set(saved.suggested_filename)
        with Image.open(saved.path()) as picture:
            assert picture.width == 1920
            assert picture.height < 6000


def test_data_that_is_damaged_leaves_the_pictures(browser, tmp_path):
    board = plant(count=30, size=9)
    board.document["candidates"][3]["vector"] = "AAAA"
    with Visit(browser, write_page(board, tmp_path)) as visit:
        assert visit.tiles() == board.ids({})
        assert visit.page.locator("#status").inner_text() == (
            "This page is damaged: its pictures are shown, but can't be refined."
        )
