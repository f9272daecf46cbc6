"""Hear a song in its stems once, and keep what was heard in the private store.

A song is separated again only where its vector, its plot or a stem is not there.

Not here: separating and encoding (stems, openl3, audio_vector).
"""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from evoke_core.memory.audio_vector import AudioVector, StemSink, encode_stems
from evoke_core.memory.audio_vector_cache import (
    recall_vector,
    remember_vector,
    vector_key,
)
from evoke_core.memory.demucs_model import STEMS
from evoke_core.memory.sheet import StemSpectrograms, stems_plot
from evoke_core.memory.stem_files import StemFiles, stem_names
from evoke_core.memory.stems import StemBlock
from evoke_core.memory.stereo import StereoTrack, decode_stereo
from evoke_core.memory.studio import Studio
from evoke_core.music.decode import AudioLimits
from evoke_core.music.readers import Recording, recording_sha256
from evoke_core.storage.store import Store, digest


@dataclass(frozen=True, slots=True)
class Sound:
    """What was heard in a song.

    Args:
        sha256: Of its bytes.
        heard: Its vector and levels.
        folder: Store prefix of its stems and their plot.
    """

    sha256: str
    heard: AudioVector
    folder: str

    @property
    def plot_key(self) -> str:
        """Where the spectrograms of its stems lie, a PNG."""
        return f"{self.folder}/stems.png"


def hear_song(audio: Recording, song_id: str, studio: Studio) -> Sound:
    """Decode a song, separate it and make it a vector.

    Args:
        audio: The bytes of its file, or its path.
        song_id: Folder of its stems, below `private/memory/`.
        studio: Models, rules and store.

    Raises:
        TrackRefused: It can't be used.
        ConfigError: The weights don't fit, or give no numbers.
    """
    sha256 = recording_sha256(audio)
    known = recall_vector(studio.store, studio.separator, studio.ears, sha256)
    made_by = digest(vector_key(studio.separator, studio.ears, sha256))
    sound = f"private/memory/{song_id}/{made_by}"
    if known is not None and _is_kept(sound, known.duration_s, studio):
        return Sound(sha256, known, sound)
    limits = AudioLimits(min_s=studio.audio.min_s, max_s=studio.audio.max_s)
    rate = studio.separator.sample_rate
    track = decode_stereo(audio, sample_rate=rate, limits=limits)
    heard = _listen(track, sound, studio)
    # The record is last: it says that stems and plot are there too.
    remember_vector(studio.store, studio.separator, studio.ears, sha256, heard)
    return Sound(sha256, heard, sound)


def stem_keys(folder: str, duration_s: float) -> tuple[str, ...]:
    """Say where the stems of a song lie, in the order of STEMS, part after part."""
    return tuple(f"{folder}/{name}" for name in stem_names(duration_s))


class _Spectra:
    """Passes the stems' samples on to their spectrograms."""

    def __init__(self, spectrograms: StemSpectrograms) -> None:
        self._spectrograms = spectrograms

    def take(self, block: StemBlock) -> None:
        self._spectrograms.take(block.stems)


def _is_kept(folder: str, duration_s: float, studio: Studio) -> bool:
    needed = [f"{folder}/stems.png"]
    needed += stem_keys(folder, duration_s) if studio.rules.keep_stems else ()
    return all(studio.store.exists(key) for key in needed)


def _listen(track: StereoTrack, folder: str, studio: Studio) -> AudioVector:
    """Read the song once: vector, spectrograms and files take the stems together."""
    spectrograms = StemSpectrograms(STEMS, len(track.samples), track.sample_rate)
    sinks: list[StemSink] = [_Spectra(spectrograms)]
    with ExitStack() as opened:
        if studio.rules.keep_stems:
            place = Path(opened.enter_context(tempfile.TemporaryDirectory()))
            keep = partial(_keep_stem, studio.store, folder)
            files = StemFiles(place, track.sample_rate, keep)
            sinks.append(opened.enter_context(files))
        heard = encode_stems(track, studio.separator, studio.ears, sinks=sinks)
    plot = stems_plot(
        spectrograms.decibels(), _shares(heard), duration_s=track.duration_s
    )
    studio.store.write(f"{folder}/stems.png", plot)
    return heard


def _keep_stem(store: Store, folder: str, path: Path) -> None:
    store.write(f"{folder}/{path.name}", path.read_bytes())


def _shares(heard: AudioVector) -> dict[str, float]:
    powers = [10 ** (level / 10) for level in heard.levels_db]
    return {
        stem: power / sum(powers) for stem, power in zip(STEMS, powers, strict=True)
    }
