import numpy as np
import polars as pl

from evoke_core.config import TagRules
from evoke_core.music.handcrafted import HandcraftedMusicEncoder
from evoke_core.music.tags import tag_tracks

RULES = TagRules(bandwidth=0.35, word_weight=0.5, per_item=1)


class Reader(HandcraftedMusicEncoder):
    """Reads two words, each on an axis of its own."""

    def encode_texts(self, texts):
        return np.array([[float("calm" in t), float("loud" in t)] for t in texts])


def parts(vectors, affect):
    return pl.DataFrame(
        {
            "track_id": [f"t{row}" for row in range(len(vectors))],
            "part": [0] * len(vectors),
            "valence": [place[0] for place in affect],
            "arousal": [place[1] for place in affect],
            "embedding": np.asarray(vectors, np.float32).tolist(),
        },
        schema_overrides={
            "part": pl.Int32,
            "valence": pl.Float32,
            "arousal": pl.Float32,
            "embedding": pl.List(pl.Float32),
        },
    )


def test_an_encoder_that_reads_texts_is_asked_by_prompts(vocabulary_of):
    vocabulary = vocabulary_of(calm="calm pads", loud="loud drums")
    # Their place on the plane says nothing here: both moods lie at the same one.
    rows = parts([[0.9, 0.4], [0.4, 0.9]], [(0, 0), (0, 0)])
    tags = tag_tracks(rows, vocabulary, RULES, Reader())
    assert tags["moods"].to_list() == [["calm"], ["loud"]]
    np.testing.assert_allclose([sum(s) for s in tags["scores"]], 1, atol=1e-6)


def test_any_other_encoder_is_tagged_by_the_plane(assets_config):
    from evoke_core.config import load_vocabulary

    vocabulary = load_vocabulary(assets_config)
    serene = vocabulary.moods["serene"]
    rows = parts([[1.0, 0.0]], [(serene.valence, serene.arousal)])
    tags = tag_tracks(rows, vocabulary, RULES, HandcraftedMusicEncoder())
    assert tags["moods"].to_list() == [["serene"]]


def test_an_empty_library_has_no_tags(vocabulary_of):
    empty = parts([[0.0, 1.0]], [(0, 0)]).clear()
    tagged = tag_tracks(empty, vocabulary_of(a="a"), RULES, HandcraftedMusicEncoder())
    assert tagged.height == 0
