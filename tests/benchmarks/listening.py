"""Listening to an hour in the memory of ten minutes; full-size MuQ on four minutes.

    python -m tests.benchmarks.listening [table]

`table` prints what was tried to make MuQ faster, each way against float32. Every
measurement has a process of its own, since a peak of memory never falls.
"""

import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.benchmarks.row import Row, at_most

RATE = 44_100
MUQ_RATE = 24_000
_SONG_S = 240
_BAR_S = 30.0
_LEAST_COSINE = 0.99  # of a way that is not float32, to float32
_WAYS = ("fp32", "fp32-30s", "channels-last", "bf16-autocast", "int8-linear", "bf16")


def rows() -> list[Row]:
    """Measure memory over length, and the seconds of a song."""
    with tempfile.TemporaryDirectory() as folder:
        return [_rss_row(Path(folder)), _muq_row()]


def table() -> list[dict[str, Any]]:
    """Try every way towards a faster MuQ; a way without float32's vectors is none."""
    return [_in_process("muq", way) for way in _WAYS]


def _rss_row(folder: Path) -> Row:
    peaks = {}
    for minutes in (10, 60):
        path = folder / f"{minutes}.ogg"
        _write_song(path, minutes)
        peaks[minutes] = _in_process("listen", str(path))["peak_mib"]
    said = "MiB of a whole process that listens to 60 and to 10 minutes of Ogg"
    return at_most("rss_60min", peaks[60], peaks[10], 1.1, said)


def _muq_row() -> Row:
    found = _in_process("muq", "fp32")
    said = (
        f"s of two cores for {_SONG_S} s of sound, from {found['of_s']} s measured, "
        f"full size, random weights, float32; peak {found['peak_mib']:.0f} MiB"
    )
    return at_most("muq_4min", found["song_cpu_s"] / 2, _BAR_S, 1.0, said)


def _in_process(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.listening", *arguments],
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _write_song(path: Path, minutes: int) -> None:
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
    from evoke_core.config import AudioRules
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


def _muq(way: str) -> dict[str, Any]:
    """Encode ten (or thirty) seconds one way, and compare it with float32."""
    import torch

    model = full_size()
    seconds = 30 if way == "fp32-30s" else 10
    waves = _waves(2, seconds)
    with torch.inference_mode():
        before = model(waves, output_hidden_states=False).last_hidden_state
        encode = _ways(model)[way]()
        encode(waves)
        wall, cpu = time.perf_counter(), time.process_time()
        features = encode(waves)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        means, expected = features.float().mean(dim=1), before.mean(dim=1)
        cosine = torch.nn.functional.cosine_similarity(means, expected).min()
        # Mean features of random weights are alike; what differs must agree as well.
        turn = torch.nn.functional.cosine_similarity(
            means[0] - means[1], expected[0] - expected[1], dim=0
        )
    scale = _SONG_S / (2 * seconds)
    return {
        "way": way,
        "of_s": 2 * seconds,
        "song_wall_s": round(scale * wall, 1),
        "song_cpu_s": round(scale * cpu, 1),
        "peak_mib": round(_peak_mib()),
        "cosine": round(float(cosine), 5),
        "cosine_of_difference": round(float(turn), 5),
        "passes": float(cosine) >= _LEAST_COSINE,
    }


def _ways(model: Any) -> dict[str, Callable[[], Callable[[Any], Any]]]:
    """Name the ways; each changes the model when it is called."""
    import torch

    inner = model.model

    def plain(waves: Any) -> Any:
        return model(waves, output_hidden_states=False).last_hidden_state

    def from_mel(waves: Any, change: Callable[[Any], Any]) -> Any:
        mel = inner.preprocessing(waves, ["melspec_2048"])
        mel = change(inner.normalize(mel)["melspec_2048"])
        return inner.conformer(inner.conv(mel)).last_hidden_state

    def channels_last() -> Callable[[Any], Any]:
        inner.conv.to(memory_format=torch.channels_last)
        return lambda waves: from_mel(waves, lambda mel: mel.unsqueeze(1))

    def autocast() -> Callable[[Any], Any]:
        def encode(waves: Any) -> Any:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return from_mel(waves, lambda mel: mel)

        return encode

    def int8() -> Callable[[Any], Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            inner.conformer = torch.ao.quantization.quantize_dynamic(
                inner.conformer, {torch.nn.Linear}, dtype=torch.qint8
            )
        return plain

    def bf16() -> Callable[[Any], Any]:
        inner.conv.bfloat16()
        inner.conformer.bfloat16()
        return lambda waves: from_mel(waves, lambda mel: mel.bfloat16())

    return {
        "fp32": lambda: plain,
        "fp32-30s": lambda: plain,
        "channels-last": channels_last,
        "bf16-autocast": autocast,
        "int8-linear": int8,
        "bf16": bf16,
    }


def _waves(count: int, seconds: int) -> Any:
    import torch

    rng = np.random.default_rng(1)
    time_s = np.arange(seconds * MUQ_RATE) / MUQ_RATE
    tones = np.sin(2 * np.pi * 165 * (1 + np.arange(count))[:, None] * time_s)
    waves = 0.3 * tones + 0.05 * rng.normal(size=tones.shape)
    return torch.from_numpy(waves.astype(np.float32))


def _peak_mib() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(arguments: list[str]) -> int:
    """Measure one thing in this process, or print the rows or the table."""
    if arguments[:1] == ["listen"]:
        found: Any = _listen(Path(arguments[1]))
    elif arguments[:1] == ["muq"]:
        found = _muq(arguments[1])
    elif arguments[:1] == ["table"]:
        found = table()
    else:
        found = [str(row) for row in rows()]
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
