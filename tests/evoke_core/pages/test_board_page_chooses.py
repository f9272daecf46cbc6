"""The page in a real browser chooses the very tiles that Python chooses, in a frame."""

import numpy as np
import pytest

from evoke_core.boards.refine import Caps, relevance_of
from evoke_core.config.fields import AXES
from tests.benchmarks.slider import DRAG
from tests.evoke_core.pages.planted_board import plant
from tests.evoke_core.pages.visit import Visit, write_page

SETTINGS = [20, pytest.param(200, marks=pytest.mark.slow)]

pytestmark = pytest.mark.browser

# One frame a setting; then every expected tile must stand where the page's own masonry
# puts it, and no other may be there.
_DISAGREEMENTS = """
async ({ moves, expected }) => {
  const board = JSON.parse(document.getElementById("board-data").textContent);
  const pictures = new Map(board.candidates.map((one) => [one.image_id, one]));
  const width = document.getElementById("grid").clientWidth;
  const probe = document.createElement("i");
  const wrong = [];
  for (const [at, move] of moves.entries()) {
    if (typeof move === "string") {
      const changed = new Promise((done) => {
        addEventListener("hashchange", done, { once: true });
      });
      location.hash = move;
      await changed;
    } else {
      for (const [axis, value] of Object.entries(move)) {
        const slider = document.querySelector(`[data-axis="${axis}"]`);
        slider.value = value;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
    await new Promise(requestAnimationFrame);
    const shown = [...document.querySelectorAll(".grid .tile:not(.is-leaving)")];
    const where = new Map(shown.map((one) => [one.dataset.id, one.style.transform]));
    const ids = expected[at];
    const { places } = masonry(ids.map((id) => pictures.get(id)), width);
    const right = ids.every((id, index) => {
      probe.style.transform = `translate(${places[index].x}px, ${places[index].y}px)`;
      return where.get(id) === probe.style.transform;
    });
    if (!right || shown.length !== ids.length) wrong.push(at);
  }
  return wrong;
}
"""

# Milliseconds of choosing alone, without what the browser draws.
_CHOICES = """
() => {
  const board = JSON.parse(document.getElementById("board-data").textContent);
  const vectors = decodeVectors(board.candidates, board.refinement.dimension);
  return Array.from({ length: 60 }, (_, at) => {
    const from = performance.now();
    chooseTiles(board, vectors, { energy: at / 60, warmth: Math.sin(at) });
    return performance.now() - from;
  });
}
"""


def random_settings(count, *, seed):
    drawn = np.random.default_rng(seed).integers(-20, 21, (count, len(AXES))) / 20
    return [dict(zip(AXES, row, strict=True)) for row in drawn.tolist()]


def chosen(planted, setting, locked, dropped):
    """Choose as `refine.choose_tiles` does, with kept tiles first and none dropped."""
    pool, rules = planted.pool, planted.refinement
    relevance = relevance_of(pool, rules, setting)
    vectors = pool.vectors.astype(np.int64)
    norms = np.sqrt((vectors**2).sum(1).astype(float))
    free = np.ones(len(vectors), bool)
    free[dropped] = False
    caps, taken, likeness = Caps(pool, rules), [], np.full(len(vectors), -np.inf)
    waiting = list(locked)
    while len(taken) < rules.size and free.any():
        value = rules.balance * relevance
        if taken:
            value = value - (1 - rules.balance) * likeness
        best = int(
            waiting.pop(0) if waiting else np.where(free, value, -np.inf).argmax()
        )
        taken.append(best)
        free &= caps.still_free(best)
        cosine = (vectors @ vectors[best]).astype(float) / (norms[best] * norms)
        likeness = np.maximum(likeness, cosine)
    return [f"p{row:03d}" for row in taken]


@pytest.mark.parametrize("count", SETTINGS)
def test_sliders_choose_the_very_tiles_that_python_chooses(visit, planted, count):
    moves = random_settings(count, seed=1)
    expected = [planted.ids(setting) for setting in moves]
    assert len({tuple(ids) for ids in expected}) > count / 2, "they do move"
    given = {"moves": moves, "expected": expected}
    assert visit.page.evaluate(_DISAGREEMENTS, given) == []


@pytest.mark.parametrize("count", SETTINGS)
def test_kept_and_dropped_pictures_leave_page_and_python_of_one_mind(
    visit, planted, count
):
    rng = np.random.default_rng(2)
    moves, expected = [], []
    for setting in random_settings(count, seed=3):
        rows = rng.permutation(len(planted.pool.clusters)).tolist()
        # two of one cluster can't both be kept by hand
        locked = [row for row in rows[: rng.integers(0, 5)] if row % 5 < 3]
        dropped = rows[20 : 20 + rng.integers(1, 30)]
        names = ["lock=" + ",".join(f"p{row:03d}" for row in locked)] if locked else []
        names.append("drop=" + ",".join(f"p{row:03d}" for row in dropped))
        moves.append("&".join([*(f"{k}={v}" for k, v in setting.items()), *names]))
        expected.append(chosen(planted, setting, locked, dropped))
    given = {"moves": moves, "expected": expected}
    assert visit.page.evaluate(_DISAGREEMENTS, given) == []


def test_a_slider_over_500_candidates_leaves_room_in_a_frame(browser, tmp_path):
    with Visit(browser, write_page(plant(500, 40), tmp_path)) as opened:
        opened.page.wait_for_timeout(1000)
        frames = opened.page.evaluate(DRAG, 40)["took"]
        choices = opened.page.evaluate(_CHOICES)
    # on a busy machine the quickest tells; the median frame is the benchmark's to judge
    assert min(choices) <= 8
    assert min(frames) <= 100


def test_what_left_while_a_slider_moved_is_taken_out_at_rest(visit, planted):
    moves = random_settings(30, seed=5)
    expected = [planted.ids(setting) for setting in moves]
    given = {"moves": moves, "expected": expected}
    assert visit.page.evaluate(_DISAGREEMENTS, given) == []
    visit.settle()
    assert visit.page.locator(".grid .tile").count() == len(expected[-1])
    visit.slide(dict.fromkeys(AXES, 0))
    assert visit.tiles() == planted.ids({})
    assert visit.page.locator(".grid .tile:visible").count() == len(planted.ids({}))
