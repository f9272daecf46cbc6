"""What everyone may see of a board: nothing of its owner, nothing that is barred."""

import base64
import json
from pathlib import Path

import pytest

from evoke_core.boards.clearance import Rules, clear_document
from evoke_core.config.fields import AXES
from evoke_core.corpus.licences import load_licences
from evoke_core.errors import BoardError


def picture(number, **other):
    vector = bytes([100 - number, number, 5, 1])
    return {
        "image_id": f"p{number}", "source": "folder",
        "source_key": f"Ann/private folder/{number} sea.jpg", "title": f"Sea {number}",
        "artist": None, "attribution": f"credit {number}", "licence": "CC0-1.0",
        "licence_url": None, "url": None, "width_px": 300, "height_px": 200,
        "palette": ["#102030"], "cluster_id": f"p{number}",
        "thumbnail": "../../thumbnails/ab/abcd.jpg", "score": 0.5, "section": None,
        "why": ["calm"], "vector": base64.b64encode(vector).decode(), "file": "/home/x",
    } | other  # fmt: skip


def board(*candidates, tiles=3, **other):
    axes = [
        {"name": name, "low": "a", "high": "b", "direction": [0, 0, 0, 1]}
        for name in AXES
    ]
    return {
        "schema": "evoke.board/1", "board_id": "secret-file-name-0123456789",
        "refined_from": "secret-file-name",
        "track": {
            "track_id": "secret-file-name-0123456789", "source": "drops",
            "source_key": "Ann/secret file name.mp3", "title": "Night & Day",
            "artist": "Ann", "duration_s": 4.0, "sha256": "ab" * 32,
            "audio": "../../drops/Ann/secret%20file%20name.mp3", "peaks": [0.1],
            "note": None, "lyrics": "la la",
        },
        "moods": [], "emotion_profile": {}, "arc": [], "sections": [],
        "palette": ["#102030"],
        "tiles": [{**one, "vector": None} for one in candidates[:tiles]],
        "candidates": list(candidates),
        "refinement": {
            "board_size": 3, "balance": 1.0, "reach": 0.8, "max_per_artist": 9,
            "max_per_source": None, "axes": axes, "setting": {},
            "queries": [{"name": "whole", "weight": 0.7, "vector": [1.0, 0, 0, 0]}],
        },
        "relevance": 0.5, "diversity": 0.2, "notes": [],
        "release": {"release_id": "r"}, "later_field": "s3://secret/store",
    } | other  # fmt: skip


def whole_board(*candidates, tiles=3):
    """A board that can be drawn, too."""
    measures = ("energy", "valence", "texture", "harmonic_complexity")
    return board(
        *candidates,
        tiles=tiles,
        emotion_profile=dict.fromkeys((*measures, "rhythmic_density"), 0.5),
        release={
            "release_id": "r", "made_at": "2026-01-01", "image_encoder": "i",
            "music_encoder": "m", "bridge": "ridge", "licence": "MIT",
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def licences():
    return load_licences(Path(__file__).parents[3] / "assets_config" / "licences.yaml")


@pytest.fixture
def rules(licences):
    return Rules(licences, "research")


def test_nothing_of_the_owner_is_taken_over(rules):
    cleared, left_out = clear_document(board(*map(picture, range(5))), rules)
    text = json.dumps(cleared)
    for private in ("secret", "drops", "mp3", "Ann/", "private", "/home", "la la",
                    "thumbnails", "abab", "s3://"):  # fmt: skip
        assert private not in text
    assert cleared["track"]["audio"] is None
    assert cleared["track"]["title"] == "Night & Day"
    assert cleared["board_id"].startswith("night-day-")
    assert cleared["tiles"][0]["source_key"] == "0 sea"
    assert [one["attribution"] for one in cleared["tiles"]] == [
        "credit 0", "credit 1", "credit 2",
    ]  # fmt: skip
    assert left_out == ()


def test_two_boards_of_one_title_get_two_names(rules):
    names = {
        clear_document(board(picture(0), board_id=one), rules)[0]["board_id"]
        for one in ("a", "b", "a")
    }
    assert len(names) == 2


@pytest.mark.parametrize(
    ("licence", "research", "commercial"),
    [
        ("CC0-1.0", True, True),
        ("CC BY 4.0", True, True),
        ("Unsplash", True, True),
        ("CC BY-NC 4.0", True, False),
        ("CC BY-NC-SA 4.0", True, False),
        ("CC BY-ND 4.0", False, False),
        ("CC BY-NC-ND 4.0", False, False),
        ("private", False, False),
        ("Research use only", False, False),
        ("All rights reserved", False, False),
        ("whatever this is", False, False),
    ],
)
def test_a_licence_is_read_for_everyone_not_for_the_owner(
    licences, licence, research, commercial
):
    assert Rules(licences, "research").admits(licence) is research
    assert Rules(licences, "commercial").admits(licence) is commercial


def test_a_barred_picture_refuses_the_board_and_is_named(rules):
    barred = picture(1, licence="private"), picture(4, licence="odd")
    shown = board(picture(0), barred[0], picture(2), picture(3), barred[1])
    with pytest.raises(BoardError) as refused:
        clear_document(shown, rules)
    said = str(refused.value)
    assert "2 of the 5 pictures that it can show, 1 of them tiles" in said
    assert "credit 1 (private); credit 4 (odd)" in said
    assert "LEAVE_OUT=yes" in said


def test_the_board_is_chosen_again_without_what_is_barred(licences):
    rules = Rules(licences, "research", leave_out=True)
    barred = picture(0, licence="private")
    shown = board(barred, *(picture(n) for n in range(1, 6)))
    cleared, left_out = clear_document(shown, rules)
    assert left_out == ("credit 0 (private)",)
    assert "credit 0" not in json.dumps(cleared)
    # by relevance alone the next in line moves up
    assert [one["image_id"] for one in cleared["tiles"]] == ["p1", "p2", "p3"]
    assert len(cleared["candidates"]) == 5
    assert 0.9 < cleared["relevance"] <= 1.0
    assert cleared["diversity"] != 0.2


def test_a_board_of_which_nothing_is_left_is_refused(licences):
    rules = Rules(licences, "commercial", leave_out=True)
    shown = board(*(picture(n, licence="CC BY-NC 4.0") for n in range(3)))
    with pytest.raises(BoardError, match="none of its pictures may be shown"):
        clear_document(shown, rules)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org/photo?id=3", True),
        ("http://203.0.113.9/a.jpg", False),  # set aside for documentation
        ("http://192.168.1.4/a.jpg", False),
        ("http://[::1]/a.jpg", False),
        ("http://[broken/a.jpg", False),
        ("http://nas/a.jpg", False),
        ("http://nas./a.jpg", False),
        ("http://NAS.local/a.jpg", False),
        ("http://nas.local./a.jpg", False),
        ("http://nas\u3002local/a.jpg", False),
        ("http://x.nas\u3002local/a.jpg", False),
        ("http://nas.lo%63al/a.jpg", False),
        ("http://box.lan/a.jpg", False),
        ("http://box.home/a.jpg", False),
        ("http://box.home.arpa/a.jpg", False),
        ("http://x.internal/a.jpg", False),
        ("http://x.localdomain:8080/a.jpg", False),
        ("http://127.1/a.jpg", False),
        ("http://127.0.0.1./a.jpg", False),
        ("http://192.168.0x1/a.jpg", False),
        ("http://[::ffff:192.168.1.4]/a.jpg", False),
        ("http://8.8.8.8/a.jpg", True),
        ("http://[2606:4700:4700::1111]/a.jpg", True),
        ("https://b\u00fccher.example/a.jpg", True),
        ("https://local.example.org/a.jpg", True),
        ("https://thelan/a.jpg", False),
        ("https://the.midlan.de/a.jpg", True),
        (f"https://{'a' * 64}.org/a.jpg", False),
        ("https://ann:pass@example.org/a.jpg", False),
        ("https://b.s3.amazonaws.com/a.jpg?X-Amz-Signature=12", False),
        ("https://example.org/a.jpg?a=1&token=12", False),
        ("s3://bucket/a.jpg", False),
        ("file:///home/ann/a.jpg", False),
        (None, False),
    ],
)
def test_only_addresses_that_anyone_may_follow_are_kept(rules, url, kept):
    cleared, _ = clear_document(board(picture(0, url=url, licence_url=url)), rules)
    one = cleared["tiles"][0]
    assert one["url"] == one["licence_url"] == (url if kept else None)


def test_a_path_of_another_system_is_cut_too(rules):
    shown = board(picture(0, source_key="C:\\Users\\Ann\\sea.jpg"))
    assert clear_document(shown, rules)[0]["candidates"][0]["source_key"] == "sea"
