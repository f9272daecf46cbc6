"""Make a study from the boards in a store: deal it, draw its page, keep its key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from evoke_core.boards.cards import list_boards
from evoke_core.boards.collected import served_pictures
from evoke_core.boards.shelf import require_board
from evoke_core.corpus.decode import encode_jpeg
from evoke_core.corpus.thumbnails import read_thumbnail
from evoke_core.errors import BoardError
from evoke_core.reviews.dealing import StudyPlan, deal_study
from evoke_core.reviews.page import render_study
from evoke_core.reviews.rival import open_corpus
from evoke_core.reviews.study import Study, page_key, write_study
from evoke_core.storage.store import Store

_SMALL_PX, _LARGE_PX = 320, 512  # in a board of twelve, and alone
_SAID = ("title", "attribution", "licence", "licence_url", "url")
_KEPT = ("board_id", "arc", "sections", "refinement", "release")
_KEPT_OF_TRACK = ("track_id", "sha256", "title", "audio", "duration_s", "peaks")


@dataclass(frozen=True, slots=True)
class MadeStudy:
    """A study that stands in the store.

    Args:
        study: Its trials.
        page: Store key of the HTML that is handed out.
        answers: Store key of the answer key, which is not.
        size_bytes: Of the page.
        silent: Boards whose song the page can't play.
        left_out: Reason by board_id.
    """

    study: Study
    page: str
    answers: str
    size_bytes: int
    silent: tuple[str, ...]
    left_out: Mapping[str, str]


def make_study(
    store: Store, board_ids: Sequence[str], plan: StudyPlan, *, listen_s: float
) -> MadeStudy:
    """Make a study page and its answer key.

    Args:
        store: Holds boards and pictures.
        board_ids: Whose songs are judged; empty takes all that are stored and whole.
        plan: How many trials of what.
        listen_s: Seconds to listen to a song before its first question.

    Raises:
        BoardError: A board that was named is not there or damaged, or none can be
            judged.
    """
    boards, left_out = _boards(store, board_ids)
    if not boards:
        raise BoardError(
            "; ".join(left_out.values())
            or "there is no board to judge yet; drop a song and let it become a board, "
            "then make the study"
        )
    corpus = open_corpus(served_pictures(store))
    dealt = deal_study(list(boards.values()), corpus, plan)
    study = dealt.study
    pictures = corpus.pictures.filter(pl.col("image_id").is_in(_shown(study)))
    page = render_study(
        study,
        boards,
        images=_images(store, study, pictures),
        credits_of=pictures.select(_SAID).to_dicts(),
        listen_s=listen_s,
    ).encode()
    answers = write_study(store, study)  # first: a page without its key is of no use
    store.write(page_key(study.study_id), page)
    asked = dict.fromkeys(trial.board_id for trial in study.trials)
    return MadeStudy(
        study=study,
        page=page_key(study.study_id),
        answers=answers,
        size_bytes=len(page),
        silent=tuple(name for name in asked if not boards[name]["track"]["audio"]),
        left_out={**left_out, **dealt.left_out},
    )


def _boards(
    store: Store, board_ids: Sequence[str]
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Read the named boards, or all that can be read and why the others can't."""
    if board_ids:
        return {board_id: _read(store, board_id) for board_id in board_ids}, {}
    boards, left_out = {}, {}
    for board_id in list_boards(store):
        try:
            boards[board_id] = _read(store, board_id)
        except BoardError as wrong:
            left_out[board_id] = str(wrong)
    return boards, left_out


def _read(store: Store, board_id: str) -> dict[str, Any]:
    """Keep of a document what is dealt and drawn: of thousands, only that is held."""
    try:
        whole = require_board(store, board_id)
        pictures = {
            part: [{"image_id": one["image_id"]} for one in whole[part]]
            for part in ("tiles", "candidates")
        }
        track = {name: whole["track"][name] for name in _KEPT_OF_TRACK}
        return {name: whole[name] for name in _KEPT} | pictures | {"track": track}
    except (KeyError, TypeError, ValueError, RecursionError) as torn:
        raise BoardError(
            f"board {board_id}: its board.json is damaged ({torn!r:.80}); compose it "
            "again, or delete its folder"
        ) from torn


def _shown(study: Study) -> list[str]:
    return sorted({one for trial in study.trials for one in trial.first + trial.second})


def _images(
    store: Store, study: Study, pictures: pl.DataFrame
) -> dict[tuple[str, bool], bytes]:
    """Encode the pictures of boards alike, and those shown alone alike but larger.

    One that is shown in both ways is encoded twice: its size would tell its board.
    """
    shown = {
        (image_id, trial.real is None)
        for trial in study.trials
        for image_id in trial.first + trial.second
    }
    sha256 = dict(pictures.select("image_id", "sha256").iter_rows())
    return {
        (image_id, alone): encode_jpeg(
            read_thumbnail(store, sha256[image_id]),
            longest_px=_LARGE_PX if alone else _SMALL_PX,
            quality=80,
        )
        for image_id, alone in sorted(shown)
    }
