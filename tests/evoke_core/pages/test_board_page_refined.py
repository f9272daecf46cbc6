"""A board that was refined, filtered or given a cover, as its page tells it."""

import pytest

from evoke_core.config.fields import AXES
from tests.evoke_core.pages.planted_board import plant
from tests.evoke_core.pages.visit import Visit, write_page

SETTING = {"energy": -0.4, "warmth": 0.5}

pytestmark = pytest.mark.browser


@pytest.fixture
def refined():
    board = plant(setting=SETTING)
    board.document["refined_from"] = "planted-0"
    board.document["refinement"]["filters"] = {
        "sources": [], "licences": ["CC0-1.0", "CC-BY-4.0"], "moods": ["serene"]
    }  # fmt: skip
    return board


@pytest.fixture
def visit(browser, refined, tmp_path):
    with Visit(browser, write_page(refined, tmp_path / "refined")) as opened:
        yield opened


def test_sliders_begin_where_the_stored_tiles_were_chosen(visit, refined):
    assert visit.tiles() == refined.ids(SETTING) != refined.ids({})
    for axis in AXES:
        shown = visit.page.locator(f"[data-axis='{axis}']").input_value()
        assert float(shown) == SETTING.get(axis, 0)
    assert visit.is_shown("#panel")
    assert "#" not in visit.page.url, "nothing differs from the stored board"


def test_the_page_goes_on_from_there_as_python_does(visit, refined):
    visit.slide({"warmth": 0.0})
    assert visit.tiles() == refined.ids(SETTING | {"warmth": 0.0})
    assert visit.page.url.partition("#")[2] == "warmth=0"
    visit.slide({"warmth": 0.5})
    assert visit.tiles() == refined.ids(SETTING)
    assert "#" not in visit.page.url


def test_a_link_says_a_slider_that_was_put_to_rest(browser, visit, refined):
    visit.slide({"warmth": 0.0, "complexity": 1.0})
    with Visit(browser, visit.page.url) as other:
        assert other.tiles() == visit.tiles()


def test_reset_goes_back_to_the_refined_board_and_then_to_the_song(visit, refined):
    visit.slide({"abstraction": 1.0})
    reset = visit.page.locator("#reset")
    assert reset.inner_text() == "As refined"
    reset.click()
    visit.settle()
    assert visit.tiles() == refined.ids(SETTING)
    assert reset.inner_text() == "As the song"
    reset.click()
    visit.settle()
    assert visit.tiles() == refined.ids({})


def test_it_says_kindly_what_it_was_refined_from_and_to(visit):
    line = visit.page.locator(".lineage")
    assert line.inner_text() == (
        "Refined from another board of this song. It leans 40 % towards calm and "
        "50 % towards warm. Only pictures under CC0-1.0 or CC-BY-4.0, that feel "
        "serene are shown."
    )
    assert line.locator("a").get_attribute("href") == "../planted-0/board.html"


def test_a_plain_board_says_nothing_of_it(browser, tmp_path):
    with Visit(browser, write_page(plant(), tmp_path)) as visit:
        assert visit.page.locator(".lineage").count() == 0
        assert visit.page.locator("#cover").count() == 0


@pytest.fixture
def covered(tmp_path):
    board = plant()
    board.document["cover"] = {
        "image": "cover.jpg", "alt": "Dusk over water", "credit": "painted by Evoke",
        "licence": "CC0-1.0", "card": "card.json",
    }  # fmt: skip
    return board


def test_a_cover_is_shown_with_its_words_credit_and_licence(browser, covered, tmp_path):
    address = write_page(covered, tmp_path)
    jpeg = covered.images(["p000"], width=300)["p000"]
    (tmp_path / "cover.jpg").write_bytes(jpeg)
    with Visit(browser, address) as visit:
        image = visit.page.locator("#cover img")
        assert image.get_attribute("alt") == "Dusk over water"
        assert image.evaluate("e => e.naturalWidth") == 300
        said = visit.page.locator("#cover figcaption").inner_text()
        assert said == "painted by Evoke · CC0-1.0"
        foot = visit.page.locator(".foot .note", has_text="Cover:").inner_text()
        assert foot == "Cover: painted by Evoke · CC0-1.0"
        card = visit.page.locator("meta[property='og:image']").get_attribute("content")
        assert card == "cover.jpg"


def test_a_cover_that_stayed_behind_leaves_no_hole(browser, covered, tmp_path):
    with Visit(browser, write_page(covered, tmp_path)) as visit:
        assert not visit.is_shown("#cover")
        assert visit.tiles() == covered.ids({})
