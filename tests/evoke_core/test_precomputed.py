"""Vectors from a file are centred, and found by name or not at all."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evoke_core.errors import ConfigError
from evoke_core.precomputed import VectorFile, read_vector_file

IDS = ["images/oasis/beach-1.jpg", "images/photos/beach-1.jpg", "images/oasis/dog.jpg"]
RAW = np.array([[3.0, 1.0], [1.0, 3.0], [5.0, 5.0]], np.float32)
CENTRED = np.array([[0.0, -2.0], [-2.0, 0.0], [2.0, 2.0]])  # the mean is (3, 3)
UNIT = CENTRED / np.linalg.norm(CENTRED, axis=1, keepdims=True)


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    path = tmp_path / "vectors.npz"
    np.savez(path, path=np.array(IDS), embedding=RAW)
    return path


@pytest.fixture
def vectors(npz: Path) -> VectorFile:
    return read_vector_file(npz)


def test_the_mean_is_taken_off_and_lengths_are_one(vectors: VectorFile):
    assert vectors.ids == tuple(IDS)
    assert vectors.dimension == 2
    assert vectors.embedding.dtype == np.float32
    assert vectors.embedding == pytest.approx(UNIT)


def test_parquet_and_npz_say_the_same(vectors: VectorFile, tmp_path: Path):
    lists = tmp_path / "lists.parquet"
    arrays = tmp_path / "arrays.parquet"
    frame = pl.DataFrame({"id": IDS, "embedding": RAW.tolist(), "more": [1, 2, 3]})
    frame.write_parquet(lists)
    frame.with_columns(pl.col("embedding").list.to_array(2)).write_parquet(arrays)
    for path in (lists, arrays):
        read = read_vector_file(path)
        assert read.ids == vectors.ids
        assert (read.embedding == vectors.embedding).all()


def test_another_file_is_another_digest(vectors: VectorFile, tmp_path: Path):
    other = tmp_path / "other.npz"
    np.savez(other, path=np.array(IDS), embedding=RAW + 1)
    assert read_vector_file(other).digest != vectors.digest


def test_a_name_is_found_by_the_end_of_an_id_and_an_id_by_the_end_of_a_name(
    vectors: VectorFile,
):
    items = [
        ["images/oasis/dog.jpg"],
        ["oasis/dog.jpg"],
        ["photos/beach-1.jpg"],
        ["mine/images/oasis/beach-1.jpg"],
        ["images\\oasis\\dog.jpg"],
        ["./images/oasis/dog.jpg"],
    ]
    assert [vectors.rows_of([item])[0] for item in items] == [2, 2, 1, 0, 2, 2]


@pytest.mark.parametrize(
    "name",
    [
        "beach-1.jpg",  # two ids end so
        "og.jpg",  # an end, but not at a "/"
        "other/dog.jpg",  # neither is the end of the other
        "",
        "images",
    ],
)
def test_what_fits_no_id_or_several_is_not_found(vectors: VectorFile, name: str):
    assert vectors.rows_of([[name]]) == [None]


def test_the_first_name_that_is_found_counts_and_an_exact_one_before_an_end(
    vectors: VectorFile,
):
    names = ["unheard.jpg", "oasis/dog.jpg", "images/oasis/beach-1.jpg"]
    assert vectors.rows_of([names]) == [0]
    assert vectors.rows_of([names[:2]]) == [2]


def test_two_items_never_share_a_vector_that_only_their_ends_fit(vectors: VectorFile):
    assert vectors.rows_of([["a/images/oasis/dog.jpg"]]) == [2]
    both = [["a/images/oasis/dog.jpg"], ["b/images/oasis/dog.jpg"]]
    assert vectors.rows_of(both) == [None, None]
    assert vectors.rows_of([IDS[2:], *both]) == [2, None, None]


def test_rows_that_point_nowhere_are_left_out_and_counted(tmp_path: Path):
    path = tmp_path / "some.npz"
    raw = np.array([[1, 0], [0, 1], [0.5, 0.5], [np.nan, 0], [np.inf, 1]])
    np.savez(path, id=np.array(list("abcde")), embedding=raw)
    read = read_vector_file(path)
    assert read.ids == ("a", "b")  # c is the mean of the finite ones
    assert read.unusable == 3
    assert read.embedding == pytest.approx(np.array([[1, -1], [-1, 1]]) / 2**0.5)


def save(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (
            {"id": np.array(["a", "a"]), "embedding": RAW[:2]},
            "'a' stands there 2 times",
        ),
        (
            {"id": np.array(["a"]), "embedding": RAW},
            r"1 ids, embedding of shape \(3, 2",
        ),
        ({"id": np.array(["a", "b"]), "embedding": RAW[0]}, r"of shape \(2,\)"),
        ({"id": np.array([]), "embedding": RAW[:0]}, "0 ids"),
        (
            {"id": np.array(["a", "b"]), "embedding": RAW[[0, 0]]},
            "none of 2 can be used",
        ),
        ({"embedding": RAW}, "can't be read"),
        ({"id": np.array(IDS)}, "can't be read"),
        ({"id": np.array([None, 3], object), "embedding": RAW[:2]}, "can't be read"),
    ],
)
def test_a_file_of_another_form_is_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], said: str
):
    with pytest.raises(ConfigError, match=said):
        read_vector_file(save(tmp_path / "bad.npz", **arrays))


def test_vectors_of_unequal_length_are_refused(tmp_path: Path):
    path = tmp_path / "ragged.parquet"
    pl.DataFrame({"id": ["a", "b"], "embedding": [[1.0], [1.0, 2.0]]}).write_parquet(
        path
    )
    with pytest.raises(ConfigError, match="can't be read"):
        read_vector_file(path)


@pytest.mark.parametrize("name", ["cut.npz", "cut.parquet"])
def test_a_truncated_file_is_refused(tmp_path: Path, npz: Path, name: str):
    path = tmp_path / name
    if name.endswith("npz"):
        path.write_bytes(npz.read_bytes()[:-40])
    else:
        frame = pl.DataFrame({"id": IDS, "embedding": RAW.tolist()})
        frame.write_parquet(path)
        path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ConfigError, match=f"{name}: can't be read"):
        read_vector_file(path)


def test_a_missing_id_is_refused(tmp_path: Path):
    path = tmp_path / "some.parquet"
    pl.DataFrame({"id": ["a", None], "embedding": [[1.0], [2.0]]}).write_parquet(path)
    with pytest.raises(ConfigError, match="an id is missing"):
        read_vector_file(path)


def test_a_file_is_read_once_until_it_changes(npz: Path):
    first = read_vector_file(npz)
    assert read_vector_file(npz) is first
    np.savez(npz, path=np.array([*IDS, "more"]), embedding=np.eye(4, 2))
    assert len(read_vector_file(npz).ids) == 4


def test_a_missing_file_and_an_unknown_form_are_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"gone.npz: there is no such file"):
        read_vector_file(tmp_path / "gone.npz")
    (tmp_path / "vectors.csv").write_text("id,embedding\n")
    with pytest.raises(ConfigError, match=r"bring .parquet or .npz"):
        read_vector_file(tmp_path / "vectors.csv")
