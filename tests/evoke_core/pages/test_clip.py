"""The clip: sections in the song's order, a closed loop, small, credited, silent."""

import io

import numpy as np
import pytest
from PIL import Image

from evoke_core.errors import BoardError
from evoke_core.pages import clip
from evoke_core.pages.clip import choose_scenes, render_clip

COLOURS = ("#c03020", "#2040c0", "#30a040")


def tile(number, section=None):
    colour = COLOURS[(section or 0) % 3]
    return {
        "image_id": f"p{number}", "width_px": 300, "height_px": 220 + 20 * (number % 4),
        "attribution": f"Ann & <{number}>", "licence": "CC BY 4.0",
        "palette": [colour], "section": section,
    }  # fmt: skip


def document(tiles, *spans):
    return {
        "board_id": "b1",
        "track": {"title": "Night", "artist": None, "duration_s": 60.0,
                  "peaks": [0.2, 0.9, 0.5]},
        "arc": [{"start_s": 0.0, "end_s": 60.0, "energy": 0.5, "valence": 0.5}],
        "sections": [
            {"index": n, "start_s": start, "end_s": end}
            for n, (start, end) in enumerate(spans)
        ],
        "tiles": tiles,
    }  # fmt: skip


@pytest.fixture(scope="module")
def song():
    tiles = [tile(number, number % 3) for number in range(36)]
    return document(tiles, (0, 20), (20, 45), (45, 60))


@pytest.fixture(scope="module")
def made(song):
    return render_clip(song, tile_images={})


def frames_of(data):
    with Image.open(io.BytesIO(data)) as opened:
        for number in range(opened.n_frames):
            opened.seek(number)
            yield np.asarray(opened.convert("RGB")).astype(int)


def test_sections_come_in_the_songs_order_with_their_own_tiles_first(song):
    scenes = choose_scenes(song)
    assert [scene.start for scene in scenes] == pytest.approx([0, 1 / 3, 0.75])
    for number, scene in enumerate(scenes):
        assert {one["section"] for one in scene.tiles} == {number}


def test_only_the_longest_of_many_sections_are_shown():
    tiles = [tile(number, number % 9) for number in range(45)]
    spans = [(0, 3), (3, 10), (10, 17), (17, 20), (20, 30), (30, 37), (37, 40),
             (40, 50), (50, 60)]  # fmt: skip
    scenes = choose_scenes(document(tiles, *spans))
    assert [scene.tiles[0]["section"] for scene in scenes] == [1, 2, 4, 5, 7, 8]
    starts = [scene.start for scene in scenes]
    assert starts == sorted(starts)
    assert starts[0] == 0


def test_a_scene_of_few_tiles_is_filled_with_those_shown_least():
    tiles = [tile(n, 0) for n in range(14)] + [tile(14, 1)]
    first, second = choose_scenes(document(tiles, (0, 30), (30, 60)))
    assert [one["image_id"] for one in second.tiles[:3]] == ["p14", "p12", "p13"]
    assert len(first.tiles) == len(second.tiles) == 12


@pytest.mark.parametrize("count", [1, 2, 4, 40])
def test_a_song_without_sections_shows_its_board_in_parts(count):
    scenes = choose_scenes(document([tile(n) for n in range(count)]))
    assert 1 <= len(scenes) <= 3
    assert all(scene.tiles for scene in scenes)


def test_the_clip_is_short_small_and_endless(made):
    with Image.open(io.BytesIO(made)) as opened:
        assert opened.format == "WEBP"
        assert opened.size == (540, 540)
        assert opened.info["loop"] == 0
        length_ms = 0
        for number in range(opened.n_frames):
            opened.seek(number)
            opened.load()
            length_ms += opened.info["duration"]
    assert 4000 <= length_ms <= 6000
    assert len(made) <= 3_000_000


def test_pictures_change_with_the_sections_and_the_loop_closes(made):
    frames = list(frames_of(made))
    middle = [frame[20:400].mean(axis=(0, 1)) for frame in frames]
    first, second, third = (middle[int(len(frames) * at)] for at in (0.1, 0.6, 0.88))
    assert first.argmax() == 0
    assert second.argmax() == 2
    assert third.argmax() == 1
    assert np.abs(middle[0] - middle[-1]).max() < 40


def test_the_ribbon_fills_as_the_clip_goes(made):
    bright = [
        (frame[-36:].max(axis=2) > 130).any(axis=0).sum() for frame in frames_of(made)
    ]
    assert bright[0] < 30
    assert bright[-1] > 480
    assert bright[len(bright) // 2] == pytest.approx(255, abs=30)


def test_the_same_board_gives_the_same_bytes(song, made):
    assert render_clip(song, tile_images={}) == made


def test_credits_stay_with_the_file_as_text(made):
    with Image.open(io.BytesIO(made)) as opened:
        said = opened.info["xmp"].decode()
    assert "Ann &amp; &lt;0&gt; (CC BY 4.0)" in said


def test_noise_that_hardly_shrinks_stays_below_the_limit(monkeypatch):
    monkeypatch.setattr(clip, "SIDE_PX", 216)
    monkeypatch.setattr(clip, "_RIBBON_PX", (184, 32))
    monkeypatch.setattr(clip, "MOST_BYTES", 250_000)
    rng = np.random.default_rng(1)
    images = {}
    for number in range(36):
        buffer = io.BytesIO()
        noise = rng.integers(0, 255, (80, 80, 3), np.uint8)
        Image.fromarray(noise).save(buffer, "JPEG", quality=95)
        images[f"p{number}"] = buffer.getvalue()
    tiles = [tile(number, number % 3) for number in range(36)]
    sung = document(tiles, (0, 20), (20, 45), (45, 60))
    assert len(render_clip(sung, tile_images=images)) <= 250_000


def test_begins_leave_every_scene_its_time():
    crowded = clip._begin_frames([0.0, 0.01, 0.02, 0.97, 0.98, 0.99])
    gaps = np.diff([*crowded, 75 - 7])
    assert crowded[0] == 0
    assert (gaps >= 9).all()


def test_a_board_without_tiles_is_refused():
    with pytest.raises(BoardError, match="no tile"):
        render_clip(document([]), tile_images={})
