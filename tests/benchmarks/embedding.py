"""Thumbnails to vectors by full-size ViT-B/32: the engine against its own two halves.

Weights are random, which costs what trained ones cost. On a machine without an
accelerator decoder and encoder share the cores, so that no engine reaches the slower of
the two alone; the share that it can reach at best is said beside the row.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from evoke_core.config.profile import EncoderChoice
from evoke_core.corpus.decode import decode_picture, encode_jpeg
from evoke_core.corpus.survey import thumbnail_key
from evoke_core.images.clip import ClipEncoder, open_clip_encoder
from evoke_core.images.engine import embed_by_batches, map_ahead, prepare_picture
from evoke_core.storage.local import LocalStore
from evoke_core.torch_extensions import mend_torch_extensions
from evoke_core.workers import count_cores
from tests.benchmarks.decode import _photograph
from tests.benchmarks.row import Row, at_least

_MODEL, _TAG = "ViT-B-32", "random"
_PICTURES = 64
_ROUNDS = 2
_PEER = "clip_retrieval"


def rows() -> list[Row]:
    """Time the engine, its halves, and clip-retrieval where it is installed."""
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights"
        _save_random_weights(weights / "open_clip" / f"{_MODEL}-{_TAG}.safetensors")
        choice = EncoderChoice(kind="open_clip", model=_MODEL, pretrained=_TAG)
        encoder = open_clip_encoder(choice, weights)
        store = LocalStore(Path(folder) / "store")
        names = _store_thumbnails(store)
        engine_s, decode_s, encode_s = _time_engine(encoder, names, store)
        said = _said(encoder, decode_s, encode_s)
        halves = at_least(
            "pipeline_vs_encoder", engine_s, max(decode_s, encode_s), 0.95, said
        )
        return [halves, *_against_clip_retrieval(engine_s, weights, store)]


def _said(encoder: ClipEncoder, decode_s: float, encode_s: float) -> str:
    model = encoder.model
    text = (
        f"{_PICTURES} thumbnails of 512 px, {_MODEL} random, {model.precision} on "
        f"{model.device}; alone decode {_PICTURES / decode_s:.0f}/s, encode "
        f"{_PICTURES / encode_s:.0f}/s"
    )
    if model.device == "cpu":
        shared = max(decode_s, encode_s) / (decode_s + encode_s)
        text += f"; they share {count_cores()} cores: {shared:.2f} is the most"
    return text


def _time_engine(
    encoder: ClipEncoder, names: list[str], store: LocalStore
) -> tuple[float, float, float]:
    """Return median seconds of engine, decoder alone and encoder alone."""
    threads, ahead = count_cores(), 3 * encoder.batch

    def decode() -> list[object]:
        work = map_ahead(
            lambda name: prepare_picture(name, encoder, store),
            names,
            threads=threads,
            ahead=ahead,
        )
        return list(work)

    prepared = [prepare_picture(name, encoder, store).shown for name in names]

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
    seconds: list[list[float]] = [[], [], []]
    for _ in range(_ROUNDS):
        for which in (0, 1, 2, 2, 1, 0):
            started = time.perf_counter()
            ways[which]()
            seconds[which].append(time.perf_counter() - started)
    engine_s, decode_s, encode_s = map(statistics.median, seconds)
    return engine_s, decode_s, encode_s


def _against_clip_retrieval(
    engine_s: float, weights: Path, store: LocalStore
) -> list[Row]:
    python = Path(os.environ.get("EVOKE_PEERS", "")) / _PEER / "bin" / "python"
    if "EVOKE_PEERS" not in os.environ or not python.is_file():
        sys.stderr.write("pipeline_vs_clip_retrieval: peer absent (EVOKE_PEERS)\n")
        return []
    script = Path(__file__).with_name("clip_retrieval_peer.py")
    found = subprocess.run(
        [
            str(python),
            str(script),
            str(weights / "open_clip" / f"{_MODEL}-{_TAG}.safetensors"),
            str(store.root),
        ],
        capture_output=True,
        check=False,
        text=True,
        timeout=600,
        env={**os.environ, "OMP_NUM_THREADS": str(count_cores())},
    )
    if found.returncode:
        sys.stderr.write(
            "pipeline_vs_clip_retrieval: peer failed: "
            f"{(found.stderr.strip().splitlines() or ['no word'])[-1]}\n"
        )
        return []
    peer_s = float(json.loads(found.stdout.strip().splitlines()[-1])["seconds"])
    said = f"the same {_PICTURES} thumbnails and weights; the peer's loading left out"
    return [at_least("pipeline_vs_clip_retrieval", engine_s, peer_s, 1.2, said)]


def _save_random_weights(path: Path) -> None:
    mend_torch_extensions()
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    state = open_clip.create_model(_MODEL).state_dict()
    path.parent.mkdir(parents=True)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)


def _store_thumbnails(store: LocalStore) -> list[str]:
    """Write one scene under many names; the content decides no speed here."""
    scene = decode_picture(_photograph((1632, 1224))).rgb
    data = encode_jpeg(scene, longest_px=512)
    names = [f"{number:064x}" for number in range(_PICTURES)]
    for name in names:
        store.write(thumbnail_key(name), data)
    return names


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(f"{row}\n")
