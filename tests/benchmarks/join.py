"""The near-duplicate join against imagededup's and faiss's, each with one thread.

imagededup compares in the same way whatever the data, so its time for the whole table
is that of a stated sample of queries, scaled up; it is asked once, and its answer is
kept in EVOKE_HOME with its sample beside it. It lives in an environment of its own:
EVOKE_PEERS names the folder that holds `imagededup_env`.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from evoke_core.corpus.components import hamming_components
from evoke_core.corpus.hamming import Hashes, Rows, hamming_pairs
from evoke_pipelines.environment import read_environment
from tests.benchmarks.row import Row, abba, absent, compare, failed, timed

_RADIUS = 12  # of the profiles
_SAMPLE = 400  # of imagededup's queries; each takes some 30 ms
_PEER_LIMIT_S = 300
_ROUNDS = 2
_FLIPPED = 8  # bits at most between a planted copy and its original

_REMEDY = (
    "install imagededup==0.3.3.post2 into a virtual environment named imagededup_env "
    "and set EVOKE_PEERS to its parent folder"
)

# imagededup imports torchvision, which a torch without CUDA can't; two names mend it.
# What is timed is what `PHash().find_duplicates(encoding_map=...)` runs by default.
_IMAGEDEDUP = """
import json, sys, time, torch
library = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    library.define(name + "(Tensor a, Tensor b, float c) -> Tensor")
from imagededup.handlers.search.retrieval import HashEval
asked = json.load(sys.stdin)
table = {str(row): code for row, code in enumerate(asked["hashes"])}
queries = {str(row): table[str(row)] for row in asked["sample"]}
started = time.perf_counter()
found = HashEval(
    test=table, queries=queries, distance_function=None, verbose=False,
    threshold=asked["radius"], num_dist_workers=0,
).query_results_map
seconds = time.perf_counter() - started
pairs = [(int(one), int(two)) for one, near in found.items() for two, _ in near]
json.dump({"seconds": seconds, "pairs": pairs}, sys.stdout)
"""


def rows() -> Iterator[Row]:
    """Measure joins of 50,000 and 100,000 hashes, and clusters where many are equal."""
    hashes = balanced_hashes(100_000, seed=1)
    uniform = np.random.default_rng(2).integers(0, 2**64, 100_000, dtype=np.uint64)
    equal = hashes.copy()
    equal[:10_000] = equal[0]
    yield _against_imagededup("join_50k", hashes[-50_000:], 10)
    yield _against_faiss("join_100k", hashes, 10)
    yield _against_faiss("join_100k_r12", hashes, _RADIUS)
    yield _against_faiss("join_100k_even", uniform, _RADIUS)
    yield _clusters_against_faiss("join_equal", equal, _RADIUS)


def balanced_hashes(count: int, *, seed: int) -> Hashes:
    """Make hashes as a median makes them, 32 bits set; a tenth are near copies."""
    rng = np.random.default_rng(seed)
    order = np.argsort(rng.random((count, 64), np.float32), axis=1)
    hashes = np.packbits(order < 32, axis=1).view(np.uint64).ravel().copy()
    copies = hashes[: count // 10].copy()
    for _ in range(_FLIPPED):
        bit = rng.integers(0, 64, len(copies)).astype(np.uint64)
        copies ^= (np.uint64(1) << bit) * rng.integers(0, 2, len(copies), np.uint64)
    hashes[-len(copies) :] = copies
    return rng.permutation(hashes)


def _against_imagededup(name: str, hashes: Hashes, radius: int) -> Row:
    pairs = hamming_pairs(hashes, radius)
    ours = [timed(lambda: hamming_pairs(hashes, radius)) for _ in range(3)]
    sample = np.random.default_rng(3).choice(len(hashes), _SAMPLE, replace=False)
    try:
        answer = _imagededup(hashes, sample, radius)
    except (subprocess.SubprocessError, ValueError) as wrong:
        return failed(name, f"imagededup: {type(wrong).__name__}")
    if answer is None:
        return absent(name, ours, _REMEDY)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    expected = both[np.isin(both[:, 0], sample)]
    same = {*map(tuple, answer["pairs"])} == {*map(tuple, expected.tolist())}
    peer = answer["seconds"] * len(hashes) / _SAMPLE
    said = (
        f"radius {radius}, imagededup scaled up from {_SAMPLE} queries that took "
        f"{answer['seconds']:.1f} s on {answer['measured_at'][:10]}, "
        f"{_verdict(same=same)}"
    )
    return compare(name, ours, [peer], said, same=same)


def _against_faiss(name: str, hashes: Hashes, radius: int) -> Row:
    if find_spec("faiss") is None:
        return absent(name, [], "pip install faiss-cpu")
    with _one_thread():
        seconds = abba(
            lambda: hamming_pairs(hashes, radius),
            lambda: _range_search(hashes, radius),
            rounds=_ROUNDS,
        )
        limits, _, found = _range_search(hashes, radius)
    left = np.repeat(np.arange(len(hashes)), np.diff(limits.astype(np.int64)))
    pairs = np.stack([left, found.astype(np.int64)], axis=1)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    same = np.array_equal(pairs, hamming_pairs(hashes, radius))
    said = f"radius {radius}, one thread each, {_verdict(same=same)}"
    return compare(name, *seconds, said, same=same)


def _clusters_against_faiss(name: str, hashes: Hashes, radius: int) -> Row:
    if find_spec("faiss") is None:
        return absent(name, [], "pip install faiss-cpu")
    with _one_thread():
        seconds = abba(
            lambda: hamming_components(hashes, radius),
            lambda: _range_search(hashes, radius),
            rounds=_ROUNDS,
        )
    said = f"radius {radius}, clusters against faiss's bare hits, one thread each"
    return compare(name, *seconds, said)


@contextmanager
def _one_thread() -> Iterator[None]:
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _range_search(hashes: Hashes, radius: int) -> tuple[Rows, Rows, Rows]:
    import faiss

    codes = hashes.view(np.uint8).reshape(-1, 8)
    index = faiss.IndexBinaryFlat(64)
    index.add(codes)
    found: tuple[Rows, Rows, Rows] = index.range_search(codes, radius + 1)  # below it
    return found


def _imagededup(hashes: Hashes, sample: Rows, radius: int) -> dict[str, Any] | None:
    """Ask the peer, once for these hashes; None where it is absent."""
    python = Path(os.environ.get("EVOKE_PEERS", ""), "imagededup_env/bin/python")
    asked = {
        "hashes": [f"{code:016x}" for code in hashes.tolist()],
        "sample": sample.tolist(),
        "radius": radius,
    }
    question = json.dumps(asked)
    digest = hashlib.sha256((_IMAGEDEDUP + question).encode()).hexdigest()[:16]
    cache = read_environment().home / f"peer-imagededup-{digest}.json"
    if not cache.is_file():
        if "EVOKE_PEERS" not in os.environ or not python.is_file():
            return None
        done = subprocess.run(
            [python, "-c", _IMAGEDEDUP],
            input=question,
            capture_output=True,
            check=True,
            text=True,
            timeout=_PEER_LIMIT_S,
        )
        kept = json.loads(done.stdout) | {
            "peer": "imagededup",
            "queries": len(sample),
            "of_hashes": len(hashes),
            "radius": radius,
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps(kept))
    answer: dict[str, Any] = json.loads(cache.read_text())
    return answer


def _verdict(*, same: bool) -> str:
    return "the same pairs" if same else "OTHER PAIRS"
