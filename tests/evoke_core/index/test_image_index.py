"""A real Milvus Lite file: built, verified, served, searched, held by one process."""

import subprocess
import sys
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from evoke_core.errors import IndexUnavailable, IndexUnreachable
from evoke_core.index.collection import LAYOUT, add_index, create
from evoke_core.index.filters import Filters
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


def test_every_field_is_stored_as_it_was_given(index):
    index.build("images_1", pictures(), VECTORS)
    row = index.client.query(
        "images_1", filter="image_id == 'i00'", output_fields=list(FIELDS)
    )[0]
    assert row["moods"] == ["calm", "wistful"]
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

    def insert(self, name, rows, **named):
        self._client.insert(name, self._change(rows), **named)


def test_a_wrong_count_is_refused(index):
    lossy = ImageIndex(Faulty(index.client, lambda rows: rows[:-1]))
    with pytest.raises(IndexUnavailable, match="29 of 30 pictures arrived"):
        lossy.build("images_1", pictures(), VECTORS)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda row: {"embedding": [-x for x in row["embedding"]]},
        lambda row: {"embedding": [x + 1e-4 for x in row["embedding"]]},
        lambda row: {"moods": ["calm"]},
        lambda row: {"licence": "CC0-1.0"},
        lambda row: {"energy": 0.25},
    ],
    ids=["turned", "blurred", "moods", "licence", "energy"],
)
def test_what_is_stored_otherwise_than_given_is_refused(index, wrong):
    altered = Faulty(index.client, lambda rows: [row | wrong(row) for row in rows])
    with pytest.raises(IndexUnavailable, match="30 of 30 sampled pictures are stored"):
        ImageIndex(altered).build("images_1", pictures(), VECTORS)


class Forgetful(Faulty):
    """A client that finds the nearest pictures last."""

    def search(self, name, *, data, limit, **named):
        found = self._client.search(name, data=data, limit=COUNT, **named)
        return [list(reversed(hits))[:limit] for hits in found]


def test_a_collection_that_finds_too_little_is_refused(index, monkeypatch):
    monkeypatch.setattr("evoke_core.index.verification._NEAREST", 10)
    with pytest.raises(IndexUnavailable, match=r"recall against exact search is 0\."):
        ImageIndex(Forgetful(index.client, list)).build("images_1", pictures(), VECTORS)


def test_a_graph_that_gives_up_early_on_a_filter_is_made_good_exactly(index):
    index.build("images_1", pictures(), VECTORS)

    class Hasty(Faulty):
        def search(self, name, **named):
            return [hits[:2] for hits in self._client.search(name, **named)]

    asked = {"top_k": 9, "filters": Filters(moods=("calm",))}
    queries = VECTORS[:3] * 5  # a cosine whatever the length
    found = ImageIndex(Hasty(index.client, list)).search("images_1", queries, **asked)
    for hits, exact in zip(
        found, index.search("images_1", queries, **asked), strict=True
    ):
        assert [hit.image_id for hit in hits] == [hit.image_id for hit in exact]
        scores = [hit.score for hit in hits]
        assert scores == pytest.approx([hit.score for hit in exact], abs=1e-5)


def test_an_approximate_index_that_misses_too_much_gives_way_to_an_exact_one(
    index, monkeypatch
):
    asked = []
    recalls = iter([0.5, 1.0])
    module = "evoke_core.index.image_index"
    monkeypatch.setattr(f"{module}.index_kinds", lambda count, lite: ("HNSW", "FLAT"))
    monkeypatch.setattr(f"{module}.recall_at_k", lambda *given: next(recalls))

    class Watched(Faulty):
        def create_index(self, name, parameters, **named):
            asked.append(next(iter(parameters)).index_type)
            self._client.create_index(name, parameters, **named)

    ImageIndex(Watched(index.client, list)).build("images_1", pictures(), VECTORS)

    assert asked == ["HNSW", "FLAT"]
    assert len(index.search("images_1", VECTORS[:1], top_k=20)[0]) == 20


def test_an_interrupted_build_is_made_again(index):
    create(index.client, "images_1", VECTORS.shape[1])
    index.build("images_1", pictures(), VECTORS)
    assert len(index.search("images_1", VECTORS[:1], top_k=40)[0]) == COUNT


@pytest.mark.parametrize("call", ["load_collection", "query", "search"])
def test_what_is_served_outlasts_a_build_that_a_slow_server_cut_short(
    index, monkeypatch, call
):
    index.build("images_1", pictures(), VECTORS)
    index.point("images_1")
    monkeypatch.setattr("time.sleep", lambda _: None)

    class Slow(Faulty):
        def __getattr__(self, name):
            asked = getattr(self._client, name)
            return partial(late, asked) if name == call else asked

    def late(asked, *args, **named):
        return asked(*args, **(named | {"timeout": -1.0}))  # due before it is asked

    with pytest.raises(IndexUnreachable):
        ImageIndex(Slow(index.client, list)).build("images_1", pictures(), VECTORS)
    assert len(index.search(ALIAS, VECTORS[:1], top_k=40)[0]) == COUNT


def test_texts_that_the_index_cant_hold_are_cut_at_a_whole_character(index):
    long = pictures(2).with_columns(
        attribution=pl.lit("\N{SNOWMAN}" * 30_000), licence=pl.lit(None, pl.String)
    )
    index.build("images_1", long, VECTORS[:2])
    row = index.client.query(
        "images_1", filter="image_id == 'i00'", output_fields=["*"]
    )
    assert row[0]["attribution"] == "\N{SNOWMAN}" * 21_845
    assert row[0]["licence"] == ""


def test_a_collection_that_somebody_elses_alias_points_at_stays(index):
    for name in ("images_1", "images_2", "images_3"):
        index.build(name, pictures(5), VECTORS[:5])
    index.client.create_alias(collection_name="images_1", alias="an_experiment")
    index.serve("images_3", keep=[])
    assert set(index.client.list_collections()) == {"images_1", "images_3"}
    index.client.drop_alias("an_experiment")


def test_pointing_moves_the_alias_and_drops_nothing(index):
    index.build("images_1", pictures(), VECTORS)
    index.build("images_2", pictures(5), VECTORS[:5])
    index.point("images_1")
    index.point("images_2")
    index.point("images_2")
    assert len(index.search(ALIAS, VECTORS[:1], top_k=20)[0]) == 5
    assert set(index.client.list_collections()) == {"images_1", "images_2"}


def test_what_the_alias_points_at_is_named(index):
    index.build("images_1", pictures(5), VECTORS[:5])
    assert index.served_collection() is None
    index.point("images_1")
    assert index.served_collection() == "images_1"


def test_an_empty_collection_is_named_with_the_remedy(index):
    create(index.client, "images_1", VECTORS.shape[1])
    add_index(index.client, "images_1", "FLAT")
    with pytest.raises(IndexUnavailable, match=r"'images_1' is empty.*publish_release"):
        index.require("images_1", VECTORS.shape[1])


def test_a_search_of_what_is_absent_is_one_message(index):
    with pytest.raises(IndexUnavailable, match="could not do what was asked") as said:
        index.search("images_9", VECTORS[:1], top_k=1)
    assert not isinstance(said.value, IndexUnreachable)
    assert "\n" not in str(said.value)


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


def test_the_first_alias_is_made_without_asking_for_one_that_is_absent():
    asked = []
    client = SimpleNamespace(
        list_aliases=lambda name="", **named: {"aliases": []},
        list_collections=lambda **named: [],
        alter_alias=lambda **named: asked.append("alter"),
        create_alias=lambda **named: asked.append("create"),
    )
    ImageIndex(client).serve("images_1", keep=[])
    assert asked == ["create"]


def test_a_name_holds_letters_and_digits_only():
    assert collection_name("ab-12/x;") == f"images_{LAYOUT}_ab12x"


def test_a_search_outlasts_a_server_that_hands_a_collection_over(index, monkeypatch):
    from pymilvus.exceptions import MilvusException

    index.build("images_1", pictures(), VECTORS)
    whole, failures = index.client.search, [2]

    def search(*args, **kwargs):
        if failures[0]:
            failures[0] -= 1
            raise MilvusException(message="failed to get delegator -1 for channel c")
        return whole(*args, **kwargs)

    monkeypatch.setattr(index.client, "search", search)
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert len(index.search("images_1", VECTORS[:1], top_k=3)[0]) == 3
    failures[0] = 9
    with pytest.raises(IndexUnreachable, match="went away in the middle"):
        index.search("images_1", VECTORS[:1], top_k=3)
