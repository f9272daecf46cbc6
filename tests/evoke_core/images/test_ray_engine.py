"""Ray gives the rows of one machine, in order, whatever becomes of its actors."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from evoke_core.corpus.survey import thumbnail_key
from evoke_core.errors import ConfigError, EvokeError, WeightsMissing
from evoke_core.images.embed import embed_pictures
from evoke_core.images.handcrafted import HandcraftedImageEncoder
from evoke_core.images.ray_engine import Devices, Work, count_devices, map_on_devices
from evoke_core.schemas import TABLES
from evoke_core.storage.journal import Journal
from evoke_core.storage.local import LocalStore
from evoke_core.vectors import l2_normalize

BATCHES = [[f"picture-{batch}-{row}" for row in range(3)] for batch in range(8)]


def rows_of(names: Sequence[str]) -> pl.DataFrame:
    """Rows that a name alone decides, as an encoder's would."""
    drawn = [np.random.default_rng(len(n) + ord(n[8])).normal(size=6) for n in names]
    return TABLES["image_embeddings"].frame(
        {
            "sha256": list(names),
            "fingerprint": ["tiny"] * len(names),
            "embedding": l2_normalize(np.stack(drawn)).tolist(),
        }
    )


def make_dying_work(marks: Path) -> Work:
    """Work whose process ends at picture-3-0, the first time."""

    def work(names: Sequence[str]) -> pl.DataFrame:
        (marks / f"pid-{os.getpid()}").touch()
        if names[0] == "picture-3-0" and not (marks / "died").exists():
            (marks / "died").touch()
            os._exit(1)
        return rows_of(names)

    return work


def make_work() -> Work:
    return rows_of


def make_refusing_work() -> Work:
    def work(names: Sequence[str]) -> pl.DataFrame:
        raise WeightsMissing(f"no weights for {names[0]}")

    return work


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[None]:
    """A cluster of two nodes with one core each, on this machine."""
    ray = pytest.importorskip("ray", reason="needs the extra: ray")
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        cluster.add_node(**node)
        ray.init(address=cluster.address, log_to_driver=False)
        yield
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own, of which there are many
def test_two_nodes_give_the_rows_of_one_machine_though_an_actor_dies(
    two_nodes: None, tmp_path: Path
):
    make = partial(make_dying_work, tmp_path)
    made = list(map_on_devices(make, BATCHES, fingerprint="tiny"))

    assert (tmp_path / "died").exists()
    assert len(list(tmp_path.glob("pid-*"))) >= 2  # the dead one and another
    assert len(made) == len(BATCHES)
    for frame, names in zip(made, BATCHES, strict=True):
        assert_frame_equal(frame, rows_of(names))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_table_of_embeddings_is_the_same_as_without_ray(
    two_nodes: None, store: LocalStore, jpeg: Callable[..., bytes]
):
    names = [f"{seed:064x}" for seed in range(40)]
    for seed, name in enumerate(names):
        store.write(thumbnail_key(name), jpeg(seed))
    facts = pl.DataFrame({"sha256": names, "status": ["measured"] * len(names)})
    known = TABLES["image_embeddings"].empty()

    def embedded(journal: str, elsewhere: type | None) -> pl.DataFrame:
        return embed_pictures(
            facts,
            known,
            HandcraftedImageEncoder(),
            Journal(store, "image_embeddings", journal),
            report=lambda *_: None,
            elsewhere=elsewhere,
        )

    here = embedded("here", None)
    assert here.height == len(names)
    assert_frame_equal(embedded("ray", HandcraftedImageEncoder), here)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_rows_of_another_encoder_are_refused(two_nodes: None):
    with pytest.raises(ConfigError, match="a node encodes as tiny"):
        list(map_on_devices(make_work, BATCHES[:1], fingerprint="tiny-bf16"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_what_is_wrong_on_a_node_is_said_here_in_one_line(two_nodes: None):
    said = "^engine: ray: WeightsMissing: no weights for picture-0-0$"
    with pytest.raises(EvokeError, match=said):
        list(map_on_devices(make_refusing_work, BATCHES[:1], fingerprint="tiny"))


def test_no_batches_start_no_cluster():
    assert list(map_on_devices(make_work, [], fingerprint="tiny")) == []


def test_without_ray_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(ConfigError, match=r"pip install 'evoke\[ray\]'"):
        list(map_on_devices(make_work, BATCHES, fingerprint="tiny"))


def node(**resources: float) -> dict:
    return {"Alive": True, "Resources": resources}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([node(CPU=4, GPU=2), node(CPU=4, GPU=1)], Devices(count=3, gpus=1)),
        ([node(CPU=4), node(CPU=16)], Devices(count=2, gpus=0)),
        ([node(CPU=4), node(memory=1.0)], Devices(count=1, gpus=0)),
        ([node(CPU=4), {"Alive": False, "Resources": {"GPU": 8}}], Devices(1, 0)),
        ([], Devices(count=1, gpus=0)),
    ],
)
def test_a_device_is_a_gpu_or_where_there_are_none_a_node(
    nodes: list[dict], expected: Devices
):
    assert count_devices(nodes) == expected
