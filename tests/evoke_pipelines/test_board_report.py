"""The report on boards: made once, shown with its finding, null where nothing is."""

import json

import dagster as dg
import numpy as np
import pytest

from evoke_core.appraisal.consistency import consistency_of
from evoke_core.appraisal.report import BoardReport
from evoke_core.appraisal.variety import trace_curves
from evoke_core.boards.refine import Pool, Refinement, quantise
from evoke_core.config.loading import load_run_profile, load_vocabulary
from evoke_core.evaluation import bootstrap
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.storage.local import LocalStore
from evoke_core.storage.stamps import Stamp, write_stamp
from evoke_core.vectors import l2_normalize
from evoke_pipelines.assets import board_report as module
from evoke_pipelines.environment import CONFIG_FOLDER

COUNT, DIMENSION = 30, 10


def reported(tracks: int) -> BoardReport:
    """Report on boards of random pictures, as `report_boards` does."""
    rng = np.random.default_rng(5)
    ids = [f"p{row}" for row in range(COUNT)]
    pool = Pool(
        vectors=quantise(l2_normalize(rng.normal(size=(COUNT, DIMENSION)))),
        clusters=ids,
        artists=[None] * COUNT,
        sources=["north"] * COUNT,
    )
    queries = rng.normal(size=(tracks, 1, DIMENSION))
    directions = np.zeros((4, DIMENSION))
    rules = (0.7, directions, 0.8, 0.75, 6, 9, None)
    asked = [(pool, Refinement(query, *rules)) for query in queries]
    boards = [[ids[row] for row in rng.permutation(COUNT)[:6]] for _ in queries]
    music = l2_normalize(queries[:, 0])
    curves = trace_curves(asked, balances=[0.75])
    return BoardReport(
        release_id="r1",
        serves="ridge",
        pictures=COUNT,
        curves=curves,
        balance=0.75,
        boards=bootstrap(curves["mmr"].distance[:, 0]),
        random=bootstrap(curves["random"].distance[:, -1]),
        consistency=consistency_of(boards, boards[::-1], music),
        one_vector=0,
    )


@pytest.fixture
def store(tmp_path):
    made = LocalStore(tmp_path)
    write_stamp(made, "release", Stamp("recipe", "r1", {}))
    return made


@pytest.fixture
def materialize(store, monkeypatch):
    """Materialise the asset; says what was shown, and of how many tracks."""
    asked: list[int] = []

    def measure(desk: object, *, tracks: int, seed: int) -> BoardReport:
        asked.append(tracks)
        return reported(tracks)

    monkeypatch.setattr(module, "exact_desk", lambda *_: None)
    monkeypatch.setattr(module, "report_boards", measure)
    monkeypatch.setattr(module, "_TRACKS", 5)

    def run(**changes: object) -> tuple[dict[str, object], list[int]]:
        profile = load_run_profile(CONFIG_FOLDER, "demo")
        board = profile.board.model_copy(update=changes)
        done = dg.materialize(
            [module.board_report],
            resources={
                "store": store,
                "run_profile": profile.model_copy(update={"board": board}),
                "vocabulary": load_vocabulary(CONFIG_FOLDER),
                "music_encoder": HandcraftedMusicEncoder(),
            },
        )
        [made] = done.asset_materializations_for_node("board_report")
        return {name: shown.value for name, shown in made.metadata.items()}, asked

    return run


def test_the_report_is_stored_and_shown_with_its_plot(store, materialize):
    shown, _ = materialize()

    kept = json.loads(store.read(module.KEY))
    assert kept["tracks"] == shown["tracks"] == 5
    assert kept["chosen"]["balance"] == 0.75
    assert set(kept["curves"]) == set(kept["at_equal_relevance"]["distance"])
    assert shown["plot"].startswith("![](data:image/")
    assert "halves of one track" in shown["consistency"]
    assert "farthest first" in shown["at_equal_relevance"]


def test_it_is_made_again_only_when_rules_or_release_change(store, materialize):
    materialize()
    assert len(materialize()[1]) == 1
    assert len(materialize(balance=0.5)[1]) == 2
    write_stamp(store, "release", Stamp("recipe", "r2", {}))
    assert len(materialize(balance=0.5)[1]) == 3


def test_a_report_that_was_lost_is_made_again(store, materialize):
    materialize()
    store.delete(module.KEY)

    assert len(materialize()[1]) == 2


def test_what_could_not_be_measured_is_said_so(store, materialize, monkeypatch):
    monkeypatch.setattr(module, "_TRACKS", 2)

    shown, _ = materialize()

    assert "not measured" in shown["consistency"]
    assert (
        json.loads(store.read(module.KEY))["consistency"]["jaccard"]["same"]["n"] == 0
    )


def test_the_title_says_what_boards_keep_and_where_the_curve_bends(monkeypatch):
    drawn = {}
    monkeypatch.setattr(module, "tradeoff_plot", lambda *given, **said: drawn | said)
    report = reported(4)

    title = module._plot(report)["title"]

    assert f"{report.chosen()[0]:.0%} of relevance" in title
    assert title.endswith(f"bends at {report.knee()[0]:g}")
