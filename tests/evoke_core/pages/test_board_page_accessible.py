"""The page for everybody: what axe finds, and the whole of it by keyboard."""

import pytest

from evoke_core.config.fields import AXES
from tests.evoke_core.pages.planted_board import plant
from tests.evoke_core.pages.visit import Visit, write_page

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is not installed"
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return write_page(plant(), tmp_path_factory.mktemp("boards") / "planted")


def nothing_special(visit):
    pass


def panel_open_and_moved(visit):
    visit.page.locator("#panel").evaluate("panel => { panel.hidden = false; }")
    visit.slide({AXES[0]: 1})


def lightbox_open(visit):
    visit.page.locator(".tile-open").first.click()
    visit.settle()


def kept_and_dropped(visit):
    first, second, *_ = visit.tiles()
    visit.keep(first)
    visit.drop(second)
    visit.page.wait_for_timeout(2900)  # the toast fades, and axe reads faded text


def pool_open(visit):
    visit.page.locator("#pool summary").click()


def tile_pointed_at(visit):
    visit.page.locator(".tile").first.hover()
    visit.settle()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "state",
    [nothing_special, panel_open_and_moved, lightbox_open, kept_and_dropped, pool_open,
     tile_pointed_at],
)  # fmt: skip
def test_axe_finds_nothing_serious(browser, address, scheme, state):
    with Visit(browser, address, color_scheme=scheme) as visit:
        state(visit)
        violations = axe.Axe().run(visit.page).response["violations"]
    grave = [one for one in violations if one["impact"] in {"serious", "critical"}]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in grave] == []


def test_axe_finds_nothing_serious_on_a_phone(browser, address):
    with Visit(browser, address, viewport={"width": 360, "height": 740}) as visit:
        violations = axe.Axe().run(visit.page).response["violations"]
    assert [one["id"] for one in violations if one["impact"] in {"serious"}] == []


@pytest.fixture
def visit(browser, address):
    with Visit(browser, address) as opened:
        yield opened


def focused(visit):
    return visit.page.evaluate(
        "() => { const e = document.activeElement;"
        " return e.id || e.dataset.axis || e.closest('.tile')?.dataset.id"
        " || e.className || e.tagName; }"
    )


def test_tab_reaches_every_control_in_reading_order(visit):
    path = []
    for _ in range(60):
        visit.page.keyboard.press("Tab")
        path.append(focused(visit))
        if path[-1] == visit.tiles()[-1]:
            break
    assert path[0] == "skip"
    wanted = ["swatch", "play", "ribbon", "refine", "follow", "copy-link", "save"]
    wanted += [*AXES, *visit.tiles()]
    assert [path.index(name) for name in wanted] == sorted(
        path.index(name) for name in wanted
    )
    assert len(set(path) & set(visit.tiles())) == len(visit.tiles()), "one stop a tile"


def test_what_has_the_focus_is_seen_to_have_it(visit):
    for _ in range(20):
        visit.page.keyboard.press("Tab")
        outline = visit.page.evaluate(
            "() => { let e = document.activeElement;"
            " if (e.matches('.switch input')) e = e.nextElementSibling;"
            " const s = getComputedStyle(e);"
            " return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; }"
        )
        assert outline, focused(visit)


def test_arrows_walk_the_board_along_and_down_its_columns(visit):
    ids = visit.tiles()
    visit.focus(ids[0])
    visit.page.keyboard.press("ArrowRight")
    assert focused(visit) == ids[1]
    visit.page.keyboard.press("ArrowLeft")
    visit.page.keyboard.press("ArrowLeft")
    assert focused(visit) == ids[0], "there is nothing before the first"
    box = visit.page.locator(f"[data-id='{ids[0]}']").bounding_box()
    visit.page.keyboard.press("ArrowDown")
    visit.settle()
    below = visit.page.locator(f"[data-id='{focused(visit)}']").bounding_box()
    assert below["x"] == pytest.approx(box["x"])
    assert below["y"] > 0


def test_sliders_are_named_and_say_where_they_stand(visit):
    slider = visit.page.locator(f"[data-axis='{AXES[1]}']")
    assert slider.get_attribute("aria-valuetext") == "as the song"
    slider.focus()
    visit.press("ArrowRight", "ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "10 % towards warm"
    name = slider.locator("..").locator(".unseen").inner_text()
    assert name == "warmth, from cool to warm"
    visit.page.keyboard.press("Home")
    visit.settle()
    assert slider.get_attribute("aria-valuetext") == "100 % towards cool"
    told = visit.page.locator("#changed").inner_text()
    assert told.startswith(f"{len(visit.tiles())} pictures, ")


def test_the_lightbox_holds_the_focus_and_names_its_picture(visit):
    visit.focus(visit.tiles()[0])
    visit.press("Enter")
    inside = "document.activeElement.closest('dialog') !== null"
    for _ in range(25):
        visit.page.keyboard.press("Tab")
        here = visit.page.evaluate("document.activeElement.tagName")
        assert here == "BODY" or visit.page.evaluate(inside)  # the browser's own bar
    named = visit.page.locator("#lightbox").get_attribute("aria-labelledby")
    assert visit.page.locator(f"#{named}").inner_text()


def test_without_motion_nothing_slides(browser, address):
    with Visit(browser, address, reduced_motion="reduce") as visit:
        took = visit.page.eval_on_selector_all(
            ".tile, .tile figure, .tile img",
            "all => all.map(e => getComputedStyle(e).transitionDuration)",
        )
        assert set(took) == {"0s"}
        assert not visit.page.locator("#follow").is_checked()
