"""What is tried again, where else a picture is sought, and what a row ends as."""

import base64
import hashlib
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from evoke_core.corpus.download.outcome import Outcome, Wanted

JpegMaker = Callable[..., bytes]
Fetch = Callable[..., dict[str, Outcome]]
Web = Any


def md5_of(data: bytes) -> str:
    digest = hashlib.md5(data, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def test_what_can_pass_is_tried_again_and_what_cannot_is_not(
    web: Web, fetch: Fetch, jpeg: JpegMaker
):
    good = web.answer(jpeg())
    outcomes = fetch(
        once=web.serve("/once", web.answer(status=500), good),
        late=web.serve("/late", web.answer(status=408), web.answer(status=425), good),
        ever=web.serve("/ever", web.answer(status=503)),
        gone=web.serve("/gone", web.answer(status=410)),
        shut=web.serve("/shut", web.answer(status=403)),
        teapot=web.serve("/teapot", web.answer(status=418)),
    )

    assert {name: outcome.reason for name, outcome in outcomes.items()} == {
        "once": None,
        "late": None,
        "ever": "server_error",
        "gone": "not_found",
        "shut": "forbidden",
        "teapot": "unexpected_answer",
    }
    tries = {path: web.asked.count(path) for path in set(web.asked)}
    assert tries == {
        "/once": 2, "/late": 3, "/ever": 3, "/gone": 1, "/shut": 1, "/teapot": 1,
    }  # fmt: skip


def test_a_sentence_says_what_where_and_what_to_do_and_keeps_the_query_to_itself(
    web: Web, fetch: Fetch
):
    outcome = fetch(gone=web.url("/no.jpg?key=secret"))["gone"]

    assert outcome.detail == (
        f"127.0.0.1:{web.port}/no.jpg: got HTTP status 404; "
        "drop the row, or refresh the collection's list"
    )


def test_a_host_that_asks_for_rest_gets_it(web: Web, fetch: Fetch, jpeg: JpegMaker):
    good = web.answer(jpeg())
    limited = web.answer(status=429, Retry_After="1")
    web.serve("/seconds.jpg", limited, good)

    began_s = time.monotonic()
    outcome = fetch(aa=web.url("/seconds.jpg"))["aa"]

    assert outcome.status == "stored"
    assert 0.95 <= time.monotonic() - began_s < 5.0


def test_a_host_that_asks_for_too_much_rest_is_left_alone(
    web: Web, other_web: Web, fetch: Fetch, jpeg: JpegMaker
):
    date = formatdate(time.time() + 3600, usegmt=True)
    elsewhere = other_web.serve("/b.jpg", web.answer(jpeg()))
    web.serve("/1.jpg", web.answer(status=429, Retry_After=date))
    rows: dict[str, Any] = {f"row{n}": web.url("/1.jpg") for n in range(5)}

    outcomes = fetch(**rows, both=(web.url("/1.jpg"), elsewhere), under={"per_host": 1})

    assert web.asked == ["/1.jpg"]
    assert {outcomes[name].reason for name in rows} == {"rate_limited"}
    assert "of rest; retry after that" in str(outcomes["row4"].detail)
    assert outcomes["both"].address == elsewhere


def test_an_opt_out_is_the_end_of_a_row(
    web: Web, other_web: Web, fetch: Fetch, jpeg: JpegMaker
):
    refusing = web.answer(jpeg(), X_Robots_Tag="noarchive, NoAI")
    elsewhere = other_web.serve("/a.jpg", web.answer(jpeg()))

    outcome = fetch(aa=(web.serve("/a.jpg", refusing), elsewhere))["aa"]

    assert outcome.reason == "opted_out"
    assert web.asked == ["/a.jpg"]
    assert other_web.asked == []


def test_addresses_are_tried_in_their_order_until_one_gives(
    web: Web, fetch: Fetch, jpeg: JpegMaker
):
    good = web.serve("/3", web.answer(jpeg()))
    never = web.serve("/4", web.answer(jpeg(4)))

    outcome = fetch(aa=(web.url("/1"), "gopher://x/2", good, never))["aa"]

    assert web.asked == ["/1", "/3"]
    assert outcome.address == good


def test_a_row_that_may_still_pass_says_so_and_tells_of_every_address(
    web: Web, fetch: Fetch
):
    busy = web.serve("/busy", web.answer(status=503))

    outcomes = fetch(aa=(busy, web.url("/gone")), bb=())

    assert outcomes["aa"].reason == "server_error"
    assert "/busy: got HTTP status 503" in str(outcomes["aa"].detail)
    assert "/gone: got HTTP status 404" in str(outcomes["aa"].detail)
    assert outcomes["bb"].reason == "no_address"


def test_a_checksum_counts_at_the_original_address_only(
    web: Web, fetch: Fetch, jpeg: JpegMaker
):
    small = web.serve("/small.jpg", web.answer(jpeg(1, width=64)))
    original = web.serve("/original.jpg", web.answer(jpeg(1)))
    md5, stale = md5_of(jpeg(1)), md5_of(b"what it once was")
    gone = web.url("/gone.jpg")

    outcomes = fetch(
        Wanted("small", (small, original), md5),
        Wanted("right", (gone, original), md5),
        Wanted("wrong", (gone, original), stale),
    )

    assert outcomes["small"].address == small
    assert outcomes["right"].address == original
    assert outcomes["wrong"].reason == "checksum_mismatch"
    assert outcomes["wrong"].key is None


def test_a_host_where_nearly_all_fails_alike_is_left_alone(
    web: Web, other_web: Web, fetch: Fetch, jpeg: JpegMaker
):
    good = other_web.serve("/good", web.answer(jpeg()))
    rows: dict[str, Any] = {f"row{n:02d}": web.url(f"/{n}") for n in range(30)}
    rows["row29"] = (web.url("/29"), good)

    outcomes = fetch(**rows, under={"breaker_window": 8, "per_host": 1})

    reasons = [outcomes[name].reason for name in sorted(rows)]
    assert len(web.asked) == 8
    assert reasons == ["not_found"] * 8 + ["circuit_open"] * 21 + [None]
    assert "ended as not_found" in str(outcomes["row20"].detail)


def test_a_host_that_recovers_is_asked_again(web: Web, fetch: Fetch, jpeg: JpegMaker):
    good = web.answer(jpeg())
    rows: dict[str, Any] = {f"row{n}": web.url(f"/{n}") for n in range(4)}
    rows["row4"] = web.serve("/4", good)
    rows["row5"] = web.serve("/5", good)

    # With no pause the next row is the probe.
    outcomes = fetch(
        **rows, under={"breaker_window": 4, "breaker_pause_s": 0.0, "per_host": 1}
    )

    assert outcomes["row4"].status == outcomes["row5"].status == "stored"
