"""How the index is reached: a client for a batch of work, and what failing means.

What is asked of it is not here. A failure that may pass by itself (a server that is
away or slow, a file that another process holds) is an IndexUnreachable, any other one
an IndexUnavailable. Milvus Lite takes one process per file, so it is let go of at once.
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evoke_core.errors import IndexUnavailable, IndexUnreachable

ANSWER_S = 60.0  # Lite can take 46 s to open a file whose process was killed
_HELLO_S = 5.0
# In small letters. What 2.3 answers for a moment, with the code of any other failure;
# then an answer that came too late, in the words of gRPC, server and client.
_SIGNS = (
    "failed to get delegator", "can not find client of node", "deadline", "timeout",
)  # fmt: skip


@contextmanager
def open_client(uri: str) -> Iterator[Any]:
    """Connect for a batch of work.

    Args:
        uri: `http(s)://host:port` of a Milvus server, or the path of a Lite file.

    Raises:
        IndexUnreachable: Another process holds the file, or no server answers.
        IndexUnavailable: The file is none of this version's.
    """
    _leave_messages_to_us()
    if is_lite(uri):
        with _open_lite(uri) as client:
            yield client
        return
    client = _connect_server(uri)
    try:
        yield client
    finally:
        client.close()


def is_lite(uri: str) -> bool:
    """Say whether an address is a file of Milvus Lite, not a server's."""
    return "://" not in uri


def shown(uri: str) -> str:
    """Return an address as people may see it: without user name and password."""
    scheme, parted, rest = uri.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if parted else uri


@contextmanager
def reaching(client: Any, uri: str) -> Iterator[None]:  # noqa: ANN401
    """Turn what the client raises into one clear message.

    Raises:
        IndexUnreachable: The server is away, too slow, or asks to come again later.
        IndexUnavailable: It answered, and could not do it.
    """
    from grpc import RpcError  # type: ignore[import-untyped]
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except (MilvusException, RpcError) as failed:
        where = f"the index at {shown(uri)}"
        if _passes(failed) or not _answers(client):
            raise IndexUnreachable(
                f"{where} went away in the middle ({_said(failed)}); start it again, "
                "or wait for it, and run the job once more"
            ) from failed
        raise IndexUnavailable(
            f"{where} could not do what was asked ({_said(failed)}); run the job "
            "publish_release to build the collection again"
        ) from failed


def _passes(failed: Exception) -> bool:
    """Say whether the server is only busy: what it holds is none the worse for it."""
    said = str(failed).casefold()
    return bool(getattr(failed, "retriable", False)) or any(
        sign in said for sign in _SIGNS
    )


def _connect_server(uri: str) -> Any:  # noqa: ANN401
    from grpc import RpcError
    from pymilvus import MilvusClient
    from pymilvus.exceptions import MilvusException

    try:
        client = MilvusClient(uri, timeout=_HELLO_S)
        # One that was connected before comes without asking whether it still is.
        client.get_server_version(timeout=_HELLO_S)
    except (MilvusException, RpcError, OSError, RuntimeError) as absent:
        raise IndexUnreachable(
            f"no Milvus server answers at {shown(uri)} ({_said(absent)}); start it, or "
            "name another or a Lite file in EVOKE_MILVUS_URI"
        ) from absent
    return client


@contextmanager
def _open_lite(path: str) -> Iterator[Any]:
    from pymilvus import MilvusClient
    from pymilvus.exceptions import MilvusException

    causes: list[BaseException] = []
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with _overhear("milvus_lite.server_manager", causes):
            # Each opening is a server of its own: shared, its connection would never
            # be used again nor closed.
            client = MilvusClient(path, dedicated=True)
    except (MilvusException, OSError, RuntimeError) as closed:
        raise _closed(path, causes[0] if causes else closed) from closed
    _clear_unfinished(Path(path))
    try:
        yield client
    finally:
        client.close()
        _release_lite()


def _clear_unfinished(opened: Path) -> None:
    """Remove what is left where a kill met the making of a collection.

    Lite makes a folder, then the schema in it; a folder without one is no collection,
    can't be dropped, and its name would be refused for ever. We hold the file's lock.
    """
    for folder in opened.glob("collections/*"):
        if folder.is_dir() and not (folder / "schema.json").exists():
            shutil.rmtree(folder)


def _closed(path: str, cause: BaseException) -> IndexUnavailable:
    """Say why a Lite file can't be opened."""
    from milvus_lite.exceptions import DataDirLockedError

    if isinstance(cause, DataDirLockedError):
        return IndexUnreachable(
            f"the index at {path} is open already: another process may hold it; wait "
            "for its run to end, or name a server in EVOKE_MILVUS_URI"
        )
    if Path(path).is_file():
        return IndexUnavailable(
            f"the index at {path} is a file of an older Milvus Lite, this one keeps a "
            "folder; move it away and run publish_release to build it again"
        )
    return IndexUnavailable(
        f"the index at {path} can't be opened ({_said(cause)}); name a path that ends "
        "in .db or a server in EVOKE_MILVUS_URI, or move a damaged one away and run "
        "publish_release"
    )


def _leave_messages_to_us() -> None:
    """Keep the libraries from logging a traceback of what is raised anyway."""
    import pymilvus  # noqa: F401 (it sets up its log when it is imported)

    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    # Lite answers one call of the client's with "not implemented", which grpc would
    # log although the client does without.
    logging.getLogger("grpc._server").setLevel(logging.CRITICAL)


def _answers(client: Any) -> bool:  # noqa: ANN401
    from grpc import RpcError
    from pymilvus.exceptions import MilvusException

    try:
        client.get_server_version(timeout=_HELLO_S)
    except (MilvusException, RpcError, ValueError):  # ValueError: a closed channel
        return False
    return True


def _said(failed: BaseException) -> str:
    """Return the first line of what the library says; gRPC's own is an empty frame."""
    details = getattr(failed, "details", None)
    said = getattr(failed, "message", "") or (details and details()) or failed
    text = str(said) or type(failed).__name__
    return text.splitlines()[0][:200]


def _release_lite() -> None:
    """Let go of the file's lock, which closing the client does not do."""
    from milvus_lite.server_manager import server_manager_instance

    server_manager_instance.release_all()


@contextmanager
def _overhear(name: str, causes: list[BaseException]) -> Iterator[None]:
    """Keep what a library logs instead of raising, and spare the log its traceback."""

    def keep(record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1]:
            causes.append(record.exc_info[1])
        return False

    logger = logging.getLogger(name)
    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)
