"""What every store promises, and how one is opened by its address."""

import os
from pathlib import Path
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.errors import ConfigError
from evoke_core.storage.address import open_store as open_by_address
from evoke_core.storage.local import LocalStore
from evoke_core.storage.s3 import S3Store
from evoke_core.storage.store import Store, checked_key, checked_prefix, digest

UNSAFE_KEYS = ("", "/", "/etc/passwd", "a//b", "a/", ".", "./a", "a/../b", "..", "a\0b")


@pytest.fixture(params=["local", "s3"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return LocalStore(tmp_path / "store")
    return request.getfixturevalue("s3_store")


def keys(store: Store, prefix: str) -> list[str]:
    return [found.key for found in store.listing(prefix)]


def test_what_is_written_is_read_back(any_store: Store):
    any_store.write("a/b.bin", b"\x00\xff first")
    any_store.write("a/b.bin", b"second")
    any_store.write("a/empty", b"")

    assert any_store.read("a/b.bin") == b"second"
    assert any_store.read("a/empty") == b""


def test_an_absent_blob_is_a_key_error(any_store: Store):
    any_store.write("song/take.mp3", b"x")

    for key in ("other", "song", "song/take.mp3/inside", "song/take"):
        with pytest.raises(KeyError, match=key):
            any_store.read(key)


def test_only_whole_keys_exist(any_store: Store):
    any_store.write("song/take.mp3", b"x")

    assert any_store.exists("song/take.mp3")
    for key in ("song", "song/take", "song/take.mp", "song/take.mp3/inside", "no"):
        assert not any_store.exists(key)


def test_deleting_what_is_not_there_does_nothing(any_store: Store):
    any_store.write("song/take.mp3", b"x")

    for key in ("no", "song", "song/take.mp3/inside"):
        any_store.delete(key)
    assert any_store.exists("song/take.mp3")

    any_store.delete("song/take.mp3")
    any_store.delete("song/take.mp3")
    assert not any_store.exists("song/take.mp3")


def test_listings_come_in_the_order_of_keys(any_store: Store):
    # "a-b" sorts before "a/b" though a walk of folders would meet "a" first.
    names = ["a/z", "a-b", "a/b/c", "B", "ä", "a", "zz/1", "zz/10", "zz/2"]
    names.remove("a")  # a file and a folder of one name: only S3 has both
    for name in names:
        any_store.write(name, b"x")

    assert keys(any_store, "") == sorted(names)
    assert keys(any_store, "a/") == ["a/b/c", "a/z"]
    assert keys(any_store, "zz/") == ["zz/1", "zz/10", "zz/2"]
    assert keys(any_store, "none/") == []


def test_a_listing_says_size_change_and_age(any_store: Store):
    any_store.write("one", b"12345")
    (before,) = any_store.listing("")
    any_store.write("one", b"1234567")
    (after,) = any_store.listing("")

    assert (before.size_bytes, after.size_bytes) == (5, 7)
    assert before.etag != after.etag
    assert after.modified_s == pytest.approx(before.modified_s, abs=60)
    assert (
        after.modified_s > 1.7e9
    )  # seconds since the epoch, not milliseconds or a date


@pytest.mark.parametrize("key", UNSAFE_KEYS)
def test_keys_that_could_leave_the_store_are_refused(any_store: Store, key: str):
    for use in (
        any_store.read,
        any_store.exists,
        any_store.delete,
        any_store.locate,
        lambda unsafe: any_store.write(unsafe, b"x"),
    ):
        with pytest.raises(ConfigError, match="no empty or dot segments"):
            use(key)


@pytest.mark.parametrize("prefix", ["/", "../", "a/../", "drops", "//"])
def test_prefixes_that_are_no_folder_are_refused(any_store: Store, prefix: str):
    with pytest.raises(ConfigError, match="store "):
        list(any_store.listing(prefix))


def test_its_own_address_opens_the_same_store(any_store: Store):
    any_store.write("a/b", b"x")

    again = open_by_address(any_store.uri)

    assert type(again) is type(any_store)
    assert again.read("a/b") == b"x"
    assert again.uri == any_store.uri


def test_an_address_for_people_names_the_key(any_store: Store):
    assert any_store.locate("boards/a/board.html").endswith("boards/a/board.html")


@pytest.mark.parametrize("name", ["plain", "with space", "50%20", "a#b", "q?x=1", "ü"])
def test_a_folder_of_any_name_can_be_a_store(tmp_path: Path, name: str):
    folder = tmp_path / name
    LocalStore(folder).write("key", b"x")

    assert open_by_address(str(folder)) == LocalStore(folder)
    assert open_by_address(folder.as_uri()).read("key") == b"x"


def test_a_relative_path_is_a_store_below_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    open_by_address("here").write("key", b"x")

    assert (tmp_path / "here" / "key").read_bytes() == b"x"


def test_an_s3_address_gives_bucket_and_prefix(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    opened = open_by_address("s3://bucket/a/b/")

    assert isinstance(opened, S3Store)
    assert (opened.bucket, opened.prefix) == ("bucket", "a/b")
    assert open_by_address("s3://bucket").uri == "s3://bucket"


@pytest.mark.parametrize(
    "uri", ["ftp://host/x", "file://store", "file://host/x", "s3://", "s3:///key"]
)
def test_an_address_of_another_kind_names_the_variable_and_the_remedy(uri: str):
    with pytest.raises(ConfigError, match=r"EVOKE_STORE: got .*s3://bucket/prefix"):
        open_by_address(uri)


@given(
    st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1), min_size=1)
)
def test_a_key_is_safe_or_refused(segments: list[str]):
    key = "/".join(segments)
    if {".", ".."} & set(segments):
        with pytest.raises(ConfigError):
            checked_key(key)
    else:
        assert checked_key(key) == key
        assert checked_prefix(f"{key}/") == f"{key}/"
        assert os.path.normpath(f"/root/{key}") == f"/root/{key}"


def test_equal_values_have_equal_digests():
    assert digest({"a": 1, "b": [2, "é"]}) == digest({"b": [2, "é"], "a": 1})
    assert digest(["a", "b"]) != digest(["ab", ""])
    assert digest(b"abc") == "ba7816bf8f01cfea"  # SHA-256 of "abc", FIPS 180


def test_a_file_name_that_is_no_utf8_has_a_digest():
    assert len(digest(["caf\udce9.mp3"])) == 16
    assert digest(["caf\udce9.mp3"]) != digest(["caf\udce8.mp3"])


def test_an_etag_is_what_a_listing_says_and_changes_with_the_content(any_store: Store):
    any_store.write("a/b.txt", b"one")
    any_store.write("a/b.txt.more", b"other")
    [first, _] = any_store.listing("a/")

    assert any_store.etag("a/b.txt") == first.etag
    assert any_store.etag("a/b") is None
    assert any_store.etag("a") is None

    any_store.write("a/b.txt", b"longer")

    assert any_store.etag("a/b.txt") != first.etag


ANY_NAMES = ("a+b c.mp3", "50%20&x=1.mp3", "ü/😀 𝄞.mp3", "e\u0301.mp3", "'\"<>.mp3")


@pytest.mark.parametrize("name", ANY_NAMES)
def test_any_name_comes_back_from_a_listing_as_it_was(any_store: Store, name: str):
    any_store.write(f"drops/{name}", b"x")
    (found,) = any_store.listing("drops/")

    assert found.key == f"drops/{name}"
    assert any_store.read_as(found.key, found.etag) == b"x"
    assert any_store.etag(found.key) == found.etag
    assert any_store.delete_as(found.key, found.etag)
    assert list(any_store.listing("drops/")) == []


def test_a_listing_begins_beyond_a_key(any_store: Store):
    names = ["a-b", "a/b/c", "a/z", "b", "c/d"]
    for name in names:
        any_store.write(f"drops/{name}", b"x")

    def beyond(after: str) -> list[str]:
        return [found.key[6:] for found in any_store.listing("drops/", after=after)]

    for row, name in enumerate(names):
        assert beyond(f"drops/{name}") == names[row + 1 :]
    assert beyond("drops/a/") == names[1:]
    assert beyond("drops/a/b/zzz") == names[2:]
    assert beyond("drops/0") == beyond("a") == names
    assert beyond("z") == []


def test_only_the_version_that_was_seen_is_read(any_store: Store):
    any_store.write("drops/a.mp3", b"first")
    (seen,) = any_store.listing("drops/")
    any_store.write("drops/a.mp3", b"second, longer")

    with pytest.raises(KeyError, match="drops"):
        any_store.read_as(seen.key, seen.etag)
    any_store.delete("drops/a.mp3")
    with pytest.raises(KeyError, match="drops"):
        any_store.read_as(seen.key, seen.etag)


def test_only_the_version_that_was_seen_is_deleted(any_store: Store):
    any_store.write("drops/a.mp3", b"first")
    (seen,) = any_store.listing("drops/")
    any_store.write("drops/a.mp3", b"second, longer")
    (now,) = any_store.listing("drops/")

    assert not any_store.delete_as(seen.key, seen.etag)
    assert any_store.read("drops/a.mp3") == b"second, longer"
    assert any_store.delete_as(now.key, now.etag)
    assert not any_store.delete_as(now.key, now.etag)
    assert not any_store.exists("drops/a.mp3")


def test_a_link_opens_what_it_names(any_store: Store):
    any_store.write("boards/a b+ü/board.html", b"<p>")

    link = any_store.link("boards/a b+ü/board.html", 60)

    with urlopen(link, timeout=10) as answer:
        assert answer.read() == b"<p>"


@pytest.mark.parametrize("key", ["drops/../a.mp3", "drops/./a.mp3", "..", ""])
def test_dot_segments_are_refused_even_of_what_was_listed(any_store: Store, key: str):
    for use in (
        lambda: any_store.read_as(key, "e"),
        lambda: any_store.delete_as(key, "e"),
        lambda: any_store.link(key, 60),
        lambda: any_store.tag(key, {"state": "done"}),
    ):
        with pytest.raises(ConfigError):
            use()
