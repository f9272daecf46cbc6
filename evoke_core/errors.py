"""Every exception Evoke raises on purpose.

    EvokeError
    ├── ConfigError        a YAML file, profile or environment variable is wrong
    ├── SchemaError        a table that does not fit the data dictionary
    ├── SourceError        a collection as a whole can't be read (a missing folder)
    ├── PictureRefused     one picture can't be used; becomes a row with its reason
    ├── TrackRefused       one song can't be used; becomes a row or a quarantine record
    ├── WeightsMissing     a profile asks for pretrained weights that are not there
    ├── BridgeError        training data from which no projection can be fitted
    ├── IndexUnavailable   the collection is absent, damaged, or from another encoder
    │   └── IndexUnreachable   its server is away or another process holds its file
    ├── ReleaseMissing     nothing has been published yet
    └── BoardError         a board can't be composed from what it was given

A message says what, which, got, and the remedy. Expected bad *items* are refusals:
they carry a `reason` (a stable word for tables) beside the sentence for people.
"""


class EvokeError(Exception):
    """Root of all errors that Evoke raises on purpose."""


class ConfigError(EvokeError):
    """Configuration that can't be used; the message names file and key."""


class SchemaError(EvokeError):
    """A table that does not fit its entry in the data dictionary."""


class SourceError(EvokeError):
    """A picture or music collection that can't be read at all."""


class Refused(EvokeError):
    """One item that can't be used.

    Args:
        reason: Stable word in snake_case, for tables and filters.
        message: What is wrong and what would mend it.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type["Refused"], tuple[str, str]]:
        # Exceptions are copied from their args alone; a worker process sends both.
        return type(self), (self.reason, str(self))


class PictureRefused(Refused):
    """One picture that can't be used."""


class TrackRefused(Refused):
    """One song that can't be used."""


class WeightsMissing(EvokeError):
    """Pretrained weights that a profile asks for and that are not on this machine."""


class BridgeError(EvokeError):
    """Pairs or vectors from which no projection can be fitted."""


class IndexUnavailable(EvokeError):
    """A collection that is absent, damaged, or made by another encoder."""


class IndexUnreachable(IndexUnavailable):
    """An index that can't be asked just now; the same may succeed a little later."""


class ReleaseMissing(EvokeError):
    """No release has been published to read from."""


class BoardError(EvokeError):
    """A board that can't be composed from what it was given."""
