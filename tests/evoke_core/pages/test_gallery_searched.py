"""The gallery in a real browser is searched by words and moods."""

import pytest

from evoke_core.pages.gallery import render_gallery
from tests.evoke_core.pages.visit import Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def gallery(browser, tmp_path, jpeg):
    path = tmp_path / "boards" / "index.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "boards" / "a.jpg").write_bytes(jpeg())

    def card(title, artist, *moods):
        return {
            "board_id": title, "title": title, "artist": artist, "moods": moods,
            "duration_s": 60, "palette": ["#112233"], "href": f"{title}/board.html",
            "images": ["a.jpg"] * 4, "note": None, "kind": None, "leaning": [],
        }  # fmt: skip

    cards = [
        card("Étude", "Ann", "calm"),
        card("Calmly dark", None, "tense"),
        card("Storm", "Bo", "dark", "Tense"),
    ]
    path.write_text(render_gallery(cards), encoding="utf-8")
    with Visit(browser, path.as_uri()) as opened:
        yield opened


def titles(visit):
    return visit.page.locator(".card h2").all_text_contents()


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
