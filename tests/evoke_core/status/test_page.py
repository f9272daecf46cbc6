"""The status page as a document: whole, harmless, the same every time."""

import json
import re
from html.parser import HTMLParser

import pytest

from evoke_core.status.findings import find_all
from evoke_core.status.health import unreachable
from evoke_core.status.page import headline, render_status
from evoke_core.status.poster import WIDTH_PX, draw_poster
from evoke_core.status.status import read_status
from evoke_core.storage.tables import read_table, write_table
from tests.evoke_core.status import planted

PNG = b"\x89PNG\r\n\x1a\n"


class Elements(HTMLParser):
    """Lists what a browser would make of a document."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def status_of(store, health=None):
    return read_status(store, ["bright", "calm"], lambda *_: health or planted.well())


@pytest.fixture
def planted_store(store):
    return planted.plant_store(store)


@pytest.fixture
def page(planted_store):
    return render_status(status_of(planted_store))


def test_the_headline_counts_what_there_is(planted_store):
    assert headline(status_of(planted_store)) == "18 pictures, 5 tracks, 2 boards"


def test_parts_come_in_the_order_in_which_people_ask(page):
    parts = ["pictures", "map", "moods", "bridge", "index", "boards", "drops"]
    assert re.findall(r'<section id="(\w+)"', page) == parts


def test_songs_whose_names_are_no_utf8_are_named(planted_store):
    record = {"source_key": "b\udce9d.mp3", "reason": "no_sound", "message": "n\udce9"}
    planted_store.write("quarantine/b-2.json", json.dumps(record).encode())
    planted_store.write("drops/caf\udce9.mp3", b"x")
    page = render_status(status_of(planted_store)).encode().decode()
    assert "caf\\udce9.mp3" in page
    assert "b\\udce9d.mp3" in page


def test_hostile_names_are_text_and_hostile_links_none(page):
    found = Elements(page)
    assert any(planted.HOSTILE in text for text in found.texts)
    for tag, attributes in found.tags:
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert tag != "script"
        assert not str(attributes.get("href", "")).startswith("javascript:")
        if tag == "img":
            assert str(attributes["src"]).startswith("data:image/jpeg;base64,")
    assert "url(evil)" not in page


def test_the_page_asks_nobody_for_anything(page):
    assert "default-src &#39;none&#39;" in page
    linked = [a.get("href") for tag, a in Elements(page).tags if tag == "a"]
    away = {
        link for link in linked if link and not link.startswith(("#", "../boards/"))
    }
    assert away == {"https://example.org/p"}


def test_the_same_store_gives_the_same_bytes(planted_store):
    one, other = (status_of(planted_store) for _ in range(2))
    assert render_status(one) == render_status(other)
    assert draw_poster(one) == draw_poster(other)


def test_an_empty_store_is_told_kindly(store):
    status = status_of(store)
    assert {finding.state for finding in find_all(status)} == {"none"}
    page = render_status(status)
    assert "Start the job refresh_corpus" in page
    assert "Copy a song into the drops folder" in page
    assert draw_poster(status).startswith(PNG)


def test_a_store_without_a_release_shows_its_pictures(planted_store):
    planted_store.delete("release.json")
    status = status_of(planted_store)
    states = {finding.part: finding.state for finding in find_all(status)}
    assert states["index"] == "none"
    assert states["pictures"] == states["map"] == "well"
    assert "Start the job publish_release" in render_status(status)


def test_an_index_that_is_away_is_said_with_its_remedy(planted_store):
    release = planted.plant_release(planted_store)
    away = unreachable(planted_store, release, "no server answers; start it")
    status = status_of(planted_store, away)
    states = {finding.part: finding.state for finding in find_all(status)}
    assert states["index"] == "look"
    page = render_status(status)
    assert "No server answers; start it." in page
    assert "not known" in page


def test_pictures_that_wait_are_not_called_left_out(planted_store):
    facts = read_table(planted_store, "image_facts")
    write_table(planted_store, "image_facts", facts.head(8))
    found = find_all(status_of(planted_store))[0]
    assert found.said == (
        "3 of 24 listed pictures can be shown. Most were left out as near duplicate "
        "(2). 15 wait for the next refresh."
    )


def test_the_gallery_is_linked_where_it_stands(planted_store, page):
    assert "../boards/index.html" not in page
    planted_store.write("boards/index.html", b"x")
    assert "../boards/index.html" in render_status(status_of(planted_store))


def test_gaps_in_moods_and_songs_set_aside_ask_for_a_look(planted_store):
    found = {finding.part: finding for finding in find_all(status_of(planted_store))}
    assert found["moods"].state == "look"
    assert found["moods"].said == "1 of 2 moods have no picture: calm."
    assert found["drops"].state == "look"
    assert found["drops"].said == (
        "1 dropped song with a board, 2 waiting, 1 set aside."
    )


def test_every_shown_picture_is_credited_once(planted_store):
    status = status_of(planted_store)
    shown = {sight.image_id for sight in (*status.sheet, *status.spots.values())}
    credited = [credit.image_id for credit in status.credits]
    assert shown <= set(credited)
    assert len(set(credited)) == len(credited)


def test_a_section_that_comes_back_is_named_once(page):
    walk = page.split('<div class="walk" data-walk="0">')[1].split("</div>")[0]
    assert re.findall(r">(\w)</span>", walk) == ["A", "B", "C"]


def test_the_poster_is_a_png_of_its_width(planted_store):
    poster = draw_poster(status_of(planted_store))
    assert poster.startswith(PNG)
    assert int.from_bytes(poster[16:20], "big") == WIDTH_PX


def test_names_that_are_no_utf_8_reach_the_bytes_of_the_page(planted_store):
    planted_store.write(
        "quarantine/odd.json",
        rb'{"source_key": "\udcff.mp3", "reason": "odd", "message": ""}',
    )
    status = status_of(planted_store)
    assert render_status(status).encode(errors="replace").decode()
    assert draw_poster(status).startswith(PNG)
