"""The whole graph once, then boards for the songs that were named.

    python -m evoke_pipelines [SONG]

SONG is a file or a folder; without one, a piece of the synthesized library is dropped.
Pictures come from EVOKE_IMAGES or are painted. Everything lands in EVOKE_HOME.
"""

import json
import logging
import math
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import dagster as dg

from evoke_core.boards.shelf import read_board
from evoke_core.config.memory import TINY
from evoke_core.corpus.curation import count_by_status
from evoke_core.corpus.listed import storable
from evoke_core.corpus.manifest import build_manifest
from evoke_core.drops.drop import PREFIX, QUARANTINE, Drop, observe
from evoke_core.drops.tickets import write_ticket
from evoke_core.errors import ConfigError, EvokeError, SourceError
from evoke_core.images.encoders import open_image_encoder
from evoke_core.index.image_index import open_index
from evoke_core.memory.tiny import write_tiny_models
from evoke_core.music.encoders import open_music_encoder, require_licence
from evoke_core.music.library import songs_below
from evoke_core.storage.address import open_store
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_table
from evoke_pipelines import reachable
from evoke_pipelines.dead_runs import end_dead_runs, of_this_process
from evoke_pipelines.definitions import defs
from evoke_pipelines.environment import (
    CONFIG_FOLDER,
    Environment,
    read_configuration,
    read_environment,
)
from evoke_pipelines.partitions import AUDIO_DROPS_NAME, EVERY_SHARD, runs_over

_DEMO_PIECE = "nocturne"
_LYRICS = (".lrc", ".txt")  # as serving.sidecars reads them
_STEPS = {"refresh_corpus": EVERY_SHARD, "fit_bridge": {}, "publish_release": {}}
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def main(arguments: list[str]) -> int:
    """Run the demo; returns the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        return _run(Path(arguments[0]) if arguments else None)
    except EvokeError as wrong:
        _say(f"evoke: {wrong}")
        return 2


def _run(song: Path | None) -> int:
    started = time.monotonic()
    environment = read_environment()
    songs = list(_songs(song)) if song else []
    _require(environment)
    store = open_store(environment.store)
    with dg.DagsterInstance.get() as instance:
        end_dead_runs(instance)  # no daemon does, and their slots would be missed
        for name, tags in _STEPS.items():
            _run_job(name, instance, tags)
        _say(_pictures(store))
        wanted = _drop(songs, store) if song else _drop_demo_piece(store)
        _compose(wanted, store, instance)
        if _asks_for_images(environment):
            _remember(wanted, store, instance)
    finished = _report(wanted, store, time.monotonic() - started)
    return 0 if finished else 1


def _songs(song: Path) -> Iterator[tuple[Path, str]]:
    """Yield every song with its key below the folder that was named.

    Raises:
        SourceError: Nothing is there.
    """
    if song.is_file():
        yield song, song.name
        return
    found = songs_below(song)
    if not found:
        raise SourceError(
            f"SONG={song}: no song there; name an audio file or a folder of them"
        )
    for path in found:
        yield path, path.relative_to(song).as_posix()


def _require(environment: Environment) -> None:
    """Fail before any work on what can be known before it."""
    profile, sources = read_configuration(environment)
    open_image_encoder(profile.image_encoder, environment.weights)
    require_licence(
        open_music_encoder(profile.music_encoder, environment.weights), profile
    )
    if profile.memory == TINY:
        write_tiny_models(environment.weights)
    build_manifest(sources, profile.pictures, ())
    store = reachable.store(environment.store)
    if store.standing == "missing":  # a run would wait for it
        raise ConfigError(f"{store.said}; {store.remedy}")
    with open_index(environment.milvus):
        pass  # a locked index is reported now, not after the corpus


def _run_job(name: str, instance: dg.DagsterInstance, tags: Mapping[str, str]) -> None:
    started = time.monotonic()
    result = defs.resolve_job_def(name).execute_in_process(
        instance=instance,
        run_config=_QUIET,
        tags={**of_this_process(), **tags},
        raise_on_error=False,
    )
    if not result.success:
        raise EvokeError(_why(name, result))
    _say(f"  {name:<16} {time.monotonic() - started:6.1f} s")


def _why(name: str, result: dg.ExecuteInProcessResult) -> str:
    """Find the first step that failed and its innermost message."""
    for event in result.all_events:
        failure = event.step_failure_data if event.is_step_failure else None
        if failure is None or failure.error is None:
            continue
        error = failure.error
        while error.cause is not None:
            error = error.cause
        return f"{name}, {event.step_key}: {error.message.strip()}"
    checks = [c for c in result.get_asset_check_evaluations() if not c.passed]
    said = "; ".join(f"{check.check_name}: {check.description}" for check in checks)
    return f"{name}: {said or 'the run failed; make dev shows its log'}"


def _pictures(store: Store) -> str:
    """Say what became of the pictures that boards may show."""
    curated = read_table(store, "curated_images")
    counts = count_by_status(curated.filter(curated["served"]))
    said = ", ".join(f"{count} {status}" for status, count in counts.items())
    return f"  pictures: {said} (reasons in tables/curated_images)"


def _drop(songs: list[tuple[Path, str]], store: Store) -> list[Drop]:
    """Put songs into the drops folder; what is there with the same bytes stays."""
    for path, key in songs:
        data = path.read_bytes()
        try:
            same = store.read(PREFIX + key) == data
        except KeyError:
            same = False
        if not same:
            store.write(PREFIX + key, data)
        _drop_lyrics(path, key, store)
    return _dropped(store, {key for _, key in songs})


def _drop_lyrics(path: Path, key: str, store: Store) -> None:
    """Put the words that lie beside a song beside it in the drops folder, too."""
    for suffix in _LYRICS:
        beside = path.with_suffix(suffix)
        if beside.is_file():
            name = PurePosixPath(key).with_suffix(suffix)
            store.write(f"{PREFIX}{name}", beside.read_bytes())


def _drop_demo_piece(store: Store) -> list[Drop]:
    """Drop the first nocturne of the library under its title."""
    library = read_table(store, "track_manifest").sort("source_key")
    piece = library.filter(library["family"] == _DEMO_PIECE).row(0, named=True)
    found, key = piece["location"], f"{piece['title']}.flac"
    if not store.exists(PREFIX + key):
        store.write(PREFIX + key, store.read(found))
    return _dropped(store, {key})


def _dropped(store: Store, keys: set[str]) -> list[Drop]:
    # These are whole at once: they were put there in one step.
    seen = observe(store.listing(PREFIX), now_s=math.inf)
    return [drop for drop in seen if drop.source_key in keys]


def _compose(drops: list[Drop], store: Store, instance: dg.DagsterInstance) -> None:
    for drop in drops:
        write_ticket(store, drop, 0)
    known = set(instance.get_dynamic_partitions(AUDIO_DROPS_NAME))
    new = [drop.drop_id for drop in drops if drop.drop_id not in known]
    instance.add_dynamic_partitions(AUDIO_DROPS_NAME, new)
    config = {"ops": {"audio_drop_board": {"config": {"outdated_too": True}}}}
    _run_songs("compose_boards", [drop.drop_id for drop in drops], instance, config)


def _asks_for_images(environment: Environment) -> bool:
    return read_configuration(environment)[0].memory is not None


def _remember(drops: list[Drop], store: Store, instance: dg.DagsterInstance) -> None:
    """Draw an image for every song that has a board."""
    boards = [d.drop_id for d in drops if read_board(store, d.drop_id)]
    _run_songs("remember_songs", boards, instance, {})


def _run_songs(
    name: str,
    drop_ids: list[str],
    instance: dg.DagsterInstance,
    config: Mapping[str, object],
) -> None:
    """Run a job over these songs and no other; some may be refused."""
    started = time.monotonic()
    order = instance.get_dynamic_partitions(AUDIO_DROPS_NAME)
    for tags in runs_over(drop_ids, order):
        result = defs.resolve_job_def(name).execute_in_process(
            instance=instance,
            run_config={**_QUIET, **config},
            tags=of_this_process() | tags,
            raise_on_error=False,
        )
        if not result.success and not _only_refusals(result):
            raise EvokeError(_why(name, result))
    if drop_ids:
        _say(f"  {name:<16} {time.monotonic() - started:6.1f} s")


def _only_refusals(result: dg.ExecuteInProcessResult) -> bool:
    failures = [e.step_failure_data for e in result.all_events if e.is_step_failure]
    return all(f is not None and f.user_failure_data is not None for f in failures)


def _report(drops: list[Drop], store: Store, seconds: float) -> int:
    finished = [drop for drop in drops if read_board(store, drop.drop_id)]
    for drop in drops:
        if drop not in finished:
            _say(f"  refused: {drop.source_key}: {_refusal(store, drop)}")
    _say(f"{len(finished)} of {len(drops)} songs became boards in {seconds:.1f} s")
    if len(finished) == 1:
        _say(store.locate(f"boards/{finished[0].drop_id}/board.html"))
    if finished:
        _say(store.locate("boards/index.html"))
    return len(finished)


def _refusal(store: Store, drop: Drop) -> str:
    try:
        record = json.loads(store.read(f"{QUARANTINE}{drop.drop_id}.json"))
    except KeyError:
        return "no board and no record of why; make dev shows the run"
    return f"{record['message']} (now in {QUARANTINE})"


def _say(line: str) -> None:
    sys.stdout.write(storable(line) + "\n")
    sys.stdout.flush()


def prepare_dagster_home(environment: Environment) -> None:
    """Give Dagster its home with telemetry off, unless one is configured."""
    if os.environ.get("DAGSTER_HOME"):
        return
    home = environment.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(CONFIG_FOLDER / "deploy" / "dagster.yaml", home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
