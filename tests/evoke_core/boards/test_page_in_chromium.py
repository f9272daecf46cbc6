"""Page and gallery in a real browser: quiet, usable by keyboard, of Python's mind.

Each test opens the page anew in one browser; nothing here reaches beyond the disk.
"""

import json
import shutil
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile
from PIL import Image

from evoke_core.boards.compose import compose_board
from evoke_core.boards.gallery import render_gallery
from evoke_core.boards.pool import gather
from evoke_core.boards.query import ask
from evoke_core.boards.refine import choose_tiles
from evoke_core.config.fields import AXES

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
    pytest.mark.filterwarnings("ignore"),  # playwright's own, when its loop closes
]


class Visit:
    """One open page, with all that it said and asked for."""

    def __init__(self, browser, address, **settings):
        self.page = browser.new_page(
            **{"viewport": {"width": 1200, "height": 900}} | settings
        )
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)
        self.settle()

    def settle(self):
        """Wait until tiles have come to rest and the address is written."""
        self.page.wait_for_timeout(450)

    def tiles(self):
        return self.page.eval_on_selector_all(
            ".grid .tile:not(.is-leaving)", "tiles => tiles.map(t => t.dataset.id)"
        )

    def slide(self, setting):
        for axis, value in setting.items():
            self.page.locator(f"[data-axis='{axis}']").evaluate(
                "(s, v) => { s.value = v;"
                " s.dispatchEvent(new Event('input', {bubbles: true})); }",
                value,
            )
        self.settle()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def open_tile(self, image_id):
        self.page.locator(f"[data-id='{image_id}'] .tile-open").focus()


@pytest.fixture
def composed(desk, chord, song):
    return compose_board(song, chord, desk)


@pytest.fixture
def address(composed, tmp_path):
    path = tmp_path / "boards" / "chord-1" / "board.html"
    path.parent.mkdir(parents=True)
    path.write_text(composed.page, encoding="utf-8")
    audio = path.parent / unquote(composed.document["track"]["audio"])
    audio.parent.mkdir(parents=True)
    soundfile.write(audio, np.zeros(24_000, np.float32), 24_000)
    return path.as_uri()


@pytest.fixture
def visit(browser, address):
    opened = Visit(browser, address)
    yield opened
    opened.page.close()


def test_it_loads_from_disk_without_a_word_or_a_request(visit, composed):
    assert visit.tiles() == [one["image_id"] for one in composed.document["tiles"]]
    assert visit.said == []
    assert {url.partition(":")[0] for url in visit.asked} <= {"file", "data"}


def test_sliders_choose_the_very_tiles_that_python_chooses(visit, desk, heard):
    refinement = ask(heard, desk)
    ids, pool, _ = gather(refinement, desk)
    rng = np.random.default_rng(1)
    for _ in range(4):
        setting = dict(zip(AXES, (rng.integers(-20, 21, 4) / 20).tolist(), strict=True))
        visit.slide(setting)
        chosen = choose_tiles(pool, refinement, setting)
        assert visit.tiles() == [ids[row] for row in chosen]


def test_the_address_carries_sliders_kept_and_dropped_pictures(browser, visit):
    kept, dropped = visit.tiles()[3], visit.tiles()[1]
    visit.open_tile(kept)
    visit.press("l")
    visit.open_tile(dropped)
    visit.press("d")
    visit.slide({AXES[0]: 0.75})
    assert visit.page.url.partition("#")[2] == (
        f"{AXES[0]}=0.75&lock={kept}&drop={dropped}"
    )
    other = Visit(browser, visit.page.url)
    assert set(other.tiles()) == set(visit.tiles())
    assert other.page.locator(f"[data-axis='{AXES[0]}']").input_value() == "0.75"
    assert other.page.locator(".tile.is-locked").get_attribute("data-id") == kept
    other.page.close()


@pytest.mark.parametrize(
    "fragment", ["energy=nine&lock=nobody", "lock=%E0%A4%A&drop=,,", "&&==&x=1"]
)
def test_a_broken_address_is_passed_over(browser, address, fragment, composed):
    opened = Visit(browser, f"{address}#{fragment}")
    assert opened.tiles() == [one["image_id"] for one in composed.document["tiles"]]
    assert opened.said == []
    opened.page.close()


def test_a_kept_picture_stays_wherever_the_sliders_go(visit):
    kept = visit.tiles()[2]
    visit.page.locator(f"[data-id='{kept}']").hover()
    visit.page.locator(f"[data-id='{kept}'] .tile-lock").click()
    for value in (-1, 1):
        visit.slide(dict.fromkeys(AXES, value))
        assert visit.tiles()[2] == kept


def test_a_dropped_picture_goes_until_it_is_brought_back(visit):
    before = visit.tiles()
    visit.page.locator(f"[data-id='{before[0]}']").hover()
    visit.page.locator(f"[data-id='{before[0]}'] .tile-drop").click()
    visit.settle()
    assert before[0] not in visit.tiles()
    visit.page.locator("#restore").click()
    visit.settle()
    assert visit.tiles() == before
    assert "#" not in visit.page.url


def test_a_double_click_returns_a_slider_to_the_song(visit):
    before = visit.tiles()
    visit.slide({AXES[1]: 1})
    visit.page.locator(f"[data-axis='{AXES[1]}']").dispatch_event("dblclick")
    visit.settle()
    assert visit.tiles() == before


def test_the_keyboard_opens_walks_and_closes_the_large_picture(visit):
    ids = visit.tiles()
    visit.open_tile(ids[0])
    visit.press("Enter")
    name = visit.page.locator("#light-picture")
    assert visit.page.locator("dialog[open]").count() == 1
    first = name.get_attribute("src")
    visit.press("ArrowRight")
    assert name.get_attribute("src") != first
    visit.press("Escape")
    assert visit.page.locator("dialog[open]").count() == 0
    focused = "document.activeElement.closest('.tile').dataset.id"
    assert visit.page.evaluate(focused) == ids[1], "focus goes where the eye was"


def test_saving_gives_the_shown_board_as_a_png(visit):
    with visit.page.expect_download() as waiting:
        visit.page.locator("#save").click()
    saved = waiting.value
    assert saved.suggested_filename == "chord.png"
    with Image.open(saved.path()) as picture:
        assert picture.format == "PNG"
        assert picture.width == 1920
        colours = picture.convert("RGB").resize((60, 60)).getcolors(3600)
    assert len(colours) > 100, "pictures are on it"


def test_kept_and_dropped_pictures_are_saved_as_a_verdict(visit):
    assert not visit.page.locator("#judged").is_visible()
    kept, dropped = visit.tiles()[2], visit.tiles()[0]
    visit.open_tile(kept)
    visit.press("l")
    visit.open_tile(dropped)
    visit.press("d")
    said = visit.page.locator("#judged span").inner_text()
    assert said == "You kept 1 and dropped 1 of these pictures."
    verdicts = []
    for _ in range(2):
        with visit.page.expect_download() as waiting:
            visit.page.locator("#save-verdict").click()
        assert waiting.value.suggested_filename == "verdict-chord-1.json"
        verdicts.append(json.loads(waiting.value.path().read_bytes()))
    assert (verdicts[0]["locked"], verdicts[0]["dropped"]) == ([kept], [dropped])
    assert verdicts[0]["rater"] == verdicts[1]["rater"], "one device is one listener"


@pytest.mark.parametrize("width", [360, 820, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_runs_over_the_edge(browser, address, width, scheme):
    opened = Visit(
        browser, address, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    cut = opened.page.eval_on_selector_all(
        ".head *, .bar *",
        "all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 1"
        " && getComputedStyle(e).position !== 'absolute').map(e => e.outerHTML)",
    )
    assert cut == []
    opened.page.close()


def test_tiles_keep_their_place_while_pictures_arrive(visit):
    shifted = visit.page.evaluate(
        "() => new Promise(done => { let sum = 0;"
        " new PerformanceObserver(list => { for (const e of list.getEntries())"
        " sum += e.value; }).observe({type: 'layout-shift', buffered: true});"
        " setTimeout(() => done(sum), 200); })"
    )
    assert shifted < 0.01


@pytest.fixture
def gallery(browser, tmp_path, jpeg):
    path = tmp_path / "boards" / "index.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "boards" / "a.jpg").write_bytes(jpeg())

    def card(title, artist, *moods):
        return {
            "board_id": title, "title": title, "artist": artist, "moods": moods,
            "duration_s": 60, "palette": ["#112233"], "href": f"{title}/board.html",
            "images": ["a.jpg"] * 4, "note": None,
        }  # fmt: skip

    cards = [
        card("Étude", "Ann", "calm"),
        card("Calmly dark", None, "tense"),
        card("Storm", "Bo", "dark", "Tense"),
    ]
    path.write_text(render_gallery(cards), encoding="utf-8")
    opened = Visit(browser, path.as_uri())
    yield opened
    opened.page.close()


def titles(visit):
    return visit.page.locator(".card:visible h2").all_inner_texts()


def test_the_gallery_is_searched_without_capitals_and_accents(gallery):
    assert titles(gallery) == ["Calmly dark", "Storm", "Étude"]
    for typed, found in [("etude", ["Étude"]), ("BO st", ["Storm"]), ("1:00", 3)]:
        gallery.page.locator("#search").fill(typed)
        assert titles(gallery) == found or len(titles(gallery)) == found
    assert gallery.said == []


def test_a_mood_shows_its_boards_alone_and_not_its_namesakes(gallery):
    gallery.page.get_by_role("button", name="calm").press("Enter")
    assert titles(gallery) == ["Étude"]
    assert gallery.page.locator("#count").inner_text() == "1 of 3 boards"
    gallery.page.get_by_role("button", name="calm").press("Enter")
    assert len(titles(gallery)) == 3


def test_a_search_without_a_find_offers_the_way_back(gallery):
    gallery.page.locator("#search").fill("nothing like it")
    assert titles(gallery) == []
    gallery.page.get_by_role("button", name="show all of them").click()
    assert len(titles(gallery)) == 3
    assert gallery.page.locator("#search").input_value() == ""
