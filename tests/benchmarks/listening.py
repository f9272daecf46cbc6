"""Listening to an hour in the memory of ten minutes; full-size MuQ on four minutes.

    python -m tests.benchmarks.listening [table [SECONDS]]

`table` prints what was tried to make MuQ faster on SECONDS of sound, each way against
the library's float32. Every measurement has a process of its own, since a peak of
memory never falls.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from evoke_core.music.precision import stated_sound
from evoke_core.precision import agreement
from tests.benchmarks.row import Row, compare
from tests.peak import peak_bytes

RATE = 44_100
MUQ_RATE = 24_000
_SONG_S = 240
BAR_S = 30.0
OF_THE_TABLE = ("library", "folded", "bf16", "int8")
_WINDOW_S = 10
_SOUND_S = 60
_EXPECTED = "library.npy"


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to run MuQ; the first is the library as it comes."""

    precision: str = "library"
    block_s: int = _WINDOW_S
    batch: int = 4
    channels_last: bool = False
    processes: int = 1  # that share the cores, each with a model


_WAYS = {
    "library": _Way(),
    "library-30s": _Way(block_s=30),
    "folded": _Way("fp32"),
    "channels-last": _Way("fp32", channels_last=True),
    "bf16": _Way("bf16"),
    "bf16-30s": _Way("bf16", block_s=30),
    "bf16-batch-1": _Way("bf16", batch=1),
    "bf16-batch-2": _Way("bf16", batch=2),
    "bf16-batch-8": _Way("bf16", batch=8),
    "bf16-process-each": _Way("bf16", processes=2),
    "int8": _Way("int8"),
    "int8-30s": _Way("int8", block_s=30),
    "int8-batch-1": _Way("int8", batch=1),
    "int8-batch-2": _Way("int8", batch=2),
    "int8-batch-8": _Way("int8", batch=8),
    "int8-process-each": _Way("int8", processes=2),
}


def rows(lengths_min: tuple[int, int] = (10, 60)) -> Iterator[Row]:
    """Measure memory over length."""
    short, long = lengths_min
    peaks: dict[int, list[float]] = {short: [], long: []}
    with tempfile.TemporaryDirectory() as folder:
        for minutes in peaks:
            write_song(Path(folder, f"{minutes}.ogg"), minutes)
        for minutes in (long, short, short, long):
            found = _in_process("listen", str(Path(folder, f"{minutes}.ogg")))
            peaks[minutes].append(found["peak_mib"])
    said = f"a whole process that listens to {long} or to {short} minutes of Ogg"
    yield compare("rss_60min", peaks[long], peaks[short], said)


def table(
    names: tuple[str, ...] = tuple(_WAYS), *, sound_s: int = _SOUND_S
) -> list[dict[str, Any]]:
    """Try ways towards a faster MuQ; cosines are with the first, the library.

    Args:
        names: The library and any others.
        sound_s: A multiple of 30; a song's seconds are scaled from it.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for name in names:
            each = _in_processes(name, str(sound_s), folder)
            found.append(each)
            sys.stderr.write(json.dumps(each) + "\n")
        return found


def muq_rows(measured: list[dict[str, Any]]) -> Iterator[Row]:
    """Hold what `precision: auto` takes here, and int8, against the bar.

    Args:
        measured: What `table` gave for OF_THE_TABLE, once or more.
    """
    safe = fastest_safe(measured)
    yield compare("muq_4min", _song_s(safe), [BAR_S], _said(safe[0]))
    int8 = [found for found in measured if found["way"] == "int8"]
    alike = _is_alike(int8[0], 0.99)
    yield compare("muq_4min_int8", _song_s(int8), [BAR_S], _said(int8[0]), same=alike)


def fastest_safe(measured: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the measurements of bf16 where it is safe and faster, else of float32."""
    ways = [
        [found for found in measured if found["way"] == name]
        for name in ("folded", "bf16")
    ]
    safe = [ways[0], *([ways[1]] if _is_alike(ways[1][0], 0.999) else [])]
    return min(safe, key=lambda found: statistics.median(_song_s(found)))


def _song_s(measured: list[dict[str, Any]]) -> list[float]:
    """Take processor seconds, which other work shifts less, as two cores' seconds."""
    return [found["song_cpu_s"] / 2 for found in measured]


def _is_alike(found: dict[str, Any], least: float) -> bool:
    return bool(min(found["cosine"], found["centred_cosine"]) >= least)


def _said(found: dict[str, Any]) -> str:
    return (
        f"two cores' seconds for {_SONG_S} s of sound, from {found['of_s']} s, "
        f"full size, random weights, {found['way']} (lowest cosine {found['cosine']}, "
        f"about the mean {found['centred_cosine']}); peak {found['peak_mib']:.0f} MiB"
    )


def _in_processes(name: str, *arguments: str) -> dict[str, Any]:
    """Run one way in all its processes at once, each on its share of the cores."""
    count = _WAYS[name].processes
    command = [sys.executable, "-m", "tests.benchmarks.listening", "muq", name]
    environment = dict(os.environ)
    if count > 1:
        environment["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // count))
    started = [
        subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(count)
    ]
    found = []
    for process in started:
        said, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{name} ended with {process.returncode}")
        found.append(json.loads(said.splitlines()[-1]))
    # Each encoded the whole sound: together they did it count times.
    wall_s = max(each["song_wall_s"] for each in found) / count
    cpu_s = sum(each["song_cpu_s"] for each in found) / count
    peak_mib = sum(each["peak_mib"] for each in found)
    return {
        **found[0],
        "song_wall_s": round(wall_s, 1),
        "song_cpu_s": round(cpu_s, 1),
        "peak_mib": peak_mib,
    }


def _in_process(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.listening", *arguments],
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def write_song(path: Path, minutes: int) -> None:
    """Write stereo chords that change every ten seconds, over a beat."""
    rng = np.random.default_rng(minutes)
    with soundfile.SoundFile(path, "w", RATE, 2, format="OGG") as file:
        for start_s in range(0, minutes * 60, 10):
            notes = 110 * 2 ** (rng.integers(0, 36, 4) / 12)
            for second in range(start_s, start_s + 10):
                time_s = second + np.arange(RATE) / RATE
                chord = np.sin(2 * np.pi * notes[:, None] * time_s).mean(axis=0)
                beat = 0.6 + 0.4 * np.sign(np.sin(4 * np.pi * time_s))
                noise = rng.normal(0, 0.005, RATE)
                wave = (0.5 * chord * beat + noise).astype(np.float32)
                file.write(np.stack([wave, wave], axis=1))


def _listen(path: Path) -> dict[str, float]:
    from evoke_core.config.profile import AudioRules
    from evoke_core.music.handcrafted import HandcraftedMusicEncoder
    from evoke_core.music.listen import listen

    rules = AudioRules(min_s=3, max_s=5400)
    listen(path, HandcraftedMusicEncoder(), rules)
    return {"peak_mib": _peak_mib()}


def full_size() -> Any:
    """Build MuQ-large with random weights, 329 M parameters."""
    from evoke_core.torch_extensions import mend_torch_extensions

    mend_torch_extensions()
    import torch
    from muq import MuQ, MuQConfig
    from transformers import Wav2Vec2ConformerConfig

    layers = Wav2Vec2ConformerConfig(
        hidden_size=1024,
        num_hidden_layers=12,
        num_attention_heads=16,
        intermediate_size=4096,
        hidden_act="swish",
        position_embeddings_type="rotary",
    ).to_dict()
    for name in ("id2label", "label2id"):
        layers.pop(name)
    torch.manual_seed(0)
    statistics = {"melspec_2048_mean": 6.8, "melspec_2048_std": 18.4}
    return MuQ(MuQConfig(stat=statistics, w2v2_config=layers)).eval()


def _muq(name: str, sound_s: int, folder: Path) -> dict[str, Any]:
    """Encode a sound one way, and compare its windows with the library's."""
    import torch

    way = _WAYS[name]
    encode = _prepared(way)
    sound = _sound(sound_s)
    encode(torch.from_numpy(sound[None, :MUQ_RATE]))  # the first call also warms up
    wall, cpu = time.perf_counter(), time.process_time()
    windows = _windows(encode, sound, way)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    expected = folder / _EXPECTED
    if name == "library":
        np.save(expected, windows)
    cosine, centred = agreement(windows, np.load(expected))
    scale = _SONG_S / sound_s
    return {
        "way": name,
        "of_s": sound_s,
        "song_wall_s": round(scale * wall, 1),
        "song_cpu_s": round(scale * cpu, 1),
        "peak_mib": round(_peak_mib()),
        "cosine": round(cosine, 5),
        "centred_cosine": round(centred, 5),
    }


def _prepared(way: _Way) -> Callable[[Any], Any]:
    """Return float32[B, T, D] of float32[B, S], by the model as the way wants it."""
    import torch

    model = full_size()
    if way.precision != "library":
        from evoke_core.music.arithmetic import recast

        recast(model, way.precision, torch.from_numpy(stated_sound()))
    if way.channels_last:
        model.model.conv.to(memory_format=torch.channels_last)

    def encode(waves: Any) -> Any:
        with torch.inference_mode():
            return model(waves, output_hidden_states=False).last_hidden_state.float()

    return encode


def _windows(encode: Callable[[Any], Any], sound: Any, way: _Way) -> Any:
    """Return float32[W, D], the mean features of every _WINDOW_S seconds."""
    import torch

    blocks = torch.from_numpy(sound.reshape(-1, way.block_s * MUQ_RATE))
    features = torch.cat([encode(some) for some in blocks.split(way.batch)])
    count = len(sound) // (_WINDOW_S * MUQ_RATE)
    return features.reshape(count, -1, features.shape[-1]).mean(dim=1).numpy()


def _sound(sound_s: int) -> Any:
    """Make the stated sounds of another seed, one after the other."""
    return stated_sound(7, seconds=-(-sound_s // 4)).ravel()[: sound_s * MUQ_RATE]


def _peak_mib() -> float:
    return peak_bytes() / 2**20


def main(arguments: list[str]) -> int:
    """Measure one thing in this process, or print the rows or the table."""
    if arguments[:1] == ["listen"]:
        found: Any = _listen(Path(arguments[1]))
    elif arguments[:1] == ["muq"]:
        found = _muq(arguments[1], int(arguments[2]), Path(arguments[3]))
    elif arguments[:1] == ["table"]:
        found = table(sound_s=int(arguments[1]) if arguments[1:] else _SOUND_S)
    else:
        found = [str(row) for row in rows()] + [
            str(row) for row in muq_rows(table(OF_THE_TABLE))
        ]
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
