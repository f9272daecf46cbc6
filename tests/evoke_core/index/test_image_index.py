"""A real Milvus Lite file: built, verified, served, searched, held by one process."""

import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from evoke_core.errors import IndexUnavailable
from evoke_core.index.image_index import (
    ALIAS,
    FIELDS,
    ImageIndex,
    collection_name,
    open_index,
)
from evoke_core.vectors import l2_normalize

COUNT = 30
VECTORS = l2_normalize(np.random.default_rng(0).normal(size=(COUNT, 8)))


def pictures(count=COUNT):
    words = dict.fromkeys(("source", "licence", "attribution"), ["a"] * count)
    measures = dict.fromkeys(
        ("energy", "warmth", "complexity", "abstraction"), [0.5] * count
    )
    return pl.DataFrame(
        {
            "image_id": [f"i{number:02d}" for number in range(count)],
            **words,
            **measures,
            "url": [None, *["https://example.org"] * (count - 1)],
            "width_px": [640] * count,
            "height_px": [480] * count,
            "moods": [["calm", "wistful"]] * count,
        },
        schema_overrides={"width_px": pl.Int32, "height_px": pl.Int32},
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return str(tmp_path_factory.mktemp("index") / "deep" / "milvus.db")


@pytest.fixture
def index(path):
    with open_index(path) as opened:
        yield opened
        for name in opened.client.list_collections():
            opened.client.drop_collection(name)


def test_the_nearest_pictures_come_first_with_their_cosine(index):
    index.build("images_1", pictures(), VECTORS)
    queries = VECTORS[[3, 7]]
    found = index.search("images_1", queries, top_k=4)
    for hits, exact in zip(found, queries @ VECTORS.T, strict=True):
        best = np.argsort(-exact)[:4]
        assert [hit.image_id for hit in hits] == [f"i{row:02d}" for row in best]
        assert [hit.score for hit in hits] == pytest.approx(exact[best], abs=1e-5)


def test_every_field_can_be_filtered_by(index):
    index.build("images_1", pictures(), VECTORS)
    row = index.client.query(
        "images_1", filter="image_id == 'i00'", output_fields=list(FIELDS)
    )[0]
    assert row["moods"] == "calm,wistful"
    assert row["url"] == ""
    assert (row["width_px"], row["energy"]) == (640, 0.5)


def test_a_new_collection_is_not_found_by_readers_until_it_is_served(index):
    index.build("images_1", pictures(), VECTORS)
    index.serve("images_1", keep=[])
    index.build("images_2", pictures(5), VECTORS[:5])
    assert len(index.search(ALIAS, VECTORS[:1], top_k=20)[0]) == 20
    index.serve("images_2", keep=["images_1"])
    assert len(index.search(ALIAS, VECTORS[:1], top_k=20)[0]) == 5


def test_serving_keeps_the_previous_collection_and_drops_older_ones(index):
    for name in ("images_0", "images_1", "not_ours"):
        index.build(name, pictures(5), VECTORS[:5])
    index.serve("images_1", keep=[])
    assert set(index.client.list_collections()) == {"images_1", "not_ours"}
    index.build("images_2", pictures(5), VECTORS[:5])
    index.build("images_3", pictures(5), VECTORS[:5])
    index.serve("images_3", keep=["images_2"])
    assert set(index.client.list_collections()) == {
        "images_2", "images_3", "not_ours",
    }  # fmt: skip
    index.serve("images_3", keep=["images_2"])  # once more changes nothing
    assert len(index.search(ALIAS, VECTORS[:1], top_k=20)[0]) == 5


def test_a_collection_of_the_same_name_is_replaced(index):
    index.build("images_1", pictures(), VECTORS)
    index.build("images_1", pictures(4), VECTORS[:4])
    assert len(index.search("images_1", VECTORS[:1], top_k=20)[0]) == 4


def test_an_absent_collection_is_named_with_the_remedy(index):
    with pytest.raises(IndexUnavailable, match=r"'images_9'.*publish_release"):
        index.require("images_9", 8)


def test_vectors_of_another_length_are_refused_before_any_search(index):
    index.build("images_1", pictures(), VECTORS)
    with pytest.raises(IndexUnavailable, match=r"asks with 512; run refresh_corpus"):
        index.require("images_1", 512)


def test_what_was_built_is_there_after_reopening(path):
    with open_index(path) as opened:
        opened.build("images_1", pictures(), VECTORS)
    with open_index(path) as opened:
        opened.require("images_1", VECTORS.shape[1])
        assert opened.search("images_1", VECTORS[:1], top_k=1)[0][0].image_id == "i00"
        opened.client.drop_collection("images_1")


class Faulty:
    """A client that passes everything on, but stores something else."""

    def __init__(self, client, change):
        self._client = client
        self._change = change

    def __getattr__(self, name):
        return getattr(self._client, name)

    def insert(self, name, rows):
        self._client.insert(name, self._change(rows))


def test_a_wrong_count_is_refused(index):
    lossy = ImageIndex(Faulty(index.client, lambda rows: rows[:-1]))
    with pytest.raises(IndexUnavailable, match="29 of 30 pictures arrived"):
        lossy.build("images_1", pictures(), VECTORS)


def test_wrong_vectors_are_refused(index):
    def turned(rows):
        return [{**row, "embedding": [-x for x in row["embedding"]]} for row in rows]

    with pytest.raises(IndexUnavailable, match=r"recall against exact search is 0\."):
        ImageIndex(Faulty(index.client, turned)).build("images_1", pictures(), VECTORS)


def test_a_file_that_another_process_holds_is_named_with_the_remedy(index, path):
    script = (
        "import sys\n"
        "from evoke_core.errors import IndexUnavailable\n"
        "from evoke_core.index.image_index import open_index\n"
        "try:\n"
        "    with open_index(sys.argv[1]): print('opened')\n"
        "except IndexUnavailable as held: print(held)\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", script, path],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert path in other.stdout
    assert "another process may hold it" in other.stdout
    assert "EVOKE_MILVUS_URI" in other.stdout


def test_closing_lets_another_process_in(path):
    with open_index(path) as opened:
        assert opened.client.list_collections() == []
    script = (
        "import sys\n"
        "from evoke_core.index.image_index import open_index\n"
        "with open_index(sys.argv[1]) as index:\n"
        "    print(index.client.list_collections())\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", script, path],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert other.stdout.strip() == "[]"


def test_a_fault_inside_the_batch_lets_go_of_the_file_too(path):
    @contextmanager
    def broken():
        with open_index(path) as opened:
            yield opened
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"), broken():
        pass
    with open_index(path) as opened:
        assert opened.client.list_collections() == []


def test_a_server_that_does_not_answer_is_named(monkeypatch):
    import pymilvus
    from pymilvus.exceptions import MilvusException

    def silent(uri):
        raise MilvusException(message="server unavailable")

    monkeypatch.setattr(pymilvus, "MilvusClient", silent)
    with (
        pytest.raises(IndexUnavailable, match=r"http://nowhere:9 .*unavailable"),
        open_index("http://nowhere:9"),
    ):
        pass


def test_the_first_alias_is_made_without_asking_for_one_that_is_absent():
    asked = []
    client = SimpleNamespace(
        list_aliases=lambda name="": {"aliases": []},
        list_collections=list,
        alter_alias=lambda **named: asked.append("alter"),
        create_alias=lambda **named: asked.append("create"),
    )
    ImageIndex(client).serve("images_1", keep=[])
    assert asked == ["create"]


def test_a_name_holds_letters_and_digits_only():
    assert collection_name("ab-12/x;") == "images_ab12x"
