"""Playlist and comparison in a real browser: playing, twins, steps, access, quiet."""

import io

import numpy as np
import pytest
import soundfile

from evoke_core.appraisal.comparison import compare_boards
from evoke_core.pages.comparison_page import render_comparison
from evoke_core.pages.document import clock
from evoke_core.pages.playlist_page import render_playlist
from tests.evoke_core.pages.visit import rest

pytestmark = pytest.mark.browser
WIDTHS = (360, 768, 1440)
LONG = "Ein sehr langer Titel ohne Ende " * 9


def tone():
    buffer = io.BytesIO()
    wave = 0.2 * np.sin(2 * np.pi * 220 * np.arange(16_000) / 8_000)
    soundfile.write(buffer, wave, 8_000, format="WAV")
    return buffer.getvalue()


def track(number, audio):
    return {
        "title": LONG if number == 1 else f"Track {number}", "artist": "Ann",
        "duration_s": 2.0, "score": 0.9, "passage": {"start_s": 0.0, "end_s": 1.0},
        "moods": ["calm", "hazy"], "why": ["calm"], "peaks": [0.1, 0.8, 0.3],
        "arc": [{"start_s": 0.0, "end_s": 2.0, "energy": 0.5, "valence": 0.7}],
        "audio": audio, "board": "../../boards/x/board.html",
        "attribution": "by nobody", "licence": "CC0-1.0",
    }  # fmt: skip


def picture(number):
    return {
        "image_id": f"p{number}", "title": f"Picture {number}", "artist": None,
        "attribution": f"credit {number}", "licence": "CC0-1.0", "licence_url": None,
        "url": None, "width_px": 60 + 10 * number, "height_px": 90,
        "palette": ["#902030", "#405060", "#708090"], "thumbnail": "",
    }  # fmt: skip


RELEASE = {
    "release_id": "r1", "bridge": "affect", "image_encoder": "i", "licence": "MIT",
    "made_at": "2026-11-22T00:00:00", "music_encoder": "m",
}  # fmt: skip


@pytest.fixture
def playlist(tmp_path):
    """Three tracks: two that play, and between them one whose audio has gone."""
    (tmp_path / "tone.wav").write_bytes(tone())
    audio = ("../../tone.wav", "../../gone.wav", "../../tone.wav")
    document = {
        "schema": "evoke.playlist/1", "playlist_id": "x", "library_size": 48,
        "asked": {
            "name": "holiday", "board": None,
            "pictures": [picture(number) for number in range(12)],
        },
        "moods": ["calm", "hazy"], "release": RELEASE, "notes": [],
        "tracks": [track(number, each) for number, each in enumerate(audio)],
        "refusals": [{"name": "cut.jpg", "reason": "x", "message": "ends early"}],
    }  # fmt: skip
    return _stored(
        tmp_path / "playlists/x/playlist.html",
        render_playlist(document, images=[b""] * 12),
    )


@pytest.fixture
def compared(tmp_path):
    """Store the comparison of two boards of these pictures."""

    def board(board_id, numbers):
        return {
            "board_id": board_id, "palette": ["#902030"], "relevance": 0.9,
            "diversity": 0.3, "release": RELEASE,
            "track": {
                "title": "Dew", "artist": "Ann", "duration_s": 9.0, "sha256": "a"
            },
            "tiles": [picture(number) for number in numbers],
            "refinement": {"axes": [], "setting": {}, "filters": {}},
        }  # fmt: skip

    def compare(*numbers):
        left, right = map(board, "ab", numbers)
        found = compare_boards(left, right)
        page = render_comparison(
            left,
            right,
            found.shared,
            order=found.order,
            same_release=found.same_release,
            images={},
        )
        return _stored(tmp_path / "comparisons/a--b/comparison.html", page)

    return compare


@pytest.fixture
def comparison(compared):
    """Two boards of ten and nine pictures that share six."""
    return compared(range(10), (12, 5, 4, 3, 11, 2, 1, 0, 10))


def _stored(path, text):
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path.as_uri()


@pytest.fixture
def visit(browser):
    opened = []

    def go(address, **settings):
        page = browser.new_page(
            **{"viewport": {"width": 1200, "height": 900}} | settings
        )
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(address)
        rest(page, 200)
        opened.append(page)
        return page

    yield go
    for page in opened:
        page.close()


def ids(page, side):
    return page.eval_on_selector_all(
        f"[data-side='{side}'] .pair-tile:not([hidden])",
        "tiles => tiles.map(t => t.dataset.id)",
    )


def test_a_track_plays_fills_its_ribbon_and_is_followed_by_the_next_that_is_there(
    visit, playlist
):
    page = visit(playlist)
    page.get_by_role("button", name="Play Track 0").click()
    page.wait_for_function(
        "() => document.querySelector('.track-clock').textContent > '0:00'"
    )
    page.wait_for_function(
        "() => document.querySelector('.played').getAttribute('width') > 0"
    )
    filled = float(page.locator(".played").first.get_attribute("width"))

    assert filled < 1000
    assert page.get_by_role("button", name="Pause Track 0").count() == 1
    assert page.locator(".ribbon").first.get_attribute("role") == "slider"
    page.evaluate("document.querySelector('.ribbon').dispatchEvent(new PointerEvent("
                  "'pointerdown', {clientX: 1e5, button: 0}))")  # fmt: skip
    page.get_by_role("button", name="Pause Track 2").wait_for()
    assert page.locator(".ribbon").first.get_attribute("role") == "img"


def test_the_page_writes_times_as_python_does(visit, playlist):
    times = [0, 0.6, 59.7, 60, 3599.4, 3600, 3725.2, 36_000]
    page = visit(playlist)
    assert page.evaluate("times => times.map(clockText)", times) == [
        clock(seconds) for seconds in times
    ]


def test_a_track_that_has_gone_says_so_and_offers_no_button(visit, playlist):
    page = visit(playlist)
    page.locator(".track-play").nth(1).click()
    page.get_by_role("status").get_by_text("can't be played from here").wait_for()
    assert page.locator(".track-play").nth(1).is_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["playlist", "comparison"])
def test_pages_pass_an_accessibility_checker(visit, kind, scheme, request):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = visit(request.getfixturevalue(kind), color_scheme=scheme, bypass_csp=True)
    found = axe.Axe().run(page).response["violations"]
    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    assert not [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in serious]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["playlist", "comparison"])
def test_nothing_runs_over_the_edge_and_nothing_is_asked_for(
    visit, kind, width, request
):
    address = request.getfixturevalue(kind)
    page = visit(address, viewport={"width": width, "height": 900})

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.asked[0] == address
    assert all(url.startswith("data:") for url in page.asked[1:])
    assert page.said == []


def test_shared_pictures_stand_in_step_on_both_sides(visit, comparison):
    page = visit(comparison)
    page.get_by_role("button", name="On both").click()

    places = [
        page.eval_on_selector_all(
            f"[data-side='{side}'] .pair-tile:not([hidden])",
            "tiles => Object.fromEntries("
            "tiles.map(t => [t.dataset.id, t.style.transform]))",
        )
        for side in (0, 1)
    ]
    assert places[0] == places[1]
    assert len(places[0]) == 6


def test_what_is_on_one_board_only_is_shown_alone(visit, comparison):
    page = visit(comparison)
    page.get_by_role("button", name="On one only").click()
    assert ids(page, 0) == ["p6", "p7", "p8", "p9"]
    assert ids(page, 1) == ["p12", "p11", "p10"]
    page.get_by_role("button", name="All").click()
    assert len(ids(page, 0)) == 10


@pytest.mark.parametrize(
    ("numbers", "pressed", "said"),
    [
        (((1, 2), (3, 4)), "On both", ["None of its pictures is on the other board."]),
        (((1, 2), (2, 1)), "On one only", ["All of its pictures are on both boards."]),
        (((1,), ()), "All", ["This board has no pictures."]),
    ],
)
def test_a_side_that_shows_nothing_says_why(visit, compared, numbers, pressed, said):
    page = visit(compared(*numbers))
    page.get_by_role("button", name=pressed, exact=True).click()
    lines = page.locator(".empty:not([hidden]) span").all_inner_texts()
    assert [*dict.fromkeys(lines)] == said


def test_a_picture_under_the_pointer_shows_its_twin(visit, comparison):
    page = visit(comparison)
    page.locator("[data-side='0'] [data-id='p3']").hover()
    twins = page.eval_on_selector_all(
        ".is-twin", "tiles => tiles.map(t => t.dataset.id)"
    )
    assert twins == ["p3", "p3"]
    page.locator("h1").hover()
    assert page.locator(".is-twin").count() == 0
