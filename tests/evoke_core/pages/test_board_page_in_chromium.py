"""The board page in a real browser: quiet, and theirs who use it.

The board is a planted one but for the first test, which opens what composing made.
"""

import json

import numpy as np
import pytest
from PIL import Image

from evoke_core.boards.compose import compose_board
from evoke_core.config.fields import AXES
from evoke_core.pages.board_page import SHARED
from tests.evoke_core.pages.planted_board import plant
from tests.evoke_core.pages.visit import Visit, write_page

pytestmark = pytest.mark.browser


def test_a_composed_board_loads_from_disk_without_a_word_or_a_request(
    browser, desk, chord, song, tmp_path
):
    board = compose_board(song, chord, desk)
    path = tmp_path / "board.html"
    path.write_text(board.page, encoding="utf-8")
    with Visit(browser, path.as_uri()) as visit:
        assert visit.tiles() == [one["image_id"] for one in board.document["tiles"]]
        assert visit.said == []
        assert {url.partition(":")[0] for url in visit.asked} <= {"file", "data"}
        asked = [url for url in visit.asked if url.startswith("file")]
        assert asked == [path.as_uri()], "not even the song, before it is played"


def test_the_address_carries_sliders_kept_and_dropped_pictures(browser, visit):
    kept, dropped = visit.tiles()[3], visit.tiles()[1]
    visit.keep(kept)
    visit.drop(dropped)
    visit.slide({AXES[0]: 0.75})
    assert visit.page.url.partition("#")[2] == (
        f"{AXES[0]}=0.75&lock={kept}&drop={dropped}"
    )
    with Visit(browser, visit.page.url) as other:
        assert set(other.tiles()) == set(visit.tiles())
        assert other.page.locator(f"[data-axis='{AXES[0]}']").input_value() == "0.75"
        assert other.page.locator(".tile.is-locked").get_attribute("data-id") == kept


@pytest.mark.parametrize(
    "fragment", ["energy=nine&lock=nobody", "lock=%E0%A4%A&drop=,,", "&&==&x=1"]
)
def test_a_broken_address_is_passed_over(browser, address, fragment, planted):
    with Visit(browser, f"{address}#{fragment}") as opened:
        assert opened.tiles() == planted.ids({})
        assert opened.said == []


def test_a_new_address_is_not_written_over_before_it_is_read(visit, planted):
    visit.slide({AXES[0]: 0.5})
    # the event of a changed address comes later; writing the link comes in between
    visit.page.evaluate(
        "fragment => { location.hash = fragment;"
        " document.getElementById('copy-link').click(); }",
        f"{AXES[1]}=1",
    )
    visit.settle()
    assert visit.page.url.partition("#")[2] == f"{AXES[1]}=1"
    assert visit.tiles() == planted.ids({AXES[1]: 1})


@pytest.mark.parametrize("fragment", ["credits", "drop", "energy", "x=1&y"])
def test_a_fragment_that_is_no_state_changes_nothing(visit, fragment):
    visit.slide({"energy": 0.5})
    visit.drop(visit.tiles()[1])
    shown, address = visit.tiles(), visit.page.url
    visit.page.evaluate("fragment => { location.hash = fragment; }", fragment)
    visit.settle()
    assert visit.tiles() == shown
    assert visit.page.url == address, "loaded again, the page shows the same"


def test_the_skip_link_leads_to_the_credits_and_leaves_the_board(visit):
    visit.drop(visit.tiles()[1])
    shown = visit.tiles()
    visit.page.locator(".skip").focus()
    visit.press("Enter")
    assert visit.page.evaluate("document.activeElement.id") == "credits"
    assert visit.tiles() == shown
    visit.drop(shown[0])
    assert visit.page.url.count("p0") == 2, "later changes are written as before"


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
    visit.focus(ids[0])
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


def test_saving_gives_the_shown_board_as_a_png(visit, planted):
    visit.slide({AXES[1]: 0.5})
    visit.drop(visit.tiles()[0])
    with visit.page.expect_download() as waiting:
        visit.page.locator("#save").click()
    saved = waiting.value
    assert saved.suggested_filename == "planted.png"
    shapes = {one["image_id"]: one for one in planted.document["candidates"]}
    shown = visit.tiles()
    places = visit.page.evaluate(
        "pictures => { const { places } = masonry(pictures,"
        " EXPORT_WIDTH - 2 * EXPORT_EDGE, EXPORT_GRID); return places.map(p =>"
        " [EXPORT_EDGE + p.x + p.width / 2, EXPORT_TOP + p.y + p.height / 2]); }",
        [shapes[image_id] for image_id in shown],
    )
    with Image.open(saved.path()) as picture:
        assert picture.format == "PNG"
        assert picture.width == 1920
        for image_id, (x, y) in zip(shown, places, strict=True):
            found = np.array(picture.convert("RGB").getpixel((x, y)), int)
            assert np.abs(found - planted.colours[image_id]).max() <= 4


def test_kept_and_dropped_pictures_are_saved_as_a_verdict(visit):
    assert not visit.page.locator("#judged").is_visible()
    kept, dropped = visit.tiles()[2], visit.tiles()[0]
    visit.keep(kept)
    visit.drop(dropped)
    said = visit.page.locator("#judged span").inner_text()
    assert said == "You kept 1 and dropped 1 of these pictures."
    verdicts = []
    for _ in range(2):
        with visit.page.expect_download() as waiting:
            visit.page.locator("#save-verdict").click()
        assert waiting.value.suggested_filename == "verdict-planted.json"
        verdicts.append(json.loads(waiting.value.path().read_bytes()))
    assert (verdicts[0]["locked"], verdicts[0]["dropped"]) == ([kept], [dropped])
    assert verdicts[0]["rater"] == verdicts[1]["rater"], "one device is one listener"


def test_a_shared_copy_is_refined_like_a_board_but_takes_no_verdict(browser, tmp_path):
    board = plant()
    board.document["track"]["source"] = SHARED
    with Visit(browser, write_page(board, tmp_path)) as visit:
        kept, dropped = visit.tiles()[2], visit.tiles()[0]
        visit.keep(kept)
        visit.drop(dropped)
        assert visit.tiles()[2] == kept
        assert dropped not in visit.tiles()
        assert visit.page.locator("#save-verdict").count() == 0
        assert visit.said == []


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_runs_over_the_edge(browser, address, width, scheme):
    size = {"width": width, "height": 800}
    with Visit(browser, address, viewport=size, color_scheme=scheme) as opened:
        assert cut_off(opened) == []
        opened.slide({AXES[0]: 0.5})
        opened.drop(opened.tiles()[0])
        assert cut_off(opened) == [], "with all that the bar can hold"


def cut_off(visit):
    """List what runs over the right edge of the window."""
    cut = visit.page.eval_on_selector_all(
        ".head *, .bar *",
        "all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 1"
        " && getComputedStyle(e).position !== 'absolute').map(e => e.outerHTML)",
    )
    is_wider = "document.documentElement.scrollWidth > innerWidth"
    return cut + ["the page"] * visit.page.evaluate(is_wider)


@pytest.mark.parametrize(
    ("width", "words"), [(360, "Follow"), (900, "Follow the music")]
)
def test_the_switch_says_what_it_does_at_every_width(browser, address, width, words):
    size = {"width": width, "height": 800}
    with Visit(browser, address, viewport=size) as opened:
        switch = opened.page.get_by_role("switch", name="Follow the music")
        assert switch.is_visible()
        told = opened.page.locator("#follow-switch > span").evaluate(
            "e => [...e.childNodes].filter(n => n.nodeType === Node.TEXT_NODE"
            " || n.offsetWidth > 1).map(n => n.textContent).join('')"
        )
        assert told == words
        tops = opened.page.eval_on_selector_all(
            ".bar-row > :not([hidden])",
            "all => all.map(e => Math.round(e.getBoundingClientRect().top))",
        )
        assert len(set(tops)) == 1, "beside the other controls"


def test_tiles_keep_their_place_while_pictures_arrive(visit):
    shifted = visit.page.evaluate(
        "() => new Promise(done => { let sum = 0;"
        " new PerformanceObserver(list => { for (const e of list.getEntries())"
        " sum += e.value; }).observe({type: 'layout-shift', buffered: true});"
        " setTimeout(() => done(sum), 200); })"
    )
    assert shifted < 0.01


def test_tiles_move_in_a_quarter_of_a_second_and_arrive_softly(visit):
    # In one go: a quarter of a second later all of it is over.
    took, entering = visit.page.evaluate(
        "async () => { const s = document.querySelector('[data-axis]'); s.value = 1;"
        " s.dispatchEvent(new Event('input', {bubbles: true}));"
        " await new Promise(requestAnimationFrame);"
        " const stays = document.querySelector('.tile:not(.is-entering)');"
        " return [getComputedStyle(stays).transitionDuration,"
        "  document.querySelectorAll('.tile.is-entering').length]; }"
    )
    assert took.split(", ")[0] == "0.25s"
    assert entering > 0


def test_what_lies_in_the_pool_is_shown_as_more_like_this(visit, planted):
    first = visit.tiles()[0]
    visit.page.locator(f"[data-id='{first}'] .tile-open").click()
    near = visit.page.locator("#light-near button")
    assert near.count() == 9
    vectors = planted.pool.vectors.astype(float)
    row = int(first[1:])
    cosine = vectors @ vectors[row] / np.linalg.norm(vectors, axis=1)
    clusters = np.array(planted.pool.clusters)
    nearest = int(np.where(clusters == clusters[row], -np.inf, cosine).argmax())
    near.first.click()
    assert visit.page.locator("#light-name").inner_text() == f"Picture {nearest}"


def test_dropping_everything_says_how_to_get_it_back(browser, address, planted):
    everything = ",".join(one["image_id"] for one in planted.document["candidates"])
    with Visit(browser, f"{address}#drop={everything}") as opened:
        assert opened.tiles() == []
        assert opened.page.locator("#empty").inner_text() == (
            "Every picture is dropped. Bring them back above."
        )
        opened.page.locator("#restore").click()
        opened.settle()
        assert opened.tiles() == planted.ids({})
        assert not opened.is_shown("#empty")


def test_who_sees_no_tiles_is_told_how_many_are_new(browser, address, planted):
    ids = [one["image_id"] for one in planted.document["candidates"]]
    with Visit(browser, f"{address}#drop={','.join(ids)}") as opened:
        told = opened.page.locator("#changed")
        for shown, text in (
            (1, "1 picture, 1 of them new."),
            (3, "3 pictures, 2 of them new."),
        ):
            dropped = ",".join(ids[shown:])
            opened.page.evaluate(f"location.hash = 'drop={dropped}'")
            opened.settle()
            assert told.text_content() == text


def test_a_copied_colour_and_link_are_on_the_clipboard(browser, address):
    with Visit(browser, address) as visit:
        visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        read = "() => navigator.clipboard.readText()"
        visit.page.locator(".head .swatch").first.click()
        assert visit.page.evaluate(read) == "#8f3a2b"
        visit.slide({AXES[2]: -0.5})
        visit.page.locator("#copy-link").click()
        assert visit.page.evaluate(read) == f"{address}#{AXES[2]}=-0.5"


def test_a_copy_that_left_the_store_asks_for_one_picture_only(
    browser, planted, tmp_path
):
    alone = plant()
    for one in alone.document["candidates"]:
        one["thumbnail"] = f"../../thumbnails/{one['image_id']}.jpg"
    with Visit(browser, write_page(alone, tmp_path / "alone")) as visit:
        for value in (1, -1, 0.5):
            visit.slide(dict.fromkeys(AXES, value))
        asked = [url for url in visit.asked if "thumbnails" in url]
        assert len(asked) == 1
        shown = visit.page.locator(".tile img.is-loaded").count()
        assert shown == len(visit.tiles()), "previews stay"


def test_without_scripts_the_pictures_and_credits_are_there(browser, address, planted):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator(".tile img:visible").count() == len(planted.ids({}))
    assert not page.locator(".bar").is_visible()
    assert page.locator("noscript p").is_visible()
    context.close()


def test_on_paper_there_are_pictures_and_credits_but_no_controls(visit):
    visit.page.emulate_media(media="print")
    assert not visit.is_shown(".bar")
    assert not visit.is_shown("#play")
    assert visit.is_shown("#credit-list")
    assert visit.page.locator(".tile img:visible").count() == len(visit.tiles())
