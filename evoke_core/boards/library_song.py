"""A track of a music library as the song of a board, which nobody has to drop.

Which tracks are offered so is configuration (`config.curated_library`).
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

import polars as pl

from evoke_core.boards.board import Song
from evoke_core.boards.cards import list_boards
from evoke_core.config.curated_library import CuratedTrack
from evoke_core.corpus.manifest import picture_id as track_id
from evoke_core.drops.drop import slug
from evoke_core.errors import TrackRefused
from evoke_core.music.library import ON_DISK, audio_of
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_table


@dataclass(frozen=True, slots=True)
class LibrarySong:
    """A listed track that can be composed for.

    Args:
        song: What its board says of where it came from.
        location: Of its audio, see `music.library.audio_of`.
        licence: Of the recording.
    """

    song: Song
    location: str
    licence: str

    def read(self, store: Store) -> bytes:
        """Read its audio.

        Raises:
            TrackRefused: It is no longer there, or may not be read.
        """
        return audio_of(self.location, store)


def find_library_song(track: CuratedTrack, store: Store) -> LibrarySong:
    """Find a curated track among those that are listed.

    Raises:
        TrackRefused: With the reason `not_listed`.
    """
    wanted = track_id(track.library, track.key)
    found = read_table(store, "track_manifest").filter(pl.col("track_id") == wanted)
    if not found.height:
        raise TrackRefused(
            "not_listed",
            f"{track.title}: {track.library} has no track {track.key!r}; add the "
            "library to `music` of the profile and run fit_bridge, or mend the key in "
            "curated_library.yaml",
        )
    row = found.row(0, named=True)
    in_store = not row["location"].startswith(ON_DISK)
    song = Song(
        # as drops are named, so that boards of one song stand side by side
        board_id=f"{slug(PurePosixPath(track.key).stem)}-{wanted[:10]}",
        source=track.library,
        source_key=track.key,
        title=track.title,
        audio_key=row["location"] if in_store else None,
    )
    return LibrarySong(song, row["location"], row["licence"])


def stored_boards(store: Store) -> list[str]:
    """List the ids of boards that are stored whole, but for refined ones."""
    return [board_id for board_id in list_boards(store) if "--" not in board_id]


def is_named_after(board_id: str, source_key: str, title: str) -> bool:
    """Say whether a board may be of a file or title like this; its audio decides."""
    names = (PurePosixPath(source_key).stem, title)
    return any(board_id.startswith(f"{slug(name)}-") for name in names)
