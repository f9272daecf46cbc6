"""Ways of choosing tiles are judged alike, and halves of a song by what they share."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evoke_core.appraisal.consistency import (
    consistency_of,
    jaccard,
    rank_biased_overlap,
    tiles_shared,
)
from evoke_core.appraisal.exact_desk import ExactIndex, exact_desk
from evoke_core.appraisal.library import halves_of
from evoke_core.appraisal.report import MEASURED, report_boards
from evoke_core.appraisal.variety import Curve, knee, trace_curves
from evoke_core.appraisal.ways import (
    WAYS,
    at_random,
    dpp,
    farthest_first,
    judge_pool,
    mmr,
    mmr_of_looks,
    most_relevant,
)
from evoke_core.boards.refine import Pool, Refinement, choose_tiles, quantise
from evoke_core.config.fields import AXES
from evoke_core.errors import BoardError
from evoke_core.schemas import TABLES
from evoke_core.shared_space import FEELING
from evoke_core.storage.tables import read_table, write_arrays, write_table
from evoke_core.vectors import l2_normalize
from tests.evoke_core.boards.conftest import DIMENSION, LOOK, frame


def pool_of(vectors, artists=None, sources=None, clusters=None):
    count = len(vectors)
    return Pool(
        vectors=quantise(np.asarray(vectors, np.float32)),
        clusters=clusters or [f"c{row}" for row in range(count)],
        artists=artists or [None] * count,
        sources=sources or ["north"] * count,
    )


def asking(query, **changes):
    rest = Refinement(
        queries=np.array([query], np.float64),
        whole_weight=0.7,
        directions=np.zeros((len(AXES), len(query))),
        reach=0.8,
        balance=0.75,
        size=3,
        max_per_artist=100,
        max_per_source=None,
    )
    return replace(rest, **changes)


def drawn(seed, *, count=40, dimension=8, size=6, **caps):
    """Return a pool of random pictures, half of them of one artist, and a query."""
    rng = np.random.default_rng(seed)
    pool = pool_of(
        l2_normalize(rng.normal(size=(count, dimension))),
        artists=["Ann" if row % 2 else None for row in range(count)],
        sources=["north" if row % 3 else "south" for row in range(count)],
        clusters=[f"c{row // 2}" for row in range(count)],
    )
    return pool, asking(rng.normal(size=dimension), size=size, **caps)


@given(st.integers(0, 1000), st.sampled_from([0.0, 0.3, 0.75, 1.0]))
def test_mmr_here_is_the_mmr_of_boards_tile_by_tile(seed, balance):
    pool, refinement = drawn(seed, max_per_artist=2, max_per_source=4)

    ours = mmr(judge_pool(pool, refinement), balance)

    assert ours == choose_tiles(pool, replace(refinement, balance=balance), {})


@given(st.integers(0, 1000), st.sampled_from(sorted(WAYS)))
def test_caps_hold_for_every_way_at_every_setting(seed, way):
    pool, refinement = drawn(seed, max_per_artist=2, max_per_source=4)
    settings, choose = WAYS[way]
    for setting in settings:
        board = choose(judge_pool(pool, refinement), setting)
        artists = [pool.artists[row] for row in board]
        sources = [pool.sources[row] for row in board]
        assert len({pool.clusters[row] for row in board}) == len(board) == 6
        assert artists.count("Ann") <= 2
        assert max(map(sources.count, sources)) <= 4


@pytest.mark.parametrize(
    ("choose", "setting"),
    [
        (mmr, 1.0),
        (mmr_of_looks, 1.0),
        (dpp, 1e9),
        (farthest_first, 0.0),
        (at_random, 0.0),
    ],
)
def test_the_relevant_end_of_every_way_is_relevance_alone(choose, setting):
    judged = judge_pool(*drawn(4))

    assert set(choose(judged, setting)) == set(most_relevant(judged))


def test_farthest_first_takes_the_opposite_picture_then_the_one_between():
    around = [[1, 0], [0.96, 0.28], [0, 1], [-1, 0]]
    judged = judge_pool(pool_of(around), asking([1, 0]))

    assert farthest_first(judged, 1.0) == [0, 3, 2]


def test_the_determinant_is_that_of_a_direct_computation():
    judged = judge_pool(*drawn(6, size=4))
    kernel = (1 + judged.similarity) / 2
    quality = np.exp(judged.lift)  # weight 2: its square is exp(2 lift)
    whole = kernel * np.outer(quality, quality)
    chosen = []
    for _ in range(4):
        gains = [
            -np.inf
            if row in chosen or row // 2 in [other // 2 for other in chosen]
            else np.linalg.det(whole[np.ix_([*chosen, row], [*chosen, row])])
            for row in range(40)
        ]
        chosen.append(int(np.argmax(gains)))

    assert dpp(judged, 2.0) == chosen


def test_variety_of_looks_lets_tiles_feel_alike():
    feels, looks = np.eye(FEELING), np.eye(2)
    around = [
        [*feels[0], *looks[0]],
        [*feels[1], *looks[0]],
        [*feels[0], *looks[1]],
    ]
    judged = judge_pool(pool_of(around), asking([*feels[0], 0, 0], size=2))

    assert judged.looks[0].tolist() == pytest.approx([1, 1, 0])
    assert mmr_of_looks(judged, 0.1) == [0, 2]


def test_equal_pictures_do_not_break_the_determinant():
    judged = judge_pool(pool_of([[1, 0]] * 5), asking([1, 0]))

    assert len(set(dpp(judged, 0.0))) == 3


def test_relevance_is_one_for_the_best_board_and_nought_for_the_pools_mean():
    curves = trace_curves([drawn(seed) for seed in range(5)])

    assert curves["most relevant"].relevance == pytest.approx(1.0)
    assert all(curve.relevance.max() <= 1 + 1e-9 for curve in curves.values())
    everything = trace_curves([drawn(1, count=12, size=12)])["random"]
    assert everything.relevance.shape == (1, len(everything.settings))
    many = trace_curves([drawn(seed) for seed in range(60)])["random"]
    assert many.relevance[:, -1].mean() == pytest.approx(0.0, abs=0.1)


def test_distances_are_those_worked_by_hand():
    corner = pool_of([[1, 0], [1, 0], [0, 1]])
    curve = trace_curves([(corner, asking([1, 0]))])["most relevant"]

    assert curve.distance == pytest.approx(np.array([[2 / 3]]))
    assert curve.nearest == pytest.approx(np.array([[1 / 3]]))


def test_a_board_of_one_tile_and_a_query_of_nothing_have_no_distance():
    curves = trace_curves([(pool_of([[1, 0], [0, 1]]), asking([0, 0], size=1))])

    assert all((curve.distance == 0).all() for curve in curves.values())
    assert all((curve.relevance == 1).all() for curve in curves.values())


def test_variety_grows_as_relevance_is_given_up():
    curves = trace_curves([drawn(seed) for seed in range(20)], balances=[0.33])

    assert 0.33 in curves["mmr"].settings
    for name in ("mmr", "dpp", "farthest first"):
        points = curves[name].points()
        points = points[points[:, 0].argsort()]
        assert points[0, 1] > points[-1, 1] + 0.1


def test_the_same_seed_draws_the_same_boards():
    asked = [drawn(seed) for seed in range(3)]
    one, two, other = (trace_curves(asked, seed=seed)["random"] for seed in (1, 1, 2))

    assert np.array_equal(one.distance, two.distance)
    assert not np.array_equal(one.distance, other.distance)


def test_the_knee_is_the_point_farthest_above_the_chord():
    bent = np.array([[1.0, 0.0], [0.9, 0.1], [0.7, 0.8], [0.2, 0.95], [0.0, 1.0]])
    worse_than_a_draw = np.array([[-9.0, 1.5]])

    assert knee(bent) == 2
    assert knee(np.vstack([worse_than_a_draw, bent])) == 3
    assert knee(bent[:1]) == 0


def test_distance_is_compared_at_equal_relevance():
    steps = np.array([[0.0, 0.5, 1.0]] * 3)
    curve = Curve((0.0, 0.5, 1.0), steps, np.array([[0.4, 0.9, 0.1]] * 3), steps, steps)

    found = curve.most_at(np.array([0.75, 0.1, 1.1]), curve.distance)

    assert found[:2] == pytest.approx([0.5, 0.9])  # half way; the better board at .5
    assert np.isnan(found[2])


def test_shared_parts_are_those_worked_by_hand():
    left, right = ["a", "b", "c", "d"], ["b", "a", "c", "x"]

    assert jaccard(left, right) == pytest.approx(3 / 5)
    assert tiles_shared(left, right) == pytest.approx(3 / 4)
    # agreements 0, 1, 1, 3/4; weights .5 * (1, 1/2, 1/4, 1/8); the rest goes on at 3/4
    by_hand = 0.5 * (0.5 + 0.25 + 0.75 / 8) + 0.75 / 16
    assert rank_biased_overlap(left, right, persistence=0.5) == pytest.approx(by_hand)


@given(
    st.lists(st.integers(0, 9), unique=True), st.lists(st.integers(0, 9), unique=True)
)
def test_shared_parts_are_symmetric_and_within_bounds(left, right):
    left, right = [str(n) for n in left], [str(n) for n in right]
    for measure in (jaccard, tiles_shared, rank_biased_overlap):
        assert measure(left, right) == measure(right, left)
        assert 0 <= measure(left, right) <= 1 + 1e-12
        if left:
            assert measure(left, left) == pytest.approx(1.0)


def test_halves_of_a_piece_share_and_far_pieces_do_not():
    boards = [["a", "b"], ["a", "c"], ["x", "y"], ["x", "z"]]
    music = l2_normalize(np.array([[1, 0.1], [1, 0.2], [-1, 0.1], [-1, 0.2]]))

    found = consistency_of(boards, boards, music)["jaccard"]

    assert (found.same.value, found.far.value) == (1.0, 0.0)
    assert found.near.value == pytest.approx(1 / 3)
    assert found.chance.value == pytest.approx(1 / 9)
    assert found.same.n == 4


def test_two_tracks_say_nothing_of_near_and_far():
    found = consistency_of([["a"]] * 2, [["a"]] * 2, np.eye(2, dtype=np.float32))

    assert found["jaccard"].same.n == 0


def windows(track_id, vectors, *, step=10.0):
    """Describe a track by one vector a window; the first row is the whole."""
    count = len(vectors)
    starts = [0.0, *(row * step for row in range(count))]
    ends = [count * step, *((row + 1) * step for row in range(count))]
    unit = l2_normalize(np.vstack([np.mean(vectors, axis=0)[None], vectors]))
    return pl.DataFrame(
        {
            "track_id": [track_id] * (count + 1),
            "part": range(count + 1),
            "start_s": starts,
            "end_s": ends,
            "valence": [0.0] * (count + 1),
            "arousal": [0.0, *np.linspace(-1, 1, count)],
            "embedding": unit.tolist(),
            "scores": [[1.0, 0.0]] * (count + 1),
        }
    )


def test_halves_have_no_window_in_common_and_one_window_has_no_halves():
    turned = windows("two", np.array([[1.0, 0], [9, 9], [0, 1.0]]))
    single = windows("one", np.array([[1.0, 0]]))

    halves = halves_of(pl.concat([turned, single]))

    assert halves.track_ids == ("two",)
    assert halves.first.embedding.tolist() == [[1.0, 0.0]]
    assert halves.second.embedding.tolist() == [[0.0, 1.0]]
    assert halves.second.affect.tolist() == [[0.0, 1.0]]


def test_no_track_at_all_has_no_halves():
    assert halves_of(windows("one", np.eye(2))[:0]).track_ids == ()


@pytest.fixture
def library(store, encoder):
    """Five tracks of four windows each, in the tables that a survey leaves."""
    rng = np.random.default_rng(8)
    kept = []
    for number in range(5):
        middle = rng.normal(size=encoder.dimension)
        vectors = middle + 0.3 * rng.normal(size=(4, encoder.dimension))
        for row in windows(f"t{number}", vectors).to_dicts():
            rest = {"sha256": "ab" * 32, "fingerprint": encoder.fingerprint}
            kept.append(
                row | rest | {"moods": ["calm"], "labelled": False, "strength": 1.0}
            )
    # A song's looks follow from its sound, its feeling stays what it is.
    weight = np.zeros((FEELING + encoder.dimension, DIMENSION), np.float32)
    weight[:FEELING, :FEELING] = np.eye(FEELING)
    weight[FEELING:, FEELING:] = rng.normal(size=(encoder.dimension, LOOK))
    arrays = {"weight": weight, "bias": np.zeros(len(weight[0]), np.float32)}
    write_arrays(store, "models/p.safetensors", arrays, {"kind": "ridge"})
    axes = {"directions": np.eye(len(AXES), len(weight[0]), dtype=np.float32)}
    write_arrays(store, "models/d.safetensors", axes, {})
    for table in ("track_embeddings", "track_tags"):
        rows = [{name: row[name] for name in TABLES[table].columns} for row in kept]
        write_table(store, table, frame(table, rows))
    return store


def test_a_library_is_measured_from_its_tables_alone(
    library, encoder, run_profile, vocabulary
):
    desk = exact_desk(library, encoder, run_profile, vocabulary)

    report = report_boards(desk, tracks=4, seed=2)

    assert report.curves["mmr"].distance.shape[0] == 4
    assert report.consistency["jaccard"].same.n == 4
    assert report.one_vector == 0
    assert report.chosen()[0] <= 1.0 + 1e-9
    assert report.matched()["mmr"][1].value == 0.0
    assert report.as_json() == report_boards(desk, tracks=4, seed=2).as_json()
    assert set(report.as_json()["at_equal_relevance"]) == set(MEASURED)


def test_tracks_whose_windows_share_one_vector_tell_nothing_of_halves(
    library, encoder, run_profile, vocabulary
):
    parts = read_table(library, "track_embeddings")
    same = parts.with_columns(pl.col("embedding").first().over("track_id"))
    write_table(library, "track_embeddings", same)
    desk = exact_desk(library, encoder, run_profile, vocabulary)

    felt = report_boards(desk, tracks=9)
    tags = read_table(library, "track_tags")
    write_table(
        library, "track_tags", tags.with_columns(arousal=pl.lit(0.0, pl.Float32))
    )
    alike = report_boards(desk, tracks=9)

    assert (felt.one_vector, felt.consistency["jaccard"].same.n) == (5, 5)
    assert len(alike.curves["mmr"].distance) == 5
    assert alike.consistency["jaccard"].same.n == 0
    assert alike.as_json()["consistency"]["jaccard"]["same"]["value"] is None


def test_an_empty_library_is_refused_with_the_remedy(
    library, encoder, run_profile, vocabulary
):
    for table in ("track_embeddings", "track_tags"):
        write_table(library, table, TABLES[table].empty())
    desk = exact_desk(library, encoder, run_profile, vocabulary)

    with pytest.raises(BoardError, match="fit_bridge"):
        report_boards(desk, tracks=4)


def test_exact_search_orders_by_cosine_whatever_the_collection():
    unit = l2_normalize(np.array([[1, 0], [1, 1], [0, 1]], np.float32))
    index = ExactIndex(None, ("east", "between", "north"), unit)
    index.require("any", 7)

    [hits] = index.search("any", np.array([[0, 3.0]], np.float32), top_k=2)

    assert [hit.image_id for hit in hits] == ["north", "between"]
    assert hits[1].score == pytest.approx(np.sqrt(0.5))
