"""A stored document gives back what tiles were chosen from, and by which rules."""

import numpy as np

from evoke_core.boards.refine import choose_tiles
from evoke_core.boards.stored import as_tile, read_pool, read_refinement
from tests.evoke_core.pages.planted_board import plant


def test_the_tiles_of_a_document_are_chosen_again_from_what_it_holds():
    document = plant().document
    pool = read_pool(document["candidates"])
    refinement = read_refinement(document["refinement"])

    chosen = choose_tiles(pool, refinement, {})

    ids = [one["image_id"] for one in document["candidates"]]
    assert [ids[row] for row in chosen] == [t["image_id"] for t in document["tiles"]]
    assert pool.vectors.dtype == np.int8
    assert len(refinement.queries) == len(document["refinement"]["queries"])


def test_a_tile_says_all_of_its_candidate_but_the_vector():
    assert as_tile({"image_id": "a", "vector": "AA=="}) == {"image_id": "a"}
