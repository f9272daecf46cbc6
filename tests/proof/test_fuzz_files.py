"""Files that people bring or drop, spoiled: vectors, sidecars, links, verdicts."""

import io
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import strategies as st

from evoke_core.config.curated_library import load_curated_library
from evoke_core.config.loading import load_run_profile, load_sources, load_vocabulary
from evoke_core.drops.drop import drop_of
from evoke_core.errors import ConfigError, EvokeError, Refused
from evoke_core.precomputed import read_vector_file
from evoke_core.reviews.inbox import take_verdicts, waiting
from evoke_core.reviews.study import Trial, name_study, write_study
from evoke_core.serving.link import judge_address, read_link
from evoke_core.serving.sidecars import keep_lyrics, kept_lyrics, options_of
from evoke_core.storage.local import LocalStore
from evoke_core.workers import map_guarded
from tests.proof.fuzz import as_json, examples, hold, mutated, odd_json
from tests.proof.hostile_runs import bear_vectors

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OPTIONS = {
    "sliders": {"warmth": 0.5, "energy": -1},
    "size": 24,
    "filters": {"sources": ["wikiart"], "licences": ["CC0"], "moods": ["calm"]},
}
STUDY_VERDICT = {
    "schema": "evoke.verdict/1",
    "kind": "study",
    "study_id": "",
    "rater": {"name": "Ada", "background": "musician"},
    "saved_at": "2026-11-01T12:00:00Z",
    "answers": [
        {"trial": 1, "answer": "first", "heard_s": 3.5, "at": "2026-11-01T12:00:00Z"},
        {"trial": 2, "answer": "match", "heard_s": 3.5, "at": "2026-11-01T12:01:00Z"},
    ],
}
BOARD_VERDICT = {
    "schema": "evoke.verdict/1",
    "kind": "board",
    "board_id": "song-1",
    "rater": {"name": "", "background": "unstated"},
    "saved_at": "2026-11-01T12:00:00+02:00",
    "locked": ["p1"],
    "dropped": ["p2"],
}
LINKS = (
    b"https://example.org/song.mp3?key=1#x\n",
    b"[InternetShortcut]\r\nURL=https://example.org/a%20b.mp3\r\nIconIndex=0\r\n",
    "\ufeff[InternetShortcut]\nurl = https://exämple.org:8443/\n".encode("utf-16"),
    b"http://[::ffff:127.0.0.1]/x\nhttps://user:word@127.1:22/\n",
)
WORDS = (
    b"[ti: Song]\n[00:01.00]Hello <00:02.00> world\n", "été\nnuit\n".encode("cp1252"),
    "\ufeff\u0441\u043b\u043e\u0432\u0430\n".encode("utf-16"),
)  # fmt: skip


def parquet(frame: pl.DataFrame, **how: object) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, **how)
    return buffer.getvalue()


def npz(**arrays: object) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


VECTORS = np.eye(3, 4)
NAMES = ["a/1.jpg", "b/2.jpg", "c/3.jpg"]
FRAME = pl.DataFrame({"id": NAMES, "embedding": VECTORS.tolist()})
PARQUETS = (parquet(FRAME), parquet(FRAME, compression="uncompressed"))
ARCHIVES = (
    npz(id=np.array(NAMES), embedding=VECTORS),
    npz(path=np.array([n.encode() for n in NAMES]), embedding=VECTORS.astype("f2")),
)


@examples(100, 2000)
def test_npz_vectors_are_read_or_refused(tmp_path: Path, most: int) -> None:
    path = tmp_path / "v.npz"

    def read(raw: bytes) -> None:
        path.write_bytes(raw)
        bear_vectors(path)

    hold(read, mutated(ARCHIVES), most=most)


@examples(100, 2000)
def test_parquet_vectors_are_read_or_refused_or_cost_one_process(
    tmp_path: Path, most: int
) -> None:
    paths = [tmp_path / f"{number}.parquet" for number in range(50)]

    def bear(files: list[bytes]) -> None:
        for path, raw in zip(paths, files, strict=True):
            path.write_bytes(raw)
        told = map_guarded(bear_vectors, paths, timeout_s=20, lost=lambda _, why: why)
        assert {why for why in told if why} <= {"ended its process (-6)"}

    hold(bear, mutated(PARQUETS), most=most, batch=len(paths))


def test_one_wrong_byte_that_ends_its_reader_is_refused(tmp_path: Path) -> None:
    paths = [tmp_path / f"{place}.parquet" for place in range(40, 80)]
    for path in paths:
        raw = bytearray(PARQUETS[1])
        raw[int(path.stem)] ^= 1  # somewhere in the header of a page
        path.write_bytes(raw)
    told = map_guarded(bear_vectors, paths, timeout_s=20, lost=lambda _, why: why)
    lethal = [path for path, why in zip(paths, told, strict=True) if why]
    if not lethal:
        pytest.skip("this Polars bears every wrong byte")
    with pytest.raises(ConfigError, match="reading it ended its process"):
        read_vector_file(lethal[0])


ODD_ARRAYS = {
    "no rows": npz(id=np.array([]), embedding=np.empty((0, 4))),
    "one name": npz(id=np.array("abc"), embedding=VECTORS),
    "a table of names": npz(id=np.array([NAMES]), embedding=VECTORS),
    "complex": npz(id=np.array(NAMES), embedding=VECTORS * 1j),
    "text": npz(id=np.array(NAMES), embedding=VECTORS.astype(str)),
    "words": npz(id=np.array(NAMES), embedding=np.full((3, 4), "loud")),
    "dates": npz(id=np.array(NAMES), embedding=VECTORS.astype("M8[s]")),
    "records": npz(id=np.array(NAMES), embedding=np.zeros((3, 4), "f4,f4")),
    "a number": npz(id=np.array(NAMES), embedding=np.array(3.0)),
    "huge": npz(id=np.array(NAMES), embedding=VECTORS * 1e308),
    "tiny": npz(id=np.array(NAMES), embedding=VECTORS * 1e-320),
    "pickled": npz(id=np.array(NAMES, object), embedding=VECTORS),
    "numbers for names": npz(id=np.arange(3), embedding=VECTORS),
    "no such array": npz(names=np.array(NAMES), vectors=VECTORS),
    "an array alone": npy(VECTORS),
}


@pytest.mark.parametrize("odd", ODD_ARRAYS, ids=str)
def test_arrays_of_odd_kinds_are_read_or_refused(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "v.npz"
    path.write_bytes(ODD_ARRAYS[odd])
    bear_vectors(path)


def spoiled(document: object) -> st.SearchStrategy[bytes]:
    return mutated([as_json(document)]) | odd_json(document).map(as_json)


@examples(100, 2000)
def test_options_are_read_or_refused(tmp_path: Path, most: int) -> None:
    store, drop = LocalStore(tmp_path), drop_of("drops/set/song.mp3", "1")
    named: list[tuple[str, int]] = []

    def claim(raw: bytes) -> None:
        store.write("drops/set/song.json", raw)
        try:
            options = options_of(store, drop)
        except Refused as refusal:
            named.append((refusal.reason, len(str(refusal))))
            return
        assert all(abs(value) <= 1 for value in options.setting.values())
        assert options.size is None or 1 <= options.size <= 200

    hold(claim, spoiled(OPTIONS), most=most)
    assert {reason for reason, _ in named} == {"bad_options"}
    assert max(length for _, length in named) < 1000


@examples(60, 1000)
def test_words_are_kept_or_left_out(tmp_path: Path, most: int) -> None:
    store, drop = LocalStore(tmp_path), drop_of("drops/set/song.mp3", "1")

    def claim(raw: bytes) -> None:
        store.write("drops/set/song.lrc", raw)
        store.delete(f"lyrics/{drop.drop_id}.lrc")
        note, kept = keep_lyrics(store, drop), kept_lyrics(store, drop.drop_id)
        assert (note is None) == (kept is not None)

    hold(claim, mutated(WORDS), most=most)


@examples(100, 3000)
def test_a_link_leads_to_https_or_is_refused(most: int) -> None:
    lengths: list[int] = []

    def claim(raw: bytes) -> None:
        try:
            place = judge_address(read_link(raw))
        except Refused as refusal:
            lengths.append(len(str(refusal)))
            return
        assert place.url.scheme == "https"
        assert not place.url.userinfo

    hold(claim, mutated(LINKS), most=most)
    assert max(lengths) < 1000


@pytest.fixture
def reviewed(tmp_path: Path) -> LocalStore:
    """A store with a study of two trials and one board."""
    store = LocalStore(tmp_path)
    boards = ("song-1", "t", "0" * 64, "bridge")
    study = name_study(
        (Trial(1, *boards, ("p1",), ("p2",), "first"),
         Trial(2, *boards, ("p1",), (), None)),
        seed=1, rival="random",
    )  # fmt: skip
    write_study(store, study)
    document = {
        "track": {"track_id": "t", "sha256": "0" * 64},
        "candidates": [{"image_id": "p1"}, {"image_id": "p2"}],
    }
    store.write("boards/song-1/board.json", as_json(document))
    STUDY_VERDICT["study_id"] = study.study_id
    return store


@examples(120, 3000)
def test_a_verdict_is_taken_or_set_aside(reviewed: LocalStore, most: int) -> None:
    files = spoiled(STUDY_VERDICT) | spoiled(BOARD_VERDICT)

    def claim(raw: bytes) -> None:
        reviewed.write("reviews/inbox/a.json", raw)
        found = waiting(reviewed.listing("reviews/inbox/"), now_s=float("inf"))
        [taken] = take_verdicts(reviewed, found, now=NOW)
        assert (taken.reason is None) == (taken.message is None)
        assert not reviewed.exists("reviews/inbox/a.json")

    hold(claim, files, most=most)


@pytest.mark.parametrize("torn", [b"", b"{}", b"3", b"[" * 100_000, b'{"track": 1}'])
def test_a_verdict_on_a_torn_board_holds_up_no_other(
    reviewed: LocalStore, torn: bytes
) -> None:
    reviewed.write("boards/song-1/board.json", torn)
    reviewed.write("reviews/inbox/a.json", as_json(BOARD_VERDICT))
    reviewed.write("reviews/inbox/b.json", as_json(STUDY_VERDICT))
    found = waiting(reviewed.listing("reviews/inbox/"), now_s=float("inf"))
    taken = take_verdicts(reviewed, found, now=NOW)
    assert [each.reason for each in taken] == ["damaged_board", None]


@examples(60, 1500)
def test_configuration_is_read_or_named(
    assets_config: Path, tmp_path: Path, most: int
) -> None:
    good = {
        path.relative_to(assets_config).as_posix(): path.read_bytes()
        for path in assets_config.rglob("*.yaml")
        if "deploy" not in path.parts and path.stat().st_size < 20_000
    }
    for name, raw in good.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    for name in ("mood_vocabulary.yaml", "lexicon.yaml", "painters.yaml"):
        (tmp_path / name).write_bytes((assets_config / name).read_bytes())
    sources = load_sources(assets_config)
    lengths: list[int] = []

    def claim(chosen: tuple[str, bytes]) -> None:
        name, raw = chosen
        (tmp_path / name).write_bytes(raw)
        try:
            load_sources(tmp_path)
            load_run_profile(tmp_path, Path(name).stem)
            load_curated_library(tmp_path, sources)
        except EvokeError as wrong:
            lengths.append(len(str(wrong)))
        finally:
            (tmp_path / name).write_bytes(good[name])

    chosen = sorted(n for n in good if "/" in n or n in
                    ("sources.yaml", "curated_library.yaml"))  # fmt: skip
    one_of = st.sampled_from(chosen).flatmap(
        lambda name: st.tuples(st.just(name), mutated([good[name]]))
    )
    hold(claim, one_of, most=most)
    assert max(lengths) < 4000


ODD_YAML = {
    "a date that is none": "a: 2026-99-99",
    "a number that is none": "a: 0b_",
    "deep": "[" * 3000,
    "laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
        for before, name in pairwise("abcdefgh")
    ),
    "a key that is a list": "? [a, b]\n: c",
    "numbers for names": "1: 2",
    "another folder": "extends: ../x",
    "a parent that is a list": "extends: [a]",
    "a NUL": "extends: \"\\0\"",
    "nothing": "",
    "a control sign": "a: \x01",
    "a tag": "a: !!python/object/apply:os.system [true]",
    "two documents": "a: 1\n---\na: 2",
    "an anchor to itself": "&a [*a]",
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD_YAML, ids=str)
def test_odd_yaml_is_named(tmp_path: Path, odd: str) -> None:
    for name in (
        "sources.yaml", "painters.yaml", "curated_library.yaml",
        "mood_vocabulary.yaml", "lexicon.yaml", "profiles/x.yaml",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(ODD_YAML[odd])
    for load in (load_sources, load_vocabulary, lambda f: load_run_profile(f, "x"),
                 lambda f: load_curated_library(f, None)):  # fmt: skip
        with pytest.raises(EvokeError) as named:
            load(tmp_path)
        assert len(str(named.value)) < 4000
