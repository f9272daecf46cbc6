"""A study is made from boards that are stored, and says so where it can't be."""

import pytest

from evoke_core.boards.cards import list_boards
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


@pytest.mark.parametrize(
    "torn", [b"", b"[]", b"{}", b'{"board_id": "x"}', b"[" * 99_999]
)
def test_a_study_over_all_boards_leaves_damaged_ones_out(store, torn):
    whole = make_study(store, [], StudyPlan(trials=4), listen_s=5)
    store.write("boards/torn-0/board.json", torn)

    made = make_study(store, [], StudyPlan(trials=4), listen_s=5)

    assert made.study == whole.study
    assert set(made.left_out) == {"torn-0"}
    assert "compose it again" in made.left_out["torn-0"]
    with pytest.raises(BoardError, match=r"board torn-0: its board\.json is damaged"):
        make_study(store, ["dawn-0", "torn-0"], StudyPlan(), listen_s=5)


def test_a_board_that_went_since_the_listing_is_left_out(store, monkeypatch):
    def listed(store):
        return {"gone-0": "?", **list_boards(store)}

    monkeypatch.setattr("evoke_core.reviews.making.list_boards", listed)
    made = make_study(store, [], StudyPlan(trials=4), listen_s=5)
    assert "no stored board 'gone-0'" in made.left_out["gone-0"]


def test_where_no_board_can_be_read_each_is_named(tmp_path):
    store = LocalStore(tmp_path)
    for name in ("a-0", "b-0"):
        store.write(f"boards/{name}/board.json", b"{")
    with pytest.raises(BoardError, match=r"board a-0: .*; board b-0: "):
        make_study(store, [], StudyPlan(), listen_s=5)


def test_a_study_leaves_its_page_and_keeps_its_key_apart(store):
    made = make_study(store, [], StudyPlan(trials=4), listen_s=5)

    assert made.page == page_key(made.study.study_id)
    assert made.answers != made.page
    assert len(store.read(made.page)) == made.size_bytes
    assert store.exists(made.answers)
