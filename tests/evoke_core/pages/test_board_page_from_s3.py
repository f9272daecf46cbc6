"""The page from a bucket: right type, nothing else asked for, sharpened from beside."""

import pytest

from evoke_core.config.fields import AXES
from evoke_core.storage.s3 import S3Store
from tests.evoke_core.pages.planted_board import plant
from tests.evoke_core.pages.visit import Visit, write_page

BUCKET = "evoke-boards"

pytestmark = pytest.mark.browser


@pytest.fixture
def bucket(aws):
    store = S3Store(BUCKET, "store")
    store.client.create_bucket(Bucket=BUCKET)
    yield store
    store.client.close()


@pytest.fixture
def served(bucket, aws, tmp_path):
    """A board as anyone may read it, its store's thumbnails beside it."""
    board = plant()
    for one in board.document["candidates"]:
        one["thumbnail"] = f"../../thumbnails/{one['image_id']}.jpg"
    write_page(board, tmp_path)
    files = {"boards/planted/board.html": (tmp_path / "board.html").read_bytes()}
    ids = [one["image_id"] for one in board.document["candidates"]]
    for image_id, jpeg in board.images(ids, width=200).items():
        files[f"thumbnails/{image_id}.jpg"] = jpeg
    for key, content in files.items():
        bucket.write(key, content)
        bucket.client.put_object_acl(
            Bucket=BUCKET, Key=f"store/{key}", ACL="public-read"
        )
    return f"{aws}/{BUCKET}/store/boards/planted/board.html", board


def test_one_request_brings_the_whole_page(browser, served):
    address, board = served
    with Visit(browser, address) as visit:
        assert visit.tiles() == board.ids({})
        visit.page.locator(".tile").first.hover()
        visit.keep(visit.tiles()[2])
        assert [url for url in visit.asked if not url.startswith("data:")] == [address]
        assert visit.said == []


def test_it_is_served_as_a_page_in_utf_8(browser, served):
    address, _ = served
    page = browser.new_page()
    answer = page.goto(address)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert page.evaluate("document.characterSet") == "UTF-8"
    page.close()


def test_sliders_sharpen_new_tiles_from_beside_and_ask_nobody_else(browser, served):
    address, board = served
    setting = dict.fromkeys(AXES, 1.0)
    with Visit(browser, address) as visit:
        visit.slide(setting)
        visit.settle()
        assert visit.tiles() == board.ids(setting)
        new = set(board.ids(setting)) - set(board.ids({}))
        sources = visit.page.eval_on_selector_all(
            ".grid .tile img", "all => all.map(e => e.getAttribute('src'))"
        )
        assert {f"../../thumbnails/{one}.jpg" for one in new} <= set(sources)
        outside = [url for url in visit.asked if url.startswith("http")]
        assert {url.rpartition("/store/")[0] for url in outside} == {
            address.rpartition("/store/")[0]
        }
        assert visit.said == []


def test_a_link_reopens_the_same_board_there(browser, served):
    address, _ = served
    with Visit(browser, address) as visit:
        visit.slide({AXES[0]: -0.6})
        visit.drop(visit.tiles()[3])
        with Visit(browser, visit.page.url) as other:
            assert other.tiles() == visit.tiles()


def test_a_served_page_can_be_saved_as_a_picture_too(browser, served):
    address, _ = served
    with Visit(browser, address) as visit:
        visit.slide({AXES[0]: 1})
        with visit.page.expect_download() as waiting:
            visit.page.locator("#save").click()
        assert waiting.value.path().read_bytes().startswith(b"\x89PNG")
