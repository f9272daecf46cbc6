"""The status page in a browser: fits every width, is read by everybody, stays alone."""

import pytest

from evoke_core.status.page import render_status
from evoke_core.status.status import read_status
from evoke_core.storage.local import LocalStore
from tests.evoke_core.status import planted

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is not installed"
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def addresses(tmp_path_factory):
    """Pages of a planted store and of an empty one."""
    found = {}
    for name in ("planted", "empty"):
        store = LocalStore(tmp_path_factory.mktemp(name))
        if name == "planted":
            planted.plant_store(store)
        status = read_status(store, ["bright", "calm"], lambda *_: planted.well())
        store.write("reports/evoke.html", render_status(status).encode())
        found[name] = store.link("reports/evoke.html", 60)
    return found


@pytest.fixture
def open_page(browser, addresses):
    opened = []

    def visit(name="planted", **settings):
        page = browser.new_page(**settings)
        opened.append(page)
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(addresses[name])
        return page

    yield visit
    for page in opened:
        page.close()


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("name", ["planted", "empty"])
def test_nothing_stands_out_sideways_and_nothing_is_complained_of(
    open_page, name, width
):
    page = open_page(name, viewport={"width": width, "height": 800})
    beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert beyond <= 0
    assert page.said == []
    assert all(url.startswith(("file:", "data:")) for url in page.asked)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing(open_page, scheme, width):
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.locator("summary").click()
    violations = axe.Axe().run(page).response["violations"]
    found = [(one["id"], one["nodes"][0]["html"][:160]) for one in violations]
    assert found == []


def test_axe_finds_nothing_on_an_empty_page(open_page):
    violations = axe.Axe().run(open_page("empty")).response["violations"]
    assert [one["id"] for one in violations] == []


def test_one_song_is_drawn_at_a_time_and_chosen_by_keyboard(open_page):
    page = open_page()
    shown = ".over .walk:visible"
    assert page.locator("#walk-0").is_checked()
    assert page.locator(f'{shown}[data-walk="0"]').count() == 1
    page.locator("#walk-0").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#walk-1").is_checked()
    drawn = page.eval_on_selector_all(
        ".over .walk", "all => all.map(e => getComputedStyle(e).display !== 'none')"
    )
    assert drawn.index(True) == 1
    assert sum(drawn) == 1
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#walk-none").is_checked()
    assert page.locator(".stop:visible").count() == 0


def test_every_picture_is_seen(open_page):
    page = open_page()
    broken = page.eval_on_selector_all(
        "img", "all => all.filter(i => i.complete && !i.naturalWidth).length"
    )
    assert broken == 0
    assert page.locator("img").count() > 18
