"""What keeps the index from being reached is one message, and says if it may pass."""

import gc
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
from grpc._channel import Channel

from evoke_core.errors import IndexUnavailable, IndexUnreachable
from evoke_core.index.connection import open_client, reaching
from evoke_core.index.image_index import open_index

HOLDING = """
import sys
from evoke_core.index.image_index import open_index
with open_index(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def opening(path):
    with pytest.raises(IndexUnavailable) as refused, open_index(str(path)):
        pass
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    return refused.value


def test_a_file_that_another_process_holds_is_unreachable_for_now(
    tmp_path, caplog, capfd
):
    path = tmp_path / "milvus.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, path],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout.readline() == "held\n"
        refused = opening(path)
        other.stdin.close()
        assert other.wait(timeout=30) == 0
    assert isinstance(refused, IndexUnreachable)
    assert "another process may hold it" in str(refused)
    assert "EVOKE_MILVUS_URI" in str(refused)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_a_file_of_an_older_lite_is_named_with_the_remedy(tmp_path):
    path = tmp_path / "milvus.db"
    path.write_bytes(b"SQLite format 3\0" + bytes(84))
    refused = opening(path)
    assert not isinstance(refused, IndexUnreachable)
    assert "older Milvus Lite" in str(refused)
    assert "move it away and run publish_release" in str(refused)


def test_a_folder_that_cant_be_made_is_no_reason_to_wait(tmp_path):
    (tmp_path / "in_the_way").write_bytes(b"")
    refused = opening(tmp_path / "in_the_way" / "milvus.db")
    assert not isinstance(refused, IndexUnreachable)


def test_a_path_that_is_no_db_is_named_with_the_remedy(tmp_path):
    assert "ends in .db" in str(opening(tmp_path / "milvus"))


def test_a_server_that_is_not_there_is_unreachable_for_now(monkeypatch):
    monkeypatch.setattr("evoke_core.index.connection._HELLO_S", 0.5)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        uri = f"http://127.0.0.1:{closed.getsockname()[1]}"
        refused = opening(uri)
    assert isinstance(refused, IndexUnreachable)
    assert "start it, or name another" in str(refused)


@pytest.mark.parametrize(
    ("retriable", "answers", "passes"),
    [(False, False, True), (True, True, True), (False, True, False)],
    ids=["away", "busy", "refused"],
)
def test_what_may_pass_by_itself_is_told_apart(retriable, answers, passes):
    from pymilvus.exceptions import MilvusException

    def version(timeout):
        if not answers:
            raise MilvusException(message="nobody there")

    client = SimpleNamespace(get_server_version=version)
    with (
        pytest.raises(IndexUnavailable, match=r"^the index at http://a:1 .*\(no luck\)")
        as said,
        reaching(client, "http://a:1"),
    ):  # fmt: skip
        raise MilvusException(message="no luck\nTraceback", retriable=retriable)
    assert isinstance(said.value, IndexUnreachable) is passes


def test_an_answer_that_comes_too_late_may_come_another_time(tmp_path):
    with (
        open_client(str(tmp_path / "milvus.db")) as client,
        pytest.raises(IndexUnreachable, match=r"\(Deadline Exceeded\).*wait for it"),
        reaching(client, "it"),
    ):
        client.list_collections(timeout=-1.0)  # due before it was asked


@pytest.mark.parametrize(
    "said",
    [
        "wait for loading collection timeout, collection: images_1",
        "[query] Retry timeout: 60.0s, message=node offline",
        "failed to query: context deadline exceeded",
    ],
)
def test_a_wait_that_client_or_server_gave_up_may_end_another_time(said):
    from pymilvus.exceptions import MilvusException

    client = SimpleNamespace(get_server_version=lambda timeout: "2.6")
    with pytest.raises(IndexUnreachable), reaching(client, "http://a:1"):
        raise MilvusException(message=said)


def test_what_is_raised_for_other_reasons_is_left_alone():
    with pytest.raises(ZeroDivisionError), reaching(None, "http://a:1"):
        raise ZeroDivisionError


def test_a_file_that_closes_in_the_middle_is_reported(tmp_path):
    from milvus_lite.server_manager import server_manager_instance

    with open_client(str(tmp_path / "milvus.db")) as client:
        server_manager_instance.release_all()
        with (
            pytest.raises(IndexUnreachable, match="went away in the middle"),
            reaching(client, "it"),
        ):
            client.has_collection("images_1", timeout=1)


def test_a_collection_whose_making_was_killed_does_not_block_its_name(tmp_path):
    path = tmp_path / "milvus.db"
    with open_index(str(path)):
        pass
    (path / "collections" / "images_1").mkdir(parents=True)  # and no schema in it
    with open_index(str(path)) as opened:
        opened.client.create_collection("images_1", dimension=4)
        assert opened.has("images_1")
    with open_index(str(path)) as opened:  # a whole one stays
        assert opened.has("images_1")


def test_a_file_that_was_let_go_of_leaves_no_connection_behind(tmp_path):
    for _ in range(2):
        with open_index(str(tmp_path / "milvus.db")) as index:
            assert not index.has("evoke_images_absent")
    gc.collect()
    assert not [kept for kept in gc.get_objects() if type(kept) is Channel]
