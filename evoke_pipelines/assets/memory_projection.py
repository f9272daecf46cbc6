"""How sounds pull words, taught by the music library; for profiles that ask for it."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import polars as pl

from evoke_core.config.memory import MemoryRules
from evoke_core.config.profile import RunProfile
from evoke_core.errors import SourceError
from evoke_core.memory.influence import (
    STRENGTHS,
    compare_influence,
    sweep_strength,
)
from evoke_core.memory.library_sounds import LibrarySounds, hear_library
from evoke_core.memory.projection import Projection, write_projection
from evoke_core.memory.projection_fit import project_library, tag_targets
from evoke_core.memory.studio import Ears, StudioAccess
from evoke_core.memory.text_encoder import TextEncoder
from evoke_core.plots import bars_plot
from evoke_core.storage.store import Store
from evoke_core.storage.tables import read_table
from evoke_pipelines.refresh import Made, refresh
from evoke_pipelines.shown import log_progress, picture

_OFF = (
    "the profile does not say projection: trained under memory, so that sounds pull "
    "words by the seeded projection; nothing is fitted"
)
_WEIGHED = 6  # songs of different moods, each under the words of all
_FIGURES = {
    "trained": "margin_over_other_songs",
    "untrained": "margin_of_untrained",
}


@dg.asset(
    group_name="memory",
    kinds={"safetensors", "torch"},
    output_required=False,
    deps=["track_manifest", "track_tags"],
    code_version="2",
    pool="memory",
)
def memory_projection(
    context: dg.AssetExecutionContext,
    store: dg.ResourceParam[Store],
    memory_studio: dg.ResourceParam[StudioAccess],
    run_profile: dg.ResourceParam[RunProfile],
) -> Iterator[dg.MaterializeResult[None]]:
    """How sounds pull words: fitted from a library's stems to the words of its moods.

    Off unless the profile says `projection: trained`. Served only where it tells a
    left-out track's moods from other tracks' beyond chance; else the untrained one,
    centred on the library. Each track is separated once, so a run that broke goes on.
    """
    rules = run_profile.memory
    if rules is None or rules.projection != "trained":
        context.log.info(_OFF)
        return
    ears = memory_studio.open_ears(rules, run_profile.licence_policy)

    def make() -> Made:
        sounds = hear_library(
            read_table(store, "track_manifest"),
            ears,
            run_profile.audio,
            store,
            report=log_progress(context),
        )
        return _fit(sounds, ears, rules, store)

    models = [ears.separator.fingerprint, ears.encoder.fingerprint]
    settings = [*models, ears.text.fingerprint, rules.seed, run_profile.audio]
    yield refresh(context, store, make, settings=settings)


def _fit(sounds: LibrarySounds, ears: Ears, rules: MemoryRules, store: Store) -> Made:
    if len(sounds.track_ids) < 2:
        raise SourceError(
            f"memory_projection: {len(sounds.track_ids)} tracks of the library could "
            f"be heard ({'; '.join(sounds.refusals.values())[:300]}); add music to the "
            "profile and run fit_bridge, or say projection: untrained"
        )
    moods, labelled = _moods(sounds, read_table(store, "track_tags"))
    targets = tag_targets(ears.text, moods) if all(moods) else None
    groups = pl.Series(sounds.sha256).to_numpy()
    found = project_library(sounds.sounds, targets, groups, seed=rules.seed)
    key = ears.projection_key
    done = write_projection(store, key, found.projection, found.card)
    return Made(
        done,
        {
            "serves": found.card["way"],
            **({"reason": found.card["reason"]} if "reason" in found.card else {}),
            "tracks": len(sounds.track_ids),
            "recordings": len(set(sounds.sha256)),
            "tracks_labelled_by_people": labelled,
            "tracks_refused": len(sounds.refusals),
            **_shown(found.card),
            **_weighed(found.projection, sounds, moods, ears.text),
        },
        {key: done},
    )


def _moods(sounds: LibrarySounds, tags: pl.DataFrame) -> tuple[list[list[str]], int]:
    """Return the moods of each track that was heard, and how many people labelled."""
    whole = tags.filter(pl.col("part") == 0)
    said = dict(whole.select("track_id", "moods").rows())
    heard = whole.filter(pl.col("track_id").is_in(list(sounds.track_ids)))
    named = [list(said.get(track_id, [])) for track_id in sounds.track_ids]
    return named, int(heard["labelled"].sum())


def _weighed(
    projection: Projection,
    sounds: LibrarySounds,
    moods: list[list[str]],
    text: TextEncoder,
) -> dict[str, Any]:
    """Show what moves words more: other music or other words; and each strength."""
    rows = {", ".join(said): row for row, said in enumerate(moods) if said}
    said = sorted(rows)[:_WEIGHED]
    if not said:
        return {}
    words = [text.encode(each) for each in said]
    heard = [projection.direct(sounds.sounds[rows[each]]) for each in said]
    steps = zip(STRENGTHS, sweep_strength(words[0], heard[0]), strict=True)
    return {
        "sound_against_words": compare_influence(words, heard).sentence(),
        "away_from_words_alone": ", ".join(
            f"{away:.4f} at strength {strength:g}" for strength, away in steps
        ),
    }


def _shown(card: Mapping[str, Any]) -> dict[str, Any]:
    """Show how well each way tells left-out tracks' moods; nothing where none was."""
    if _FIGURES["trained"] not in card:
        return {}
    bars = {
        way: (card[name]["value"], card[name]["low"], card[name]["high"])
        for way, name in _FIGURES.items()
    }
    margin, low, _ = bars["trained"]
    finding = "above chance, so it serves" if low > 0 else "no better than chance"
    plot = bars_plot(
        bars | {"chance": (0.0, 0.0, 0.0)},
        title=f"On tracks left out the trained projection is {finding}",
        unit="cosine with the track's own moods, less that with other tracks'",
        ours=["trained"],
    )
    return {
        "left_out_margin": round(margin, 4),
        "left_out_margin_low": round(low, 4),
        "left_out_margin_untrained": round(bars["untrained"][0], 4),
        "left_out_groups": card[_FIGURES["trained"]]["groups"],
        "left_out": picture(plot),
    }
