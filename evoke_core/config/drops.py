"""How dropped songs are noticed, fetched, waited for and put away: `drops:`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evoke_core.config.fields import Frozen

_Seconds = Annotated[float, Field(gt=0.0)]


class PatienceRules(Frozen):
    """How long a run waits for what passes by itself.

    Args:
        attempts: Tries of one drop.
        backoff_s: Upper end of the first random wait; it doubles with every try.
        max_backoff_s: Longest wait.
        budget_s: Once all waits of a run have taken so many seconds together, what
            fails is raised at once.
        seed: Of the random waits.
    """

    attempts: Annotated[int, Field(ge=1, le=20)] = 4
    backoff_s: _Seconds = 1.0
    max_backoff_s: _Seconds = 30.0
    budget_s: Annotated[float, Field(ge=0.0)] = 60.0
    seed: int = 29


class LinkRules(Frozen):
    """What following a dropped link may cost.

    Args:
        max_bytes: Largest file, counted as it arrives; it is held in memory.
        total_s: Longest time from the look-up to the last byte, redirects counted in.
        connect_s: Longest wait for a connection.
        max_redirects: Redirects that are followed, each judged like the link.
        allow_private: Follow to loopback and private addresses too.
    """

    max_bytes: Annotated[int, Field(ge=1)] = 268_435_456
    total_s: _Seconds = 300.0
    connect_s: _Seconds = 10.0
    max_redirects: Annotated[int, Field(ge=0, le=20)] = 5
    allow_private: bool = False


class DropRules(Frozen):
    """What happens around dropped songs.

    Args:
        trigger: They are noticed by listing the store, or by a bucket's notifications.
        queue_url: Of the SQS queue that holds the notifications.
        after: Once its board is stored, a song is kept in drops/, moved to done/, or
            tagged (S3 alone).
        max_bytes: Largest song, which is held in memory: 90 minutes of CD quality as
            WAV have 953 MB. A larger one is refused unread and stays where it lies.
        patience: With stores and indices that are away.
        links: Limits of fetching linked songs.
    """

    trigger: Literal["listing", "sqs"] = "listing"
    queue_url: str | None = None
    after: Literal["keep", "move", "tag"] = "keep"
    max_bytes: Annotated[int, Field(ge=1)] = 1_073_741_824
    patience: PatienceRules = PatienceRules()
    links: LinkRules = LinkRules()

    @model_validator(mode="after")
    def _queue_is_named(self) -> "DropRules":
        if self.trigger == "sqs" and not self.queue_url:
            raise ValueError("trigger sqs needs a queue_url; add it")
        return self
