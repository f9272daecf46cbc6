"""The playlist page: what it says, escaped; nothing asked of the network."""

import copy
import re
from html.parser import HTMLParser

import pytest

from evoke_core.errors import BoardError
from evoke_core.pages.playlist_page import render_playlist

HOSTILE = '"><script>alert(1)</script>'
JPEG = b"\xff\xd8 a picture"


def picture(title="Quay", **other):
    return {
        "image_id": "p1", "title": title, "artist": "Ann", "attribution": "Quay, Ann",
        "licence": "CC0-1.0", "licence_url": None, "url": None, "width_px": 96,
        "height_px": 72, "palette": ["#102030", "#405060", "#708090"],
    } | other  # fmt: skip


def track(title="Dew", **other):
    return {
        "track_id": "t1", "source": "vinyl", "source_key": "dew.flac", "title": title,
        "artist": None, "duration_s": 61.0, "score": 0.873,
        "passage": {"start_s": 10.0, "end_s": 20.5}, "moods": ["calm", "hazy"],
        "why": ["calm"], "peaks": [0.1, 0.8, 0.3],
        "arc": [{"start_s": 0.0, "end_s": 61.0, "energy": 0.5, "valence": 0.7}],
        "audio": "../../tracks/dew.flac", "board": None,
        "attribution": "Dew, by nobody", "licence": "CC0-1.0",
    } | other  # fmt: skip


def playlist(*tracks, pictures=None, **other):
    asked = {"name": "holiday", "board_id": None, "board": None}
    return {
        "schema": "evoke.playlist/1", "playlist_id": "x",
        "asked": asked | {"pictures": pictures or [picture()]}, "moods": ["calm"],
        "tracks": list(tracks), "refusals": [], "library_size": 48, "notes": [],
        "release": {
            "release_id": "r1", "bridge": "affect", "image_encoder": "i",
            "made_at": "2026-11-22T00:00:00", "music_encoder": "m", "licence": "MIT",
        },
    } | other  # fmt: skip


def render(document):
    return render_playlist(document, images=[JPEG] * len(document["asked"]["pictures"]))


class Elements(HTMLParser):
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


def said(page):
    return re.sub(r"\s+", " ", " ".join(Elements(page).text))


def test_a_row_says_title_length_moods_reason_and_nearness():
    text = said(render(playlist(track(artist="Bob"))))
    for part in ("Dew", "Bob", "1:01", "Shares calm with the pictures.",
                 "Nearest from 0:10 to 0:20", "87 %", "Dew, by nobody · CC0-1.0",
                 "1 picture · 1 of 48 tracks · 1:01"):  # fmt: skip
        assert part in text


def test_one_track_is_one():
    page = render(playlist(track(), library_size=1))
    assert "1 track that feels like holiday: calm." in page
    assert "1 of 1 track ·" in said(page)
    assert "2 tracks that feel like" in render(playlist(track(), track()))


def test_a_track_that_shares_no_mood_is_close_as_a_whole():
    text = said(render(playlist(track(why=[], passage=None))))
    assert "Close to the pictures." in text
    assert "Nearest from" not in text


def test_moods_are_listed_as_people_do():
    text = said(render(playlist(track(why=["calm", "hazy", "dim"]))))
    assert "Shares calm, hazy and dim with the pictures." in text


def test_pictures_stand_inline_and_credited():
    page = render(playlist(track()))
    images = Elements(page).every("img")
    assert [image["alt"] for image in images] == ["Quay, Ann"]
    assert images[0]["src"].startswith("data:image/jpeg;base64,")
    assert "Quay, Ann · CC0-1.0" in said(page)


def test_a_picture_that_has_gone_is_shown_by_its_colours():
    page = render_playlist(playlist(track()), images=[b""])
    assert not Elements(page).every("img")
    assert "#asked-0{aspect-ratio:1.3333;background:linear-gradient" in page


def test_a_board_is_linked_where_one_stands():
    board = "../../boards/dew-1/board.html"
    links = Elements(render(playlist(track(board=board)))).every("a")
    assert [link["href"] for link in links].count(board) == 2


def test_what_was_left_out_stands_with_its_reason():
    refusals = [{"name": "cut.jpg", "reason": "truncated", "message": "ends early"}]
    text = said(render(playlist(track(), refusals=refusals, notes=["only one"])))
    assert "1 left out, and why" in text
    assert "cut.jpg : ends early" in text
    assert "only one" in text


def test_a_list_without_tracks_says_so_kindly():
    assert "No track of the library comes near" in said(render(playlist()))


def test_nearness_is_held_between_the_average_and_the_best():
    page = render(playlist(track(score=1.3), track(score=-2.0)))
    assert "#near-0{width:100.0%}" in page
    assert "#near-1{width:0.0%}" in page


@pytest.mark.parametrize("text", [HOSTILE, "مساء الخير", "🌙 <b>", "x" * 300, "'; --"])
def test_any_text_is_shown_as_text(text):
    page = render(
        playlist(
            track(text, artist=text, attribution=text, licence=text, moods=[text]),
            pictures=[picture(text, attribution=text)],
            moods=[text],
            refusals=[{"name": text, "reason": "x", "message": text}],
        )
    )
    elements = Elements(page)
    assert "".join(elements.text).count(text) >= 9
    assert len(elements.every("script")) == 2  # the data and the script of the page
    assert not elements.every("b")


def test_hostile_addresses_and_colours_lead_nowhere():
    page = render(
        playlist(
            track(audio="javascript:alert(1)", board="//evil.example/x"),
            pictures=[
                picture(url="javascript:alert(2)", palette=["red}*{display:none}"])
            ],
        )
    )
    assert "javascript:" not in page
    assert "evil.example" not in page
    assert "display:none}" not in page


def test_a_track_without_audio_offers_nothing_to_play():
    page = render(playlist(track(audio=None)))
    assert not Elements(page).every("button")


def test_another_schema_is_refused():
    document = copy.deepcopy(playlist(track())) | {"schema": "evoke.playlist/9"}
    with pytest.raises(BoardError, match=r"evoke\.playlist/9"):
        render(document)


def test_the_page_is_the_same_each_time_and_names_no_host():
    document = playlist(track())
    assert render(document) == render(document)
    assert not re.search(r"https?://(?!www\.w3\.org/)", render(document))
