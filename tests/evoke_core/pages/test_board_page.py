"""The page: one file, whole, escaped, and the same every time."""

import copy
import json
from html.parser import HTMLParser

import pytest

from evoke_core.boards.compose import compose_board
from evoke_core.errors import BoardError
from evoke_core.pages.board_page import MOST_BYTES, render_page

HOSTILE = '"><script>alert(1)</script>'
LOADING = ("src", "srcset", "poster", "action", "data", "formaction")


class Elements(HTMLParser):
    """Every element of a page with its attributes; data blocks by their id."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text, self.blocks, self._open = [], [], {}, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._open = dict(attrs).get("id") if tag == "script" else None

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        if self._open:
            self.blocks[self._open] = json.loads(data)
        else:
            self.text.append(data)

    def every(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture
def document(desk, chord, song):
    return copy.deepcopy(compose_board(song, chord, desk).document)


@pytest.fixture
def render(jpeg):
    def page(document):
        small = jpeg(1, width=16, height=12)
        return render_page(
            document,
            tile_images={one["image_id"]: small for one in document["tiles"]},
            previews={one["image_id"]: small for one in document["candidates"]},
        )

    return page


def spoiled(document, text, address):
    """Put a text and an address wherever a stranger's words can stand."""
    document["track"] |= {"title": text, "artist": text, "note": text, "audio": address}
    document["moods"] = [{"mood": text, "score": 0.5}]
    document["notes"] = [text]
    document["palette"] = [text, "#112233"]
    document["release"] = dict.fromkeys(document["release"], text)
    for section in document["sections"]:
        section["label"] = text
    for axis in document["refinement"]["axes"]:
        axis |= {"name": text, "low": text, "high": text}
    words = dict.fromkeys(("title", "artist", "attribution", "licence"), text)
    words |= {"why": [text], "palette": [text, "#445566"]}
    words |= dict.fromkeys(("url", "licence_url", "thumbnail"), address)
    for one in [*document["tiles"], *document["candidates"]]:
        one.update(words)
    return document


def test_every_tile_has_its_picture_its_words_and_its_credit(document, render):
    document["tiles"][0]["attribution"] = "left alone: the pool's word counts"
    elements = Elements(render(document))
    shown = [item["data-id"] for item in elements.every("li") if "data-id" in item]
    assert shown == [one["image_id"] for one in document["tiles"]]
    inline = [image for image in elements.every("img") if image.get("src")]
    assert len(inline) == len(shown)
    assert all(image["src"].startswith("data:image/jpeg") for image in inline)
    assert all(image["alt"] for image in inline)
    by_id = {one["image_id"]: one for one in document["candidates"]}
    text = "".join(elements.text)
    for image_id in shown:
        assert text.count(by_id[image_id]["attribution"]) >= 2, (
            "on hover and in credits"
        )


def test_the_page_holds_the_whole_pool_and_how_to_choose_from_it(document, render):
    blocks = Elements(render(document)).blocks
    ids = [one["image_id"] for one in document["candidates"]]
    data = blocks["board-data"]
    assert [one["image_id"] for one in data["candidates"]] == ids
    assert [one["vector"] for one in data["candidates"]] == [
        one["vector"] for one in document["candidates"]
    ]
    assert data["refinement"] == document["refinement"], "to the last bit"
    assert data["tiles"] == [one["image_id"] for one in document["tiles"]]
    tiles = {one["image_id"] for one in document["tiles"]}
    small = [image_id for image_id in ids if image_id not in tiles]
    assert list(blocks["previews"]) == small, "tiles are there already, and larger"


@pytest.mark.parametrize("text", [HOSTILE, "مساء الخير", "🌙 <b>&amp;", "x" * 300])
def test_any_text_is_shown_as_text(document, render, text):
    plain = Elements(render(document))
    elements = Elements(render(spoiled(document, text, None)))
    assert elements.blocks["board-data"]["track"]["title"] == text
    assert text in "".join(elements.text)
    assert len(elements.every("script")) == len(plain.every("script"))
    assert not elements.every("b")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "//evil.example/x", '" onload="alert(1)']
)
def test_hostile_addresses_and_markup_gain_nothing(document, render, address):
    page = render(spoiled(document, HOSTILE, address))
    assert "<script>alert(1)" not in page
    for _, attributes in Elements(page).found:
        assert not [name for name in attributes if name.startswith("on")]
        assert "javascript:" not in (attributes.get("href") or "")
        assert not [
            name
            for name in (*LOADING, "href")
            if "evil" in (attributes.get(name) or "")
        ]


def test_the_page_asks_the_network_for_nothing(document, render):
    for one in document["candidates"]:
        one |= {"url": "https://example.org/1", "licence_url": "https://example.org/2"}
    page = render(document)
    elements = Elements(page)
    for tag, attributes in elements.found:
        loaded = [attributes.get(name) or "" for name in LOADING]
        loaded += [attributes.get("href") or ""] if tag != "a" else []
        assert not [link for link in loaded if "//" in link and link[:5] != "data:"]
    web = [
        link for link in elements.every("a") if link.get("href", "")[:8] == "https://"
    ]
    assert len(web) == 2 * len(document["tiles"])
    assert all("noopener" in link["rel"] for link in web)
    assert "url(" not in page.replace("url(#", "")
    assert "@import" not in page


def test_every_control_has_a_name_and_every_id_is_one(document, render):
    elements = Elements(render(document))
    ids = [one["id"] for _, one in elements.found if "id" in one]
    assert len(ids) == len(set(ids))
    assert len(elements.every("h1")) == 1
    assert len(elements.every("main")) == 1
    ranges = [one for one in elements.every("input") if one.get("type") == "range"]
    assert len(ranges) == len(document["refinement"]["axes"]) == 4


def test_the_same_board_gives_the_same_page(document, render):
    assert render(document) == render(copy.deepcopy(document))


def test_the_page_without_its_pictures_is_light(document, render):
    pictures = sum(
        len(image.get("src") or "") for image in Elements(render(document)).every("img")
    )
    assert len(render(document)) - pictures < 150_000


def test_credits_do_not_say_a_name_twice(document, render):
    first = document["tiles"][0]["image_id"]
    one = next(one for one in document["candidates"] if one["image_id"] == first)
    one |= {"title": "Dawn", "attribution": "Dawn, Ann Painter", "url": None}
    said = "".join(Elements(render(document)).text)
    assert "DawnDawn" not in said.replace(" ", "")
    assert said.count("Dawn, Ann Painter") == 2, "on hover and in the credits"


def test_pictures_past_the_largest_size_stay_in_the_store(document, jpeg):
    heavy = b"\xff\xd8" + bytes(400_000)
    ids = [one["image_id"] for one in document["candidates"]]
    tiles = [one["image_id"] for one in document["tiles"]]
    page = render_page(
        document,
        tile_images=dict.fromkeys(tiles, heavy),
        previews=dict.fromkeys(ids, heavy),
    )
    assert MOST_BYTES - 600_000 < len(page.encode()) <= MOST_BYTES
    elements = Elements(page)
    inline = [image for image in elements.every("img") if image.get("src")]
    assert len(inline) == len(tiles), "tiles come first"
    small = list(elements.blocks["previews"])
    assert small == [one for one in ids if one not in tiles][: len(small)]


def test_a_board_without_tiles_is_kind(document, render):
    document["tiles"] = []
    elements = Elements(render(document))
    empty = next(one for one in elements.every("p") if one.get("id") == "empty")
    assert "hidden" not in empty


def test_a_board_of_another_schema_is_refused(document, render):
    with pytest.raises(BoardError, match=r"schema 'evoke\.board/0'"):
        render(document | {"schema": "evoke.board/0"})


def test_a_tile_from_outside_the_pool_is_refused(document, render):
    document["tiles"][0]["image_id"] = "stranger"
    with pytest.raises(BoardError, match="stranger is not among the candidates"):
        render(document)
