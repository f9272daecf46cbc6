"""What a run does: its profile, and the rules of every stage, `profiles/*.yaml`."""

from typing import Annotated, Literal

from pydantic import Field

from evoke_core.config.drops import DropRules
from evoke_core.config.fields import Coordinate, Frozen, Share
from evoke_core.config.memory import MemoryRules


class EncoderChoice(Frozen):
    """Which encoder a profile asks for, and its weights where it has any.

    Args:
        kind: Which code encodes; `precomputed` reads vectors that somebody brings.
        model: Architecture, or `local-dir:` and a folder that describes it.
        pretrained: Tag of the weights.
        precision: Of the arithmetic; `auto` takes bf16 where it was measured to be
            faster and as good; int8 is for MuQ alone and has to be asked for.
        batch: Most items encoded at once; it halves by itself where memory ends.
        vectors: File of vectors by id, for `precomputed`.
    """

    kind: Literal["handcrafted", "open_clip", "muq", "muq_mulan", "precomputed"]
    model: str | None = None
    pretrained: str | None = None
    precision: Literal["auto", "fp32", "bf16", "int8"] = "auto"
    batch: Annotated[int, Field(ge=1, le=4096)] = 32
    vectors: str | None = None


class BalanceRules(Frozen):
    """How much of a corpus one look may take; null is as much as there is.

    Args:
        max_aesthetic: Largest share of any of the seven aesthetics.
        max_cluster: Largest share of any cluster of embeddings.
        max_mood_bin: Largest share of any cell of energy x warmth x complexity.
        clusters: How many clusters.
        sample: Rows that the clusters are fitted on.
        exempt: Collections that are counted, but never thinned.
        seed: Of the clusters, and of who leaves first.
    """

    max_aesthetic: Share | None = None
    max_cluster: Share | None = None
    max_mood_bin: Share | None = None
    clusters: Annotated[int, Field(ge=1)] = 64
    sample: Annotated[int, Field(ge=1)] = 20_000
    exempt: tuple[str, ...] = ()
    seed: int = 19


class CurationRules(Frozen):
    """What makes a picture unfit for a board; each limit itself is still fit."""

    min_side_px: Annotated[int, Field(ge=1)]
    max_aspect: Annotated[float, Field(ge=1.0)]
    min_entropy_bits: Annotated[float, Field(ge=0.0, le=8.0)]
    max_flat_share: Share = 1.0
    max_border_share: Share = 1.0
    min_sharpness: Annotated[float, Field(ge=0.0)] = 0.0
    max_text_score: Share = 1.0
    min_composition: Share = 0.0
    owned_sources: tuple[str, ...]
    balance: BalanceRules = BalanceRules()


class DedupeRules(Frozen):
    """When two pictures are one.

    Args:
        radius_bits: Most bits in which two perceptual hashes may differ.
        min_cosine: Of embeddings, where pictures bring no outline.
        min_outline: Least cosine of two outlines, see `corpus.mirrors`.
        mirrored: Whether flips and quarter turns are copies too.
    """

    radius_bits: Annotated[int, Field(ge=0, le=16)]
    min_cosine: Coordinate
    min_outline: Coordinate = 0.6
    mirrored: bool = False


class DownloadRules(Frozen):
    """What fetching pictures may cost us and their hosts.

    Args:
        at_once: Transfers in flight, of all hosts; times `max_bytes` bounds memory.
        per_host: Transfers in flight from one host.
        connect_s: Longest wait for a connection.
        read_s: Longest silence between two pieces of an answer.
        total_s: Longest transfer, redirects counted in; waiting for a turn is not.
        max_bytes: Largest picture, counted as it arrives and after decompression.
        attempts: Tries per address where the failure can pass.
        backoff_s: Upper end of the first random wait; it doubles with every try.
        max_retry_after_s: Longest wait that a host may ask for; beyond it the row ends.
        breaker_window: Latest outcomes of a host that are looked at.
        breaker_share: Share of them failing alike, beyond which the host is left alone.
        breaker_pause_s: Time until one picture is let through to see.
        opt_outs: Directives of `X-Robots-Tag` that keep a picture out.
        placeholders: Parts of paths of the picture that says "no picture here".
        user_agent: How we call ourselves; its first word is matched in opt-outs.
        allow_private: Fetch from loopback and private addresses too.
        seed: Of the random waits.
    """

    at_once: Annotated[int, Field(ge=1, le=256)]
    per_host: Annotated[int, Field(ge=1)]
    connect_s: Annotated[float, Field(gt=0.0)]
    read_s: Annotated[float, Field(gt=0.0)]
    total_s: Annotated[float, Field(gt=0.0)]
    max_bytes: Annotated[int, Field(ge=1)]
    max_redirects: Annotated[int, Field(ge=0, le=20)]
    attempts: Annotated[int, Field(ge=1, le=10)]
    backoff_s: Annotated[float, Field(ge=0.0)]
    max_backoff_s: Annotated[float, Field(ge=0.0)]
    max_retry_after_s: Annotated[float, Field(ge=0.0)]
    breaker_window: Annotated[int, Field(ge=2)]
    breaker_share: Annotated[float, Field(gt=0.0, le=1.0)]
    breaker_pause_s: Annotated[float, Field(ge=0.0)]
    opt_outs: tuple[str, ...]
    placeholders: tuple[str, ...]
    user_agent: Annotated[str, Field(pattern=r"^[A-Za-z][ -~]*$")]
    allow_private: bool
    seed: int


class TagRules(Frozen):
    """How moods are named.

    Args:
        bandwidth: Of the kernel around a mood on the affect plane.
        word_weight: Of what people wrote, against looks or sound.
        per_item: Moods named of a picture or a track.
    """

    bandwidth: Annotated[float, Field(gt=0.0)]
    word_weight: Annotated[float, Field(ge=0.0, le=1.0)]
    per_item: Annotated[int, Field(ge=1)]


class PairRules(Frozen):
    """How many pictures a track is paired with, and how they are drawn."""

    positives: Annotated[int, Field(ge=1)]
    hard_negatives: Annotated[int, Field(ge=0)]
    random_negatives: Annotated[int, Field(ge=0)]
    seed: int


class BridgeRules(Frozen):
    """How the bridge is fitted."""

    hidden: Annotated[int, Field(ge=0)]
    temperature: Annotated[float, Field(gt=0.0)]
    learning_rate: Annotated[float, Field(gt=0.0)]
    weight_decay: Annotated[float, Field(ge=0.0)]
    max_epochs: Annotated[int, Field(ge=1)]
    patience: Annotated[int, Field(ge=1)]
    folds: Annotated[int, Field(ge=2)]
    seed: int


class RefinementRules(Frozen):
    """How far a slider reaches."""

    reach: Annotated[float, Field(gt=0.0)]


class BoardRules(Frozen):
    """How many tiles, how varied, how much of one hand."""

    size: Annotated[int, Field(ge=1)]
    pool: Annotated[int, Field(ge=1)]
    balance: Annotated[float, Field(ge=0.0, le=1.0)]
    max_per_artist: Annotated[int, Field(ge=1)]
    max_per_source: Annotated[int, Field(ge=1)] | None
    whole_weight: Annotated[float, Field(ge=0.0, le=1.0)]


class AudioRules(Frozen):
    """Which music is taken, and how its feeling is read.

    Args:
        min_s: Shortest song.
        max_s: Longest song.
        fitted: Read arousal by a model fitted on listeners' ratings, whose terms are
            for research only; else by published signs alone.
    """

    min_s: Annotated[float, Field(gt=0.0)]
    max_s: Annotated[float, Field(gt=0.0)]
    fitted: bool = False


class RunProfile(Frozen):
    """Everything that decides what a run computes.

    Args:
        engine: What spreads the encoding of pictures: this process, or Ray.
        memory: How songs become images; None where they don't.
    """

    name: str
    pictures: tuple[str, ...]
    teachers: tuple[str, ...]
    music: tuple[str, ...]
    licence_policy: Literal["research", "commercial"]
    image_encoder: EncoderChoice
    music_encoder: EncoderChoice
    engine: Literal["local", "ray"] = "local"
    curation: CurationRules
    dedupe: DedupeRules
    download: DownloadRules
    tags: TagRules
    pairs: PairRules
    bridge: BridgeRules
    refinement: RefinementRules
    board: BoardRules
    audio: AudioRules
    drops: DropRules = DropRules()
    memory: MemoryRules | None = None
