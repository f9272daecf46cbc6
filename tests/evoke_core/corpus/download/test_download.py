"""Hosts side by side, resumption, an end at any moment: each wanted has its outcome."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from evoke_core.config.profile import DownloadRules
from evoke_core.corpus.download.download import download_pictures
from evoke_core.corpus.download.outcome import Outcome, Wanted
from evoke_core.storage.local import LocalStore

JpegMaker = Callable[..., bytes]
Fetch = Callable[..., dict[str, Outcome]]
Web = Any


def test_a_good_picture_is_stored_whole(
    web: Web, fetch: Fetch, store: LocalStore, jpeg: JpegMaker
):
    address = web.serve("/a.jpg?w=640", web.answer(jpeg()))

    outcome = fetch(abcdef=address)["abcdef"]

    key = "pictures/test/ab/abcdef"
    assert outcome == Outcome(
        "abcdef", "stored", address=address, key=key, size_bytes=len(jpeg())
    )
    assert store.read(key) == jpeg()
    assert "evoke (tests)" in web.heads[0]
    assert "Accept-Encoding: identity" in web.heads[0]


def test_what_is_there_is_not_asked_for_again(web: Web, fetch: Fetch, jpeg: JpegMaker):
    address = web.serve("/a.jpg", web.answer(jpeg()))
    first = fetch(abcdef=address)["abcdef"]

    second = fetch(abcdef=address, abcxyz=web.url("/none.jpg"))

    assert web.asked == ["/a.jpg", "/none.jpg"]
    assert second["abcdef"].status == "stored"
    assert second["abcdef"].size_bytes == first.size_bytes
    assert second["abcxyz"].reason == "not_found"


def test_a_host_sees_no_more_at_once_than_agreed(
    web: Web, fetch: Fetch, jpeg: JpegMaker
):
    good = web.answer(jpeg())

    def slowly(connection: socket.socket) -> None:
        time.sleep(0.02)
        connection.sendall(good)

    rows = {f"row{n}": web.serve(f"/{n}", slowly) for n in range(24)}

    outcomes = fetch(**rows, under={"per_host": 3})

    assert {o.status for o in outcomes.values()} == {"stored"}
    assert web.most_at_once == 3


def test_all_hosts_together_are_asked_no_more_than_agreed(
    web: Web, other_web: Web, fetch: Fetch, jpeg: JpegMaker
):
    under_way, most, lock = [0], [0], threading.Lock()

    def slowly(connection: socket.socket) -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        time.sleep(0.02)
        with lock:
            under_way[0] -= 1
        connection.sendall(web.answer(jpeg()))

    rows = {f"a{n}": web.serve(f"/{n}", slowly) for n in range(12)}
    rows |= {f"b{n}": other_web.serve(f"/{n}", slowly) for n in range(12)}

    fetch(**rows, under={"per_host": 3, "at_once": 4})

    assert most[0] == 4


def test_a_slow_host_holds_up_nobody_else(
    web: Web, other_web: Web, rules: DownloadRules, store: LocalStore, jpeg: JpegMaker
):
    web.serve("/slow", lambda _: time.sleep(0.5))
    other_web.serve("/fast", web.answer(jpeg()))
    slow = [Wanted(f"slow{n}", (web.url("/slow"),)) for n in range(6)]
    fast = [Wanted(f"fast{n}", (other_web.url("/fast"),)) for n in range(6)]
    hurried = rules.model_copy(update={"per_host": 2, "at_once": 4, "attempts": 1})

    done = [
        outcome.image_id
        for outcome in download_pictures(
            [*slow, *fast], hurried, store, folder="f", report=lambda *_: None
        )
    ]

    assert {name[:4] for name in done[:6]} == {"fast"}


def test_nothing_but_whole_pictures_is_left_when_we_are_stopped(
    web: Web, rules: DownloadRules, store: LocalStore, jpeg: JpegMaker, drip: Any
):
    pictures = {f"aa{n}": jpeg(n) for n in range(20)}
    for name, picture in pictures.items():
        web.serve(f"/{name}", web.answer(picture))
    web.serve("/drip", drip)
    wanted = [Wanted(name, (web.url(f"/{name}"),)) for name in pictures]
    wanted += [Wanted(f"ab{n}", (web.url("/drip"),)) for n in range(10)]
    patient = rules.model_copy(update={"total_s": 60.0})

    outcomes = download_pictures(
        wanted, patient, store, folder="f", report=lambda *_: None
    )
    first = next(outcomes)
    began_s = time.monotonic()
    outcomes.close()

    assert time.monotonic() - began_s < 5.0
    stored = {found.key: store.read(found.key) for found in store.listing("f/")}
    assert first.key in stored
    for key, data in stored.items():
        assert data == pictures[key.rpartition("/")[2]]
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith(("download", "store"))]


def test_a_store_that_fails_ends_the_download(
    web: Web, rules: DownloadRules, store: LocalStore, jpeg: JpegMaker
):
    address = web.serve("/a.jpg", web.answer(jpeg()))
    store.root.mkdir()
    (store.root / "f").write_bytes(b"a file where a folder should be")

    with pytest.raises((FileExistsError, NotADirectoryError)):
        list(
            download_pictures(
                [Wanted(f"aa{n}", (address,)) for n in range(30)],
                rules,
                store,
                folder="f/g",
                report=lambda *_: None,
            )
        )


def test_progress_is_told_up_to_the_end(
    web: Web, rules: DownloadRules, store: LocalStore
):
    told = []
    wanted = [Wanted(f"aa{n}", (web.url("/none"),)) for n in range(103)]

    for _ in download_pictures(
        wanted, rules, store, folder="f", report=lambda *seen: told.append(seen)
    ):
        pass

    assert told[-1] == (103, 103)
