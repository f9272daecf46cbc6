"""A study is made from boards that are stored, and says so where it can't be."""

import pytest

from evoke_core.errors import BoardError
from evoke_core.reviews.dealing import StudyPlan
from evoke_core.reviews.making import make_study
from evoke_core.reviews.study import page_key
from evoke_core.storage.local import LocalStore


def test_before_any_board_a_study_names_the_remedy(tmp_path):
    with pytest.raises(BoardError, match="no board to judge yet; drop a song"):
        make_study(LocalStore(tmp_path), [], StudyPlan(), listen_s=5)


def test_a_board_that_is_not_there_is_named(store):
    with pytest.raises(BoardError, match="dusk-9"):
        make_study(store, ["dusk-9"], StudyPlan(), listen_s=5)


def test_a_study_leaves_its_page_and_keeps_its_key_apart(store):
    made = make_study(store, [], StudyPlan(trials=4), listen_s=5)

    assert made.page == page_key(made.study.study_id)
    assert made.answers != made.page
    assert len(store.read(made.page)) == made.size_bytes
    assert store.exists(made.answers)
