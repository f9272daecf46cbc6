"""What a run must reach: the store, the index, a release, Dagster's daemon.

Each is asked once and briefly, so that one that is away costs a second or two. The one
thing written is a blob in the store, which is taken out again. Credentials are named,
never shown, and addresses are shown without them.
"""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dagster as dg

from evoke_core.config.profile import RunProfile
from evoke_core.errors import EvokeError, ReleaseMissing
from evoke_core.images.encoders import open_image_encoder
from evoke_core.index.connection import is_lite, open_client
from evoke_core.music.encoders import open_music_encoder
from evoke_core.release import Release, read_release
from evoke_core.storage.address import open_store
from evoke_core.storage.store import Store
from evoke_pipelines.environment import Environment
from evoke_pipelines.installed import Finding, existing

_AWS = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip
_PROBE = "doctor-probe"
_PATIENCE_S = 1.0  # for an answer from a server that is there
_STALE_S = 120.0  # a daemon beats every 30 s


def store(address: str) -> Finding:
    """Write a blob, read it and take it out again; see EVOKE_STORE."""
    return _guarded("store", lambda: _store(address))


def index(uri: str) -> Finding:
    """Ask a Milvus server for its version; a Lite file is not opened."""
    return _guarded("index", lambda: _index(uri))


def release(environment: Environment, profile: RunProfile) -> Finding:
    """Say what is served, and whether this profile's encoders made it."""
    return _guarded("release", lambda: _release(environment, profile))


def _guarded(about: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except EvokeError as wrong:
        said, _, remedy = str(wrong).partition("; ")
        return Finding(about, "missing", said, remedy)


def _store(address: str) -> Finding:
    store = open_store(address)
    shown = _public(store.uri)
    if "://" in address and urlsplit(address).scheme == "s3":
        return _bucket(store, shown)
    folder = Path(store.locate(_PROBE)).parent
    if not folder.exists():
        above = existing(folder)
        if not os.access(above, os.W_OK):
            remedy = f"make {above} writable, or set EVOKE_STORE"
            return Finding("store", "missing", f"{folder} can't be made", remedy)
        said = f"{folder} is not there yet; the first run makes it"
        return Finding("store", "note", said, "make demo")
    try:
        _write_and_delete(store)
    except OSError as wrong:
        said = f"{folder} can't be written ({wrong.strerror})"
        remedy = "mend its rights or its disk, or set EVOKE_STORE to another folder"
        return Finding("store", "missing", said, remedy)
    return Finding("store", "ok", f"{folder} is writable")


def _bucket(store: Any, shown: str) -> Finding:  # noqa: ANN401 (an S3Store)
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    once = Config(
        connect_timeout=_PATIENCE_S,
        read_timeout=3 * _PATIENCE_S,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    names = [name for name in _AWS if os.environ.get(name)]
    by = f"credentials: {', '.join(names) or 'none named in the environment'}"
    where = os.environ.get("AWS_ENDPOINT_URL", "")
    at = f"{shown}{' at ' + _public(where) if where else ''}"
    try:
        _write_and_delete(replace(store, client=boto3.client("s3", config=once)))
    except ClientError as refused:
        code = refused.response["Error"]["Code"]
        remedy = (
            f"make the bucket: aws s3 mb s3://{store.bucket}"
            if code == "NoSuchBucket"
            else "grant s3:ListBucket, GetObject, PutObject and DeleteObject on it"
        )
        return Finding("store", "missing", f"{at} answers {code} ({by})", remedy)
    except BotoCoreError as away:
        said = f"{at} can't be reached: {type(away).__name__} ({by})"
        remedy = "see EVOKE_STORE, AWS_ENDPOINT_URL, the region and the credentials"
        return Finding("store", "missing", said, remedy)
    return Finding("store", "ok", f"{at} is writable ({by})")


def _write_and_delete(store: Store) -> None:
    key = f"{_PROBE}-{os.getpid()}-{time.time_ns()}.txt"
    store.write(key, b"make doctor")
    store.read(key)
    store.delete(key)


def _index(uri: str) -> Finding:
    if is_lite(uri):
        said = "there" if Path(uri).exists() else "made by the first run"
        return Finding("index", "ok", f"Milvus Lite in {uri}, {said}")
    shown, parts = _public(uri), urlsplit(uri)
    remedy = "start it, or set EVOKE_MILVUS_URI to another or to a Lite file"
    try:
        with socket.create_connection(
            (parts.hostname or "", parts.port or 19530), timeout=_PATIENCE_S
        ):
            pass
    except OSError as away:
        said = f"no server at {shown} ({away.strerror or away})"
        return Finding("index", "missing", said, remedy)
    with open_client(uri) as client:
        answered = client.get_server_version(timeout=_PATIENCE_S)
    return Finding("index", "ok", f"Milvus {answered} at {shown}")


def _release(environment: Environment, profile: RunProfile) -> Finding:
    try:
        release = read_release(open_store(environment.store))
    except ReleaseMissing as none:
        said, _, remedy = str(none).partition("; ")
        return Finding("release", "note", said, remedy)
    said = f"{release.release_id}, {_age(release)} old, {release.pictures} pictures, "
    said += f"served by {release.kind}"
    try:
        open_now = (
            open_image_encoder(profile.image_encoder, environment.weights).fingerprint,
            open_music_encoder(profile.music_encoder, environment.weights).fingerprint,
        )
    except EvokeError:  # what is missing stands in a line of its own
        return Finding("release", "note", f"{said}; encoders can't be compared")
    if (release.image_encoder, release.music_encoder) == open_now:
        return Finding("release", "ok", f"{said}, by this profile's encoders")
    said += f"; made by {release.image_encoder} and {release.music_encoder}, "
    said += f"this profile has {' and '.join(open_now)}"
    remedy = "set the profile that it was made with, or run refresh_corpus"
    return Finding("release", "missing", said, remedy)


def _age(release: Release) -> str:
    made = datetime.fromisoformat(release.made_at)
    hours = (datetime.now(UTC) - made).total_seconds() / 3600
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


def daemon() -> Finding:
    """Say whether a daemon looks after the sensors, by its last beat."""
    home = os.environ.get("DAGSTER_HOME", "")
    if not home or not (Path(home) / "dagster.yaml").is_file():
        said = f"DAGSTER_HOME={home or '(not set)'} holds no dagster.yaml"
        return Finding("dagster", "note", said, "make dev makes it")
    try:
        with dg.DagsterInstance.get() as instance:
            beat = instance.get_daemon_heartbeats().get("SENSOR")
            tells = instance.telemetry_enabled
    except _storage_failures() as wrong:  # its text may hold a password
        said = f"its storage can't be opened ({type(wrong).__name__})"
        return Finding("dagster", "missing", said, f"see {home}/dagster.yaml")
    if tells:
        remedy = f"telemetry: {{enabled: false}} in {home}/dagster.yaml"
        return Finding("dagster", "missing", "telemetry is on", remedy)
    silent_s = time.time() - beat.timestamp if beat else float("inf")
    if silent_s < _STALE_S:
        said = f"a daemon looks after the sensors, seen {silent_s:.0f} s ago"
        return Finding("dagster", "ok", said)
    seen = f"seen {silent_s / 60:.0f} min ago" if beat else "never seen"
    said = f"no daemon looks after the sensors ({seen}): drops are not noticed"
    return Finding("dagster", "note", said, "make dev, or dagster-daemon run")


def _storage_failures() -> tuple[type[Exception], ...]:
    from dagster_shared.check import CheckError  # a plug-in that is not installed
    from sqlalchemy.exc import SQLAlchemyError

    failures = (dg.DagsterError, CheckError, SQLAlchemyError, ImportError, OSError)
    if find_spec("dagster_postgres") is None:
        return failures
    from dagster_postgres.utils import (  # type: ignore[import-not-found, unused-ignore]
        DagsterPostgresException,
    )

    return (*failures, DagsterPostgresException)


def _public(address: str) -> str:
    """Return an address without user, password and query."""
    parts = urlsplit(address)
    if not parts.scheme:
        return address
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
