"""The gallery: every board a card, all texts escaped, kind when it is empty."""

import json
import re
from html.parser import HTMLParser

import pytest

from evoke_core.pages.gallery import render_gallery

HOSTILE = '"><script>alert(1)</script>'


def card(title="Night", *moods, **other):
    return {
        "board_id": "b-1", "title": title, "artist": None, "moods": list(moods),
        "duration_s": 61.0, "palette": ["#112233", "#445566"],
        "href": "b-1/board.html",
        "images": [f"../thumbnails/ab/{number}.jpg" for number in range(4)],
        "note": None, "kind": "drop", "leaning": [],
    } | other  # fmt: skip


class Elements(HTMLParser):
    """Every element of a page, with its attributes, and the text between."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def every(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def test_boards_are_listed_by_title_with_what_they_are():
    page = render_gallery(
        [card("beta", "calm"), card("Alpha", "calm", "bleak", artist="Ann", note="cut")]
    )
    text = re.sub(r"\s+", " ", " ".join(Elements(page).text))
    assert "2 boards" in text
    assert text.index("Alpha calm, bleak Ann · 1:01 cut") < text.index("beta calm")


def test_a_card_links_its_board_and_shows_four_pictures():
    many = [f"../thumbnails/{number}.jpg" for number in range(9)]
    elements = Elements(render_gallery([card(images=many)]))
    assert [link["href"] for link in elements.every("a")] == ["b-1/board.html"]
    assert [image["src"] for image in elements.every("img")] == many[:4]
    assert all(image["alt"] == "" for image in elements.every("img"))


def test_moods_are_offered_by_how_many_boards_have_them():
    cards = [card("a", "slow", "calm"), card("b", "calm"), card("c", "dark")]
    chips = Elements(render_gallery(cards)).every("button")
    offered = [chip["data-mood"] for chip in chips if "data-mood" in chip]
    assert offered == ["calm", "dark", "slow"]


def test_a_card_carries_its_moods_as_data():
    items = Elements(render_gallery([card("a", "slow-burning", 'o"dd')])).every("li")
    assert json.loads(items[0]["data-moods"]) == ["slow-burning", 'o"dd']


def test_the_palette_becomes_a_strip_of_equal_parts():
    page = render_gallery([card()])
    strip = "#112233 0% 50%,#445566 50% 100%"
    assert f"#strip-0{{background:linear-gradient(90deg,{strip})}}" in page


def test_what_is_no_drop_says_quietly_what_it_is():
    page = render_gallery(
        [
            card("a"),
            card("b", kind="library"),
            card("c", kind="refined", leaning=["warm", "calm"]),
        ]
    )
    text = re.sub(r"\s+", " ", " ".join(Elements(page).text))
    assert "a 1:01 b 1:01 · library c 1:01 · refined: warm, calm" in text


def test_boards_that_cannot_be_read_are_named_at_the_foot():
    text = " ".join(Elements(render_gallery([card()], unreadable=[HOSTILE])).text)
    assert "One board can't be shown" in text
    assert HOSTILE in text
    many = render_gallery([], unreadable=[f"b{number}" for number in range(12)])
    assert "b9 and others" in " ".join(Elements(many).text)


def test_cards_out_of_sight_are_neither_fetched_nor_laid_out():
    page = render_gallery([card()])
    assert all(one["loading"] == "lazy" for one in Elements(page).every("img"))
    assert "content-visibility: auto" in page


def test_an_empty_gallery_says_how_to_begin():
    elements = Elements(render_gallery([]))
    assert "drops folder" in " ".join(elements.text)
    assert not elements.every("input")


@pytest.mark.parametrize("text", [HOSTILE, "مساء الخير", "🌙 <b>", "x" * 300, "'; --"])
def test_any_text_is_shown_as_text(text):
    page = render_gallery([card(text, text, artist=text, note=text)])
    elements = Elements(page)
    assert "".join(elements.text).count(text) >= 4
    assert len(elements.every("script")) == 1
    assert not elements.every("b")


def test_hostile_addresses_and_colours_lead_nowhere():
    page = render_gallery(
        [
            card(
                href="javascript:alert(1)",
                images=["//evil.example/a.jpg", "https://evil.example/b.jpg"],
                palette=["red}*{display:none}"],
            )
        ]
    )
    assert "javascript:" not in page
    assert "evil.example" not in page
    assert "display:none}" not in page


def test_the_same_cards_give_the_same_page_in_any_order():
    cards = [card("b", "calm", href="2"), card("b", "dark", href="1"), card("a")]
    assert render_gallery(cards) == render_gallery(cards[::-1])


def test_the_gallery_asks_the_network_for_nothing():
    page = render_gallery([card()])
    assert not re.search(r"https?://(?!www\.w3\.org/)", page)
    assert len(page) < 40_000
