"""A track of the library as a page draws it: waveform peaks, length, embedded names.

It is kept by content, so that a track is decoded for this once. No sound is kept.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from evoke_core.boards.desk import Desk
from evoke_core.errors import TrackRefused
from evoke_core.music.decode import AudioLimits, decode_audio, waveform_peaks
from evoke_core.music.library import ON_DISK, audio_of
from evoke_core.storage.store import Store

_COUNT = 240  # as many points as a ribbon is drawn with


@dataclass(frozen=True, slots=True)
class Sketch:
    """What a page draws of a track.

    Args:
        duration_s: Its length.
        peaks: 240 magnitudes in [0, 1], at equal steps.
        title: Embedded in the file, or None.
        artist: Likewise.
    """

    duration_s: float
    peaks: tuple[float, ...]
    title: str | None
    artist: str | None


def sketch_track(location: str, sha256: str, desk: Desk) -> Sketch:
    """Sketch a listed track; one that was sketched before is not decoded again.

    Args:
        location: As `track_manifest` has it.
        sha256: Of its bytes.
        desk: Its store keeps the sketch.

    Raises:
        TrackRefused: It is no longer there, or can't be decoded.
    """
    if not _is_there(location, desk.store):
        raise TrackRefused(
            "vanished",
            f"{Path(location).name}: it is no longer where it was listed; put it back "
            "or run fit_bridge again",
        )
    key = f"waveforms/{sha256}.json"
    try:
        kept = json.loads(desk.store.read(key))
        return Sketch(**{**kept, "peaks": tuple(kept["peaks"])})
    except (KeyError, ValueError, TypeError):  # never sketched, or damaged
        made = _sketch(audio_of(location, desk.store), desk)
    desk.store.write(key, json.dumps(asdict(made), ensure_ascii=False).encode())
    return made


def _is_there(location: str, store: Store) -> bool:
    if location.startswith(ON_DISK):
        return Path(location.removeprefix(ON_DISK)).is_file()
    return store.exists(location)


def _sketch(audio: bytes, desk: Desk) -> Sketch:
    rules = desk.run_profile.audio
    track = decode_audio(
        audio,
        sample_rate=desk.encoder.sample_rate,
        limits=AudioLimits(min_s=rules.min_s, max_s=rules.max_s),
    )
    peaks = waveform_peaks(track.samples, count=_COUNT)
    return Sketch(
        duration_s=round(track.duration_s, 3),
        peaks=tuple(round(float(peak), 3) for peak in peaks),
        title=track.title,
        artist=track.artist,
    )
