"""What a song's stems and its vector cost at full size, with random weights.

    python -m tests.benchmarks.memory_audio [separate | listen | hop]
    python -m tests.benchmarks.memory_audio length [MINUTES...]

`separate`: HTDemucs as published, a segment's seconds and memory. `listen`: OpenL3,
a window's. `length`: the peak of memory over ten minutes and over an hour, or what is
asked for, all but the two networks. `hop`: how far the vector moves when windows come
every second instead of every 0.1 s, against how far songs lie apart; random narrow
weights over real clips, so that it says what sampling time does, not what trained
weights hear. Without a word all four run, each in a process of its own, since a peak
of memory never falls.
"""

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from evoke_core.memory.audio_vector import RunningMoments
from evoke_core.memory.demucs_model import save_demucs
from evoke_core.memory.openl3 import BATCH, OpenL3Encoder
from evoke_core.memory.openl3_features import SAMPLE_RATE
from evoke_core.memory.openl3_weights import (
    OpenL3Kind,
    random_weights,
    save_weights,
)
from evoke_core.memory.stem_files import StemFiles
from evoke_core.memory.stems import MODEL, OVERLAP, StemSeparator
from evoke_core.memory.stereo import as_stereo, decode_stereo
from evoke_core.music.decode import decode_audio
from evoke_core.vectors import Array
from evoke_core.weights import record_weights
from tests.evoke_core.memory.ears import window_count, write_ears
from tests.peak import peak_bytes

RATE = 44_100
SONG_S = 240
SEGMENT = Fraction(39, 5)  # seconds, HTDemucs' own
_CLIPS, _CLIP_S = 6, 20
_SEED = 11


def separate() -> None:
    """Print what stems cost, and what that makes for a song of SONG_S."""
    import torch
    from demucs.htdemucs import HTDemucs

    torch.manual_seed(_SEED)
    model = HTDemucs(
        ["drums", "bass", "other", "vocals"],
        bottom_channels=512,
        dconv_mode=3,
        segment=SEGMENT,
    )
    count = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        save_demucs(model, Path(folder) / "demucs" / MODEL)
        record_weights(Path(folder), "demucs", MODEL)
        separator = StemSeparator(Path(folder))
        stride_s = float(SEGMENT) * (1 - OVERLAP)
        sound = _noise(round(4 * stride_s * RATE))
        blocks = separator.separate(as_stereo(sound, RATE))
        next(blocks)
        wall, cpu = _seconds(lambda: [next(blocks) for _ in range(2)])
    wall, cpu = wall / 2, cpu / 2
    _print(f"HTDemucs, {count:.1f} M weights: a block of {stride_s:.2f} s", wall, cpu)
    _print(f"  a song of {SONG_S} s", *_scaled(wall, cpu, SONG_S / stride_s))
    _print_peak()


def listen() -> None:
    """Print what OpenL3 costs, and what that makes for four stems of SONG_S."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "openl3" / "full.safetensors"
        kind = OpenL3Kind("mel256", "music")
        save_weights(random_weights(seed=_SEED), file, kind)
        record_weights(Path(folder), "openl3", "full")
        encoder = OpenL3Encoder(Path(folder), "full")
        windows = np.stack([_noise(SAMPLE_RATE)[:, 0] for _ in range(BATCH)])
        encoder.encode_windows(windows)
        wall, cpu = _seconds(lambda: encoder.encode_windows(windows))
    wall, cpu = wall / BATCH, cpu / BATCH
    _print("OpenL3 mel256, 4.69 M weights: a window", wall, cpu)
    for hop_s in (0.1, 0.5, 1.0):
        count = 4 * window_count(SONG_S * SAMPLE_RATE, hop_s)
        name = f"  four stems of {SONG_S} s, hop {hop_s:g} s, {count} windows"
        _print(name, *_scaled(wall, cpu, count))
    _print_peak()


def length(*asked: str) -> None:
    """Print the peak of memory after ten minutes, then after an hour."""
    for minutes in map(int, asked or ("10", "60")):
        with tempfile.TemporaryDirectory() as folder:
            song = Path(folder) / "song.flac"
            _write_song(song, minutes)
            wall, cpu = _seconds(partial(_pass_through, song, Path(folder)))
        _print(f"{minutes} min stereo: decoded, cut, faded, four FLAC", wall, cpu)
        _print_peak()


def hop() -> None:
    """Print how far a hop of 1 s moves vectors, in units of songs' distances."""
    data = Path(os.environ.get("EVOKE_SHARED", "")) / "data"
    if "EVOKE_SHARED" not in os.environ or not (data / "music").is_dir():
        sys.stdout.write("no research collections; EVOKE_SHARED names their folder\n")
        return
    with (data / "music" / "music.csv").open(encoding="utf-8") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    chosen = np.random.default_rng(_SEED).choice(paths, _CLIPS, replace=False)
    sounds = [
        decode_audio(data / path, sample_rate=SAMPLE_RATE).samples
        for path in chosen.tolist()
    ]
    with tempfile.TemporaryDirectory() as folder:
        write_ears(Path(folder), "narrow", seed=_SEED)
        encoder = OpenL3Encoder(Path(folder), "narrow")
        heard = [encoder.encode(each[: _CLIP_S * SAMPLE_RATE]) for each in sounds]
    fine = np.stack([_summary(vectors) for vectors in heard])
    scale = fine.std(axis=0) + 1e-9
    apart = _distances(fine / scale)
    for every in (2, 5, 10):
        coarse = np.stack([_summary(vectors[::every]) for vectors in heard])
        moved = np.linalg.norm((coarse - fine) / scale, axis=1)
        share = float(np.median(moved)) / float(np.median(apart))
        near = [
            int(np.argmin(np.linalg.norm((fine - c) / scale, axis=1))) for c in coarse
        ]
        own = sum(found == own for own, found in enumerate(near))
        sys.stdout.write(
            f"hop {every / 10:g} s moves a vector by {share:.2f} of the median distance"
            f" of two songs (n {len(fine)}); {own} stay nearest to themselves\n"
        )


def main(arguments: list[str]) -> int:
    """Run one measurement, or each in a process of its own."""
    ways: dict[str, Callable[..., None]] = {
        "separate": separate,
        "listen": listen,
        "length": length,
        "hop": hop,
    }
    if arguments:
        ways[arguments[0]](*arguments[1:])
        return 0
    command = [sys.executable, "-m", "tests.benchmarks.memory_audio"]
    return max(subprocess.run([*command, way], check=False).returncode for way in ways)


def _pass_through(song: Path, folder: Path) -> None:
    """Do all but the two networks: each stem is a quarter of the mix."""
    (folder / "demucs").mkdir()
    (folder / "demucs" / "none.bin").write_bytes(b"none")
    separator = _Quarters(folder, "none")
    track = decode_stereo(song, sample_rate=RATE)
    with StemFiles(folder / "stems", RATE) as files:
        for block in separator.separate(track):
            files.take(block)


class _Quarters(StemSeparator):
    sample_rate = RATE
    _segment = int(SEGMENT * RATE)

    def _stems_of(self, track, start):
        sound = track.samples[start : start + self._segment]
        return np.stack([sound / 4] * 4)


def _write_song(path: Path, minutes: int) -> None:
    minute = _noise(60 * RATE)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16", format="FLAC") as file:
        for _ in range(minutes):
            file.write(minute)


def _summary(vectors: Array) -> Array:
    moments = RunningMoments(vectors.shape[1])
    moments.add(vectors)
    return np.concatenate([moments.mean, moments.deviation]).astype(np.float32)


def _distances(points: Array) -> Array:
    rows, columns = np.triu_indices(len(points), 1)
    return np.linalg.norm(points[rows] - points[columns], axis=1)


def _noise(samples: int) -> Array:
    rng = np.random.default_rng(_SEED)
    return rng.normal(0, 0.1, (samples, 2)).astype(np.float32)


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _scaled(wall: float, cpu: float, times: float) -> tuple[float, float]:
    return wall * times, cpu * times


def _print(name: str, wall: float, cpu: float) -> None:
    sys.stdout.write(f"{name:<66}{wall:9.2f} s {cpu:9.2f} CPU s\n")


def _print_peak() -> None:
    peak = peak_bytes() / 2**20
    sys.stdout.write(f"  peak of memory {peak:.0f} MiB\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
