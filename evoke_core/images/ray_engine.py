"""Embed pictures on a Ray cluster: the local engine's work, an actor for each device.

Ray Data's `map_batches` hands batches of names to actors that open the encoder once.
What an actor does with a batch is the caller's function, the same as on one machine, so
the rows are the same; they come back in order. An actor that dies is started again and
its batch done again: a node that is lost costs time, not rows.

Not here: decoding, encoding, and what is embedded already (embed). The store has to be
one that every node reaches. Where the cluster is, Ray reads from RAY_ADDRESS; without
it one is started on this machine and stopped at the end.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import polars as pl

from evoke_core.errors import ConfigError, EvokeError

Work = Callable[[Sequence[str]], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Devices:
    """What the actors stand on.

    Args:
        count: Actors, one for each device.
        gpus: GPUs of each actor: 1, or 0 where there are none and nodes count instead.
    """

    count: int
    gpus: int


def map_on_devices(
    make_work: Callable[[], Work],
    batches: Sequence[Sequence[str]],
    *,
    fingerprint: str,
) -> Iterator[pl.DataFrame]:
    """Do the work on every batch, on all devices of the cluster.

    Args:
        make_work: Picklable; is called once on each actor and opens the encoder there.
        batches: Names; a batch is what a dead actor costs.
        fingerprint: Of the encoder here; rows of another one are refused, since nodes
            of different kinds may choose different precisions.

    Yields:
        The work's frames, in the order of batches.

    Raises:
        ConfigError: Ray is not installed, or a node's encoder is not the one here.
        EvokeError: The work raised one, on some node.
    """
    if not batches:
        return
    with _cluster() as ray:
        held: dict[int, bytes] = {}
        due = 0
        for done in _pipeline(ray, make_work, batches).iter_rows():
            if done["wrong"]:
                raise EvokeError(f"engine: ray: {done['wrong']}")
            held[done["position"]] = done["frame"]
            while due in held:
                frame = pl.read_ipc(io.BytesIO(held.pop(due)))
                yield _of_this_encoder(frame, fingerprint)
                due += 1


def count_devices(nodes: Sequence[dict[str, Any]]) -> Devices:
    """Count what actors may stand on: GPUs where there are any, else nodes.

    Args:
        nodes: As `ray.nodes()` lists them.
    """
    alive = [node.get("Resources", {}) for node in nodes if node.get("Alive")]
    gpus = sum(int(node.get("GPU", 0)) for node in alive)
    if gpus:
        return Devices(count=gpus, gpus=1)
    return Devices(count=max(1, sum(node.get("CPU", 0) >= 1 for node in alive)), gpus=0)


class _Worker:
    """An actor: opens the encoder once, then does batch after batch."""

    def __init__(self, make_work: Callable[[], Work]) -> None:
        self._work = make_work()

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        ((position, names),) = zip(batch["position"], batch["names"], strict=True)
        # Ray tells of an exception by its traceback alone; ours are said in one line.
        try:
            frame, wrong = _packed(self._work(list(names))), ""
        except EvokeError as refused:
            frame, wrong = b"", f"{type(refused).__name__}: {refused}"
        return {"position": [position], "frame": [frame], "wrong": [wrong]}


def _pipeline(
    ray: Any,  # noqa: ANN401 (a module; its types differ between versions)
    make_work: Callable[[], Work],
    batches: Sequence[Sequence[str]],
) -> Any:  # noqa: ANN401
    devices = count_devices(ray.nodes())
    items = [
        {"position": position, "names": list(names)}
        for position, names in enumerate(batches)
    ]
    # A block for each batch: what is done comes back at once, and little is redone.
    data = ray.data.from_items(items, override_num_blocks=len(items))
    data.context.enable_progress_bars = False
    return data.map_batches(
        _Worker,
        fn_constructor_args=(make_work,),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=min(devices.count, len(items))),
        num_cpus=1,
        num_gpus=devices.gpus,
        scheduling_strategy="SPREAD",
    )


@contextmanager
def _cluster() -> Iterator[Any]:
    """Give Ray, connected; what was started here is stopped here."""
    try:
        ray: Any = import_module("ray")
        import_module("ray.data")
    except ImportError as missing:
        raise ConfigError(
            "engine: ray: Ray is not installed; pip install 'evoke[ray]' on this "
            "machine and every node, or choose engine: local"
        ) from missing
    ours = not ray.is_initialized()
    if ours:
        ray.init(include_dashboard=False, log_to_driver=False)
    try:
        yield ray
    finally:
        if ours:
            ray.shutdown()


def _packed(frame: pl.DataFrame) -> bytes:
    # Polars' own form keeps every type; Ray's tables would widen some.
    buffer = io.BytesIO()
    frame.write_ipc(buffer)
    return buffer.getvalue()


def _of_this_encoder(frame: pl.DataFrame, fingerprint: str) -> pl.DataFrame:
    others = set(frame["fingerprint"].to_list()) - {fingerprint}
    if others:
        raise ConfigError(
            f"engine: ray: a node encodes as {min(others)}, this machine as "
            f"{fingerprint}; give all the same versions and set image_encoder.precision"
        )
    return frame
