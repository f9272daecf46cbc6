"""The page while its song plays: sections are followed if wanted, windows marked."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from evoke_core.boards.refine import choose_tiles
from tests.evoke_core.pages.planted_board import SECTION_S, SECTIONS, plant
from tests.evoke_core.pages.visit import Visit, write_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def planted():
    return plant()


@pytest.fixture(scope="module")
def address(planted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("boards") / "planted"
    address = write_page(planted, folder)
    silence = np.zeros(int(SECTIONS * SECTION_S * 8000), np.float32)
    soundfile.write(folder / "song.wav", silence, 8000)
    return address


@pytest.fixture
def visit(browser, address):
    with Visit(browser, address) as opened:
        yield opened


def leaning(planted, section):
    """Choose by the whole song and one section alone."""
    rows = [0, section + 1]
    rules = replace(planted.refinement, queries=planted.refinement.queries[rows])
    return [f"p{row:03d}" for row in choose_tiles(planted.pool, rules, {})]


def play_from(visit, seconds):
    visit.page.locator(".sections button").nth(int(seconds // SECTION_S)).click()
    visit.page.locator("#play").click()
    visit.page.wait_for_function(
        "from => Number(document.getElementById('ribbon')"
        ".getAttribute('aria-valuenow')) >= from",
        arg=seconds,
    )


def test_the_board_follows_the_song_through_its_sections(visit, planted):
    visit.page.locator("#play").click()
    assert visit.comes_to(leaning(planted, 0))
    visit.settle()
    visit.page.locator("#ribbon").focus()
    visit.page.keyboard.press("ArrowRight")  # five seconds on
    pace = "document.getElementById('grid').style.getPropertyValue"
    for named in ("--move", "--fade"):
        visit.page.wait_for_function(f"() => {pace}('{named}') === '600ms'")
    assert visit.comes_to(leaning(planted, 1))
    assert visit.page.locator(".sections .is-now").get_attribute("data-section") == "1"
    assert visit.said == []


def test_the_switch_ends_the_following(visit, planted):
    visit.page.locator("#play").click()
    assert visit.comes_to(leaning(planted, 0))
    visit.page.locator("#follow").uncheck()
    assert visit.comes_to(planted.ids({}))
    visit.page.locator("#ribbon").press("End")
    visit.page.wait_for_timeout(900)
    assert visit.tiles() == planted.ids({})


def test_where_motion_is_unwanted_it_follows_only_when_asked(browser, address, planted):
    with Visit(browser, address, reduced_motion="reduce") as visit:
        visit.page.locator("#play").click()
        visit.page.wait_for_timeout(900)
        assert visit.tiles() == planted.ids({})
        visit.page.locator("#follow").check()
        assert visit.comes_to(leaning(planted, 0))


def test_a_section_can_be_leaned_to_without_any_sound(visit, planted):
    button = visit.page.locator(".sections button").nth(2)
    button.click()
    assert visit.comes_to(leaning(planted, 2))
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert visit.comes_to(planted.ids({}))


def test_windows_and_sections_are_marked_on_the_waveform(visit, planted):
    marks = visit.page.locator(".windows").get_attribute("d")
    assert marks.count("M") == len(planted.document["arc"])
    edges = visit.page.eval_on_selector_all(
        ".sections li", "all => all.map(e => e.getBoundingClientRect().left)"
    )
    ribbon = visit.page.locator("#ribbon").bounding_box()
    wanted = [ribbon["x"] + ribbon["width"] * n / SECTIONS for n in range(SECTIONS)]
    assert edges == pytest.approx(wanted, abs=1)


def test_pointing_at_the_waveform_shows_that_window_and_its_values(visit, planted):
    ribbon = visit.page.locator("#ribbon").bounding_box()
    assert not visit.is_shown("#window")
    visit.page.mouse.move(ribbon["x"] + ribbon["width"] * 0.25, ribbon["y"] + 20)
    band = visit.page.locator("#window").bounding_box()
    assert band["x"] == pytest.approx(ribbon["x"] + ribbon["width"] / 6, abs=1)
    assert band["width"] == pytest.approx(ribbon["width"] / 6, abs=1)
    assert visit.page.locator("#window span").inner_text() == "0:02–0:04"  # noqa: RUF001
    value = planted.document["arc"][1]["energy"]
    assert visit.page.locator(".live").first.inner_text() == f"{value:.2f}"
    visit.page.mouse.move(ribbon["x"], ribbon["y"] + 400)
    assert not visit.is_shown("#window")


def test_while_it_plays_the_window_goes_along(visit):
    play_from(visit, 2 * SECTION_S)
    visit.page.wait_for_function(
        "() => /^0:(08|10)/.test(document.querySelector('#window span').textContent)"
    )


def test_a_song_that_is_not_there_is_missed_only_on_play(browser, planted, tmp_path):
    with Visit(browser, write_page(planted, tmp_path / "lonely")) as visit:
        assert visit.said == []
        visit.page.locator("#play").click()
        visit.settle()
        assert visit.page.locator("#status").inner_text() == (
            "The song can't be played here. You can choose your own file of it."
        )
        assert visit.is_shown("#own-file")
        assert not visit.is_shown("#play")


def test_an_own_file_of_the_song_plays_and_goes_nowhere(browser, address, tmp_path):
    lonely = plant()
    lonely.document["track"]["audio"] = None
    song = tmp_path / "mine.wav"
    length = int(SECTIONS * SECTION_S * 8000)
    soundfile.write(song, np.zeros(length, np.float32), 8000)
    with Visit(browser, write_page(lonely, tmp_path / "lonely")) as visit:
        visit.page.locator("#file").set_input_files(song)
        visit.page.locator("#play[aria-label='Pause']").wait_for()
        assert {url.partition(":")[0] for url in visit.asked} <= {
            "file", "data", "blob"
        }  # fmt: skip
