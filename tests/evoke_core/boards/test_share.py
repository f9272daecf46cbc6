"""The shared copy: whole, credited, and without a trace of the house it left."""

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evoke_core.boards import share
from evoke_core.boards.clearance import Rules
from evoke_core.boards.compose import compose_board
from evoke_core.boards.share import make_copy, send_copy, write_credits
from evoke_core.boards.shelf import shelve
from evoke_core.corpus.decode import encode_jpeg
from evoke_core.corpus.licences import load_licences
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.errors import BoardError
from evoke_core.storage.local import LocalStore
from tests.evoke_core.boards.test_clearance import picture, whole_board

CONFIG = Path(__file__).parents[3] / "assets_config"
FILES = [
    "board.html", "board.png", "preview.jpg", "clip.webp", "credits.txt", "board.json",
]  # fmt: skip


class Head(HTMLParser):
    """The meta elements of a page by property or name."""

    def __init__(self, page):
        super().__init__()
        self.metas = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        if tag == "meta" and ("property" in said or "name" in said):
            self.metas.setdefault(said.get("property", said.get("name")), []).append(
                said["content"]
            )


def pictures(count):
    for number in range(count):
        link = f"../../{thumbnail_key(f'{number:02d}' * 32)}"
        yield picture(number, thumbnail=link, source_key=f"sub folder/{number}.jpg")


@pytest.fixture(scope="module")
def house(tmp_path_factory, chord):
    """A store with a board of eight tiles among twelve pictures, and its song."""
    store = LocalStore(tmp_path_factory.mktemp("house") / "store")
    rng = np.random.default_rng(4)
    for number in range(12):
        pixels = rng.integers(0, 255, (6, 8, 3), np.uint8).repeat(12, 0).repeat(12, 1)
        key = thumbnail_key(f"{number:02d}" * 32)
        store.write(key, encode_jpeg(pixels, longest_px=96))
    store.write("drops/Ann/secret file name.mp3", chord)
    return store


@pytest.fixture
def document():
    return whole_board(*pictures(12), tiles=8)


@pytest.fixture(scope="module")
def rules():
    return Rules(load_licences(CONFIG / "licences.yaml"), "research")


@pytest.fixture(scope="module")
def copy(house, rules):
    return make_copy(whole_board(*pictures(12), tiles=8), house, rules)


@pytest.fixture
def quick(monkeypatch):
    """Spare the clip, which takes longest and is tested for itself."""
    monkeypatch.setattr(share, "render_clip", lambda *_, **__: b"clip")


def test_the_copy_has_everything_and_its_document_last(copy):
    assert list(copy.files) == FILES
    assert copy.left_out == ()
    for name in ("board.png", "preview.jpg", "clip.webp"):
        with Image.open(io.BytesIO(copy.files[name])) as picture:
            picture.load()


def test_a_copy_takes_no_verdict_as_no_store_knows_its_name(copy):
    assert b'id="judged"' not in copy.files["board.html"]


def test_no_byte_of_sound_and_no_address_leaves_the_house(desk, song, chord, rules):
    store = desk.store
    store.write(song.audio_key, chord)
    board = compose_board(song, chord, desk)
    shelve(store, board)
    copy = make_copy(board.document, store, rules)
    sha256 = board.document["track"]["sha256"]
    private = [
        "sub folder", "sub%20folder", "chord.wav", "drops/", "chord-1", sha256,
        store.uri, str(store.root), str(store.root.resolve()), "file:///", "s3://",
        "thumbnails/", "store:",
    ]  # fmt: skip
    # windows of the sound, far smaller than anything one could hear
    windows = [chord[start : start + 64] for start in range(44, len(chord) - 64, 4096)]
    for name, data in copy.files.items():
        for text in private:
            assert text.encode() not in data, f"{name} holds {text}"
        assert not any(window in data for window in windows), name
        for sign in (b"RIFF", b"OggS", b"fLaC", b"ID3"):
            # a WebP is a RIFF, too, once and at its head
            assert data.count(sign) == (sign == b"RIFF" and data[8:12] == b"WEBP")
    track = json.loads(copy.files["board.json"])["track"]
    assert set(track) == {
        "title", "artist", "duration_s", "peaks", "note", "track_id", "source",
        "source_key", "sha256", "audio",
    }  # fmt: skip
    assert track["audio"] is None
    assert len(track["peaks"]) <= 1000


def test_the_page_works_alone_with_every_picture_inside(copy, document):
    page = copy.files["board.html"].decode()
    links = re.findall(r'(?:src|href)="([^"#][^"]*)"', page)
    assert {link.split(":")[0] for link in links} <= {"data", "https", "http"}
    assert page.count("data:image/jpeg") >= len(document["candidates"])


def test_previews_of_the_link_are_told_what_to_show(copy):
    metas = Head(copy.files["board.html"].decode()).metas
    assert metas["og:image"] == ["preview.jpg"]
    assert metas["og:image:width"] == ["1200"]
    assert metas["twitter:card"] == ["summary_large_image"]
    assert metas["twitter:title"] == ["Night & Day"]
    assert metas["og:title"] == ["Night & Day · Evoke"]
    assert metas["og:description"] == metas["twitter:description"]
    assert "og:url" not in metas


def test_where_the_address_is_known_previews_link_it(document, house, rules, quick):
    copy = make_copy(document, house, rules, address="https://b.example/boards/")
    metas = Head(copy.files["board.html"].decode()).metas
    top = f"https://b.example/boards/{copy.name}/"
    assert metas["og:image"] == metas["twitter:image"] == [f"{top}preview.jpg"]
    assert metas["og:url"] == [f"{top}board.html"]


def test_hostile_texts_stay_texts(document, house, rules, quick):
    hostile = '"><script>alert(1)</script>'
    document["track"] |= {"title": hostile, "artist": hostile}
    page = make_copy(document, house, rules).files["board.html"].decode()
    assert "<script>alert" not in page
    assert Head(page).metas["twitter:title"] == [hostile]


def test_every_picture_is_credited_with_its_licence(copy, document):
    lines = copy.files["credits.txt"].decode().splitlines()
    for one in document["candidates"]:
        assert any(line.startswith(f"{one['attribution']} | CC0-1.0") for line in lines)
    shown = [one["attribution"] for one in document["candidates"]]
    tiles = {one["attribution"] for one in document["tiles"]}
    rest = lines.index("Pictures that its page can show too")
    assert {line.split(" | ")[0] for line in lines[2:rest] if line} == tiles
    assert len(shown) == len([line for line in lines if " | " in line])


def test_credits_are_one_line_each():
    one = {
        "image_id": "p", "attribution": "two\nlines", "licence": "CC BY",
        "licence_url": "https://l.example", "url": None,
    }  # fmt: skip
    said = write_credits(
        {"tiles": [one], "candidates": [one], "track": {"title": "Night"}}
    )
    assert said.splitlines()[2:] == ["two lines | CC BY | https://l.example"]


def test_the_same_board_gives_the_same_copy(copy, document, house, rules):
    assert make_copy(document, house, rules) == copy


def test_a_barred_picture_is_in_no_file_of_the_copy(document, house, rules, quick):
    out = document["tiles"][0]["image_id"]
    for one in (*document["tiles"], *document["candidates"]):
        if one["image_id"] == out:
            one |= {"licence": "private", "attribution": "my own cat"}
    with pytest.raises(BoardError, match=r"my own cat \(private\)"):
        make_copy(document, house, rules)
    copy = make_copy(document, house, Rules(rules.licences, "research", leave_out=True))
    assert copy.left_out == ("my own cat (private)",)
    for name in ("board.html", "board.json", "credits.txt", "clip.webp"):
        assert b"my own cat" not in copy.files[name]
    assert f'"{out}"'.encode() not in copy.files["board.html"]


def test_a_picture_that_was_withdrawn_leaves_its_colours(document, house, rules, quick):
    gone = f"../../{thumbnail_key('ee' * 32)}"
    for part in ("tiles", "candidates"):
        document[part][0]["thumbnail"] = gone
    copy = make_copy(document, house, rules)
    assert list(copy.files) == FILES
    assert copy.files["board.html"].count(b"data:image/jpeg") == 12 - 1


@pytest.mark.parametrize(
    ("licence", "image", "taken"),
    [
        ("CC0-1.0", "cover%20art.png", True),
        ("CC0-1.0", "../../covers/missing.png", False),
        ("CC0-1.0", "../../drops/Ann/secret%20file%20name.mp3", False),
        ("CC0-1.0", "../../../../outside.png", False),
        ("CC0-1.0", "https://example.org/cover.png", False),
        ("private", "cover%20art.png", False),
    ],
)
def test_a_cover_comes_along_where_it_may(
    house, document, rules, licence, image, taken
):
    house.write(f"boards/{document['board_id']}/cover art.png", b"png")
    document["cover"] = {
        "image": image, "alt": "a", "credit": "c", "licence": licence,
        "card": "../../covers/card.json",
    }  # fmt: skip
    wanted = {"image": "cover.png", "alt": "a", "credit": "c", "licence": licence}
    assert share._cover(document, house, rules) == (
        ({"cover.png": b"png"}, wanted) if taken else ({}, None)
    )


def test_the_page_shows_the_cover_beside_it(document, house, rules, quick):
    house.write(f"boards/{document['board_id']}/cover.jpg", b"jpeg")
    document["cover"] = {
        "image": "cover.jpg", "alt": "Hills", "credit": "c", "licence": "CC0-1.0",
    }  # fmt: skip
    copy = make_copy(document, house, rules)
    assert copy.files["cover.jpg"] == b"jpeg"
    assert b'src="cover.jpg" alt="Hills"' in copy.files["board.html"]
    assert Head(copy.files["board.html"].decode()).metas["og:image"] == ["preview.jpg"]


def test_a_copy_is_written_to_a_folder_of_its_own(copy, tmp_path):
    target = LocalStore(tmp_path / "out")
    assert send_copy(copy, target) == f"{copy.name}/board.html"
    assert {found.key for found in target.listing("")} == {
        f"{copy.name}/{name}" for name in FILES
    }


def test_a_bucket_serves_each_file_as_what_it_is(copy, monkeypatch):
    moto = pytest.importorskip("moto", reason="moto serves S3 here")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with moto.mock_aws():
        from evoke_core.storage.s3 import S3Store

        target = S3Store("public", "boards")
        target.client.create_bucket(Bucket="public")
        send_copy(copy, target)
        served = {
            name: target.client.head_object(
                Bucket="public", Key=f"boards/{copy.name}/{name}"
            )
            for name in FILES
        }
    assert {name: one["ContentType"] for name, one in served.items()} == {
        "board.html": "text/html; charset=utf-8",
        "board.json": "application/json",
        "board.png": "image/png",
        "preview.jpg": "image/jpeg",
        "clip.webp": "image/webp",
        "credits.txt": "text/plain; charset=utf-8",
    }
    assert served["board.html"]["CacheControl"] == "no-cache"
    assert served["board.json"]["CacheControl"] == "no-cache"
    assert served["preview.jpg"]["CacheControl"] == "public, max-age=86400"
