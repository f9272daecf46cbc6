"""A real Milvus server: published under running queries, rolled back, killed.

EVOKE_PEERS names a folder of environments; `milvus_env` in it holds `milvus==2.3.5`.
"""

import json
import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evoke_core.errors import IndexUnreachable
from evoke_core.index.filters import Filters
from evoke_core.index.image_index import ALIAS, open_index
from evoke_core.publish import roll_back_release
from evoke_core.release import Release, publish, read_release
from evoke_core.storage.local import LocalStore
from evoke_core.storage.tables import write_arrays
from evoke_core.vectors import l2_normalize

pytestmark = [pytest.mark.service, pytest.mark.slow]

COUNT, DIMENSION, QUERIES, THREADS, SWITCHES = 50_000, 64, 10_000, 8, 40
HOSTILE = ['a"b', "back\\slash", '"] or image_id != ""', "line\nbreak", "\N{SNOWMAN}"]
VECTORS = l2_normalize(np.random.default_rng(0).normal(size=(COUNT, DIMENSION)))

# The server's own child survives a polite end; stopping here waits a second, then
# kills it by its pid. The pipe also ends it where the tests themselves were killed.
SERVING = """
import json, sys
from milvus import MilvusServer
server = MilvusServer(wait_for_started=True)
server.set_base_dir(sys.argv[1])
server.start()
print(json.dumps([server.listen_port, server.server_proc.pid]), flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Address and pid of a standalone server of our own."""
    python = Path(os.environ.get("EVOKE_PEERS", ""), "milvus_env/bin/python")
    if "EVOKE_PEERS" not in os.environ or not python.is_file():
        pytest.skip(
            "no server: install milvus==2.3.5 and setuptools<81 into a virtual "
            "environment named milvus_env and set EVOKE_PEERS to its parent folder"
        )
    with subprocess.Popen(
        [python, "-c", SERVING, tmp_path_factory.mktemp("milvus")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as serving:  # fmt: skip
        port, pid = json.loads(serving.stdout.readline())
        yield f"http://127.0.0.1:{port}", pid
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        serving.kill()


@pytest.fixture
def index(server):
    with open_index(server[0]) as opened:
        yield opened


def pictures(letter, count):
    numbers = range(count)
    return pl.DataFrame(
        {
            "image_id": [f"{letter}{number:05d}" for number in numbers],
            "source": [HOSTILE[number % len(HOSTILE)] for number in numbers],
            "moods": [["calm", f"m{number % 500}"] for number in numbers],
        }
    ).with_columns(
        *(pl.lit("x").alias(name) for name in ("licence", "attribution", "url")),
        *(pl.lit(640).alias(name) for name in ("width_px", "height_px")),
        *(
            pl.lit(0.1).alias(name)
            for name in ("energy", "warmth", "complexity", "abstraction")
        ),
    )


def release_of(collection):
    return Release(
        collection=collection, projection="models/p.safetensors", kind="ridge",
        truth="planted", directions="models/d.safetensors", vocabulary="v",
        image_encoder="painter/1", music_encoder="listener/1", licence="MIT",
        pictures=COUNT, sources=("painted",), made_at="day 1", figures={},
    )  # fmt: skip


def test_the_alias_moves_under_running_queries_and_back(index, tmp_path):
    store = LocalStore(tmp_path / "store")
    axes = {"directions": np.eye(4, DIMENSION, dtype=np.float32)}
    for part in ("p", "d"):
        write_arrays(store, f"models/{part}.safetensors", axes, {"kind": "ridge"})
    for letter in "ab":
        index.build(f"images_{letter}", pictures(letter, COUNT), VECTORS)
        publish(store, release_of(f"images_{letter}"))
    index.serve("images_b", keep=["images_a"])

    def ask(number):
        row = number * 7919 % COUNT
        [hits] = index.search(ALIAS, VECTORS[[row]], top_k=10)
        letters = {hit.image_id[0] for hit in hits}
        return len(hits), len(letters), hits[0].image_id[1:] == f"{row:05d}", letters

    with ThreadPoolExecutor(THREADS) as threads:
        asked = threads.map(ask, range(QUERIES))
        for name in [f"images_{letter}" for letter in "ab"] * (SWITCHES // 2):
            index.point(name)
        assert read_release(store).collection == "images_b"
        assert roll_back_release(store, index).collection == "images_a"
        answers = list(asked)

    assert {answer[:3] for answer in answers} == {(10, 1, True)}
    assert set.union(*(answer[3] for answer in answers)) == {"a", "b"}
    # Which one the alias answers by now is the server's to know: see `point`.
    assert index.served_collection() == read_release(store).collection == "images_a"
    [hits] = index.search("images_a", VECTORS[:1], top_k=10)
    assert {hit.image_id[0] for hit in hits} == {"a"}


def test_a_large_collection_is_indexed_approximately_and_still_found(
    index, monkeypatch
):
    monkeypatch.setattr("evoke_core.index.collection._LARGE", 5000)
    index.build("images_c", pictures("c", 5000), VECTORS[:5000])
    index.require("images_c", DIMENSION)
    described = index.client.describe_index("images_c", "embedding")
    assert described["index_type"] == "HNSW"
    for filters, passing in (
        (Filters(moods=("m3",)), 10),
        (Filters(moods=("calm",)), 5000),
        (Filters(moods=("m1", "m2", "m3")), 30),
        (Filters((HOSTILE[2],), moods=("m2", "m7", "m3")), 20),
    ):
        for hits in index.search("images_c", VECTORS[:5], top_k=500, filters=filters):
            assert len({hit.image_id for hit in hits}) == min(500, passing)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_texts_filter_on_a_server_too(index, text):
    index.build("images_d", pictures("d", 50), VECTORS[:50])
    index.require("images_d", DIMENSION)
    asked = {"top_k": 50, "filters": Filters(sources=(text,))}
    [hits] = index.search("images_d", VECTORS[:1], **asked)
    numbers = [int(hit.image_id[1:]) for hit in hits]
    expected = [n for n, each in zip(range(50), cycle(HOSTILE), strict=False)
                if each == text]  # fmt: skip
    assert sorted(numbers) == expected


def test_a_server_that_is_killed_in_the_middle_is_unreachable_for_now(
    index, server, monkeypatch
):
    index.build("images_e", pictures("e", 50), VECTORS[:50])
    os.kill(server[1], signal.SIGKILL)
    monkeypatch.setattr("evoke_core.index.image_index.ANSWER_S", 2.0)
    monkeypatch.setattr("evoke_core.index.connection._HELLO_S", 2.0)
    with pytest.raises(IndexUnreachable, match="went away in the middle"):
        index.search("images_e", VECTORS[:1], top_k=1)
    with pytest.raises(IndexUnreachable, match="no Milvus server answers"):
        open_index(server[0]).__enter__()
