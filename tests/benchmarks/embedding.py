"""Thumbnails to vectors by full-size ViT-B/32: the engine against its own two halves.

Weights are random, which costs what trained ones cost. clip-retrieval runs in an
environment of its own, `clip_retrieval` below EVOKE_PEERS, and in turns with ours.

On a machine without an accelerator decoder and encoder share the cores, so that no
engine reaches the slower of the two alone; the share that it can reach at best is said
beside the row.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from evoke_core.config.profile import EncoderChoice
from evoke_core.corpus.decode import decode_picture, encode_jpeg
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.images.clip import ClipEncoder, open_clip_encoder
from evoke_core.images.engine import embed_by_batches, map_ahead, prepare_picture
from evoke_core.storage.local import LocalStore
from evoke_core.torch_extensions import mend_torch_extensions
from evoke_core.workers import count_cores
from tests.benchmarks.decode import photograph
from tests.benchmarks.row import Row, abba, absent, compare, failed, timed

_MODEL, _TAG = "ViT-B-32", "random"
_PICTURES = 256  # fewer, and the noise of the machine is wider than the bar
_PEER_PICTURES = 64
_ROUNDS = 2
_HALVES_ROUNDS = 4  # the bar is near the most that two cores allow
_PEER = "clip_retrieval"
_REMEDY = (
    "install clip-retrieval into a virtual environment named clip_retrieval and set "
    "EVOKE_PEERS to its parent folder"
)


def rows(pictures: int = _PICTURES, shared: int = _PEER_PICTURES) -> Iterator[Row]:
    """Time the engine, its halves, and clip-retrieval where it is installed.

    Args:
        pictures: For the engine against its halves.
        shared: For the engine against clip-retrieval, which takes its time.
    """
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights"
        _save_random_weights(weights / "open_clip" / f"{_MODEL}-{_TAG}.safetensors")
        choice = EncoderChoice(kind="open_clip", model=_MODEL, pretrained=_TAG)
        encoder = open_clip_encoder(choice, weights)
        store = LocalStore(Path(folder) / "store")
        names = _store_thumbnails(store, pictures)
        yield _against_halves(encoder, _ways(encoder, names, store), pictures)
        store = LocalStore(Path(folder) / "shared")
        names = _store_thumbnails(store, shared)

        def engine() -> object:
            return list(embed_by_batches(names, encoder, encoder.fingerprint, store))

        yield _against_clip_retrieval(engine, weights, store, shared)


def _against_halves(
    encoder: ClipEncoder, ways: list[Callable[[], object]], pictures: int
) -> Row:
    seconds: list[list[float]] = [[], [], []]
    for _ in range(_HALVES_ROUNDS):
        for which in (0, 1, 2, 2, 1, 0):
            seconds[which].append(timed(ways[which]))
    engine, decode, encode = seconds
    slower = max(decode, encode, key=statistics.median)
    said = _said(
        encoder, pictures, statistics.median(decode), statistics.median(encode)
    )
    return compare("pipeline_vs_encoder", engine, slower, said)


def _said(encoder: ClipEncoder, count: int, decode_s: float, encode_s: float) -> str:
    model = encoder.model
    text = (
        f"{count} thumbnails of 512 px, {_MODEL} random, {model.precision} on "
        f"{model.device}; alone decode {count / decode_s:.0f}/s, encode "
        f"{count / encode_s:.0f}/s"
    )
    if model.device == "cpu":
        shared = max(decode_s, encode_s) / (decode_s + encode_s)
        text += f"; they share {count_cores()} cores: {shared:.2f} is the most"
    return text


def _ways(
    encoder: ClipEncoder, names: list[str], store: LocalStore
) -> list[Callable[[], object]]:
    """Return the engine, its decoder alone and its encoder alone, all warm."""
    threads, ahead = count_cores(), 3 * encoder.batch

    def decode() -> list[object]:
        work = map_ahead(
            lambda name: prepare_picture(name, encoder, store),
            names,
            threads=threads,
            ahead=ahead,
        )
        return list(work)

    prepared = [prepare_picture(name, encoder, store) for name in names]

    def encode() -> object:
        size, lanes = encoder.batch, encoder.count_lanes()
        batches = [prepared[i : i + size] for i in range(0, len(prepared), size)]
        work = encoder.encode_prepared
        return list(map_ahead(work, batches, threads=lanes, ahead=lanes + 1))

    def engine() -> object:
        return list(embed_by_batches(names, encoder, encoder.fingerprint, store))

    ways: list[Callable[[], object]] = [engine, decode, encode]
    for way in ways:
        way()
    return ways


def _against_clip_retrieval(
    engine: Callable[[], object], weights: Path, store: LocalStore, pictures: int
) -> Row:
    name = "pipeline_vs_clip_retrieval"
    python = Path(os.environ.get("EVOKE_PEERS", "")) / _PEER / "bin" / "python"
    if "EVOKE_PEERS" not in os.environ or not python.is_file():
        return absent(name, [timed(engine)], _REMEDY)
    saved = weights / "open_clip" / f"{_MODEL}-{_TAG}.safetensors"
    said = f"the same {pictures} thumbnails and weights; the peer's loading left out"
    try:
        with _peer_process([str(python), str(saved), str(store.root)]) as run_peer:
            run_peer()  # the first run warms up
            return compare(name, *abba(engine, run_peer, rounds=_ROUNDS), said)
    except (OSError, RuntimeError) as wrong:
        return failed(name, f"clip-retrieval: {wrong}")


@contextmanager
def _peer_process(command: list[str]) -> Iterator[Callable[[], None]]:
    """Start the peer with its model loaded; a call runs it once over all pictures."""
    script = Path(__file__).with_name("clip_retrieval_peer.py")
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            [command[0], str(script), *command[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": str(count_cores())},
        ) as peer,
    ):

        def run_once() -> None:
            if peer.stdin is None or peer.stdout is None:
                raise RuntimeError("it has no pipes")
            peer.stdin.write("again\n")
            peer.stdin.flush()
            if not any(line == "done\n" for line in peer.stdout):
                complaints.seek(0)
                told = complaints.read().strip().splitlines()
                raise RuntimeError((told or ["no word"])[-1])

        try:
            yield run_once
        finally:
            peer.kill()


def _save_random_weights(path: Path) -> None:
    mend_torch_extensions()
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    state = open_clip.create_model(_MODEL).state_dict()
    path.parent.mkdir(parents=True)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)


def _store_thumbnails(store: LocalStore, count: int) -> list[str]:
    """Write one scene under many names; the content decides no speed here."""
    scene = decode_picture(photograph((1632, 1224))).rgb
    data = encode_jpeg(scene, longest_px=512)
    names = [f"{number:064x}" for number in range(count)]
    for name in names:
        store.write(thumbnail_key(name), data)
    return names


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(f"{row}\n")
