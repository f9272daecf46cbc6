"""From an object that is put to its board, by the bucket's own notifications.

One S3 and SQS endpoint over HTTP sends a message for every object that is put; beside
it the sensor's tick, what the daemon does with it, and the run itself.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from evoke_core.config.drops import DropRules
from evoke_core.drops import ledger
from evoke_core.drops.drop import Drop, drop_of
from evoke_core.drops.sweep import Sweep, dump_sweep
from evoke_core.drops.tickets import find_ticket
from evoke_core.storage.s3 import S3Store
from evoke_pipelines.assets import boards
from evoke_pipelines.definitions import defs
from evoke_pipelines.partitions import AUDIO_DROPS_NAME
from evoke_pipelines.sensors import audio_drop_sensor
from tests.evoke_core.boards.conftest import (  # noqa: F401 (fixtures)
    chord,
    encoder,
    index,
    run_profile,
    store,
    vocabulary,
)

BUCKET, PREFIX = "music", "some/prefix"
BEYOND = dump_sweep(Sweep(after="drops/~"))  # so that only a notice finds a song
KEY = dg.AssetKey("audio_drop_board")


@dataclass
class Deployment:
    """A store in a bucket, the queue of its notifications, and an instance."""

    store: S3Store
    sqs: Any
    queue_url: str
    instance: dg.DagsterInstance
    resources: dict[str, Any]

    def put(self, key: str, data: bytes) -> Drop:
        """Put an object as anybody would, with no more than S3's own words."""
        self.store.client.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{key}", Body=data)
        return drop_of(key, str(self.store.etag(key)))

    def tick(self, cursor: str | None = BEYOND) -> Any:
        context = dg.build_sensor_context(
            instance=self.instance, cursor=cursor, definitions=defs,
            resources={name: self.resources[name] for name in ("store", "run_profile")},
        )  # fmt: skip
        return audio_drop_sensor(context)

    def launch(self, tick: Any) -> list[dg.ExecuteInProcessResult]:
        """Do what the daemon does with a tick."""
        for request in tick.dynamic_partitions_requests:
            self.instance.add_dynamic_partitions(
                AUDIO_DROPS_NAME, request.partition_keys
            )
        job = dg.Definitions(
            assets=[boards.audio_drop_board],
            resources=self.resources,
            jobs=[dg.define_asset_job("compose", executor_def=dg.in_process_executor)],
        ).resolve_job_def("compose")
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        return [
            job.execute_in_process(
                instance=self.instance,
                partition_key=request.partition_key,
                tags={"dagster/sensor_name": "audio_drop_sensor", **request.tags},
                run_config=quiet,
            )
            for request in tick.run_requests
        ]

    def waiting(self) -> int:
        """Count the messages in the queue, handed out or not."""
        of = "ApproximateNumberOfMessages"
        names = [of, f"{of}NotVisible"]
        found = self.sqs.get_queue_attributes(
            QueueUrl=self.queue_url, AttributeNames=names
        )
        return sum(int(found["Attributes"][name]) for name in names)


def queue_of(bucket: S3Store, sqs: Any) -> str:
    """Let a bucket tell a queue of every object below the store's drops."""
    url: str = sqs.create_queue(QueueName="notices")["QueueUrl"]
    said = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    rule = {"Name": "prefix", "Value": f"{PREFIX}/drops/"}
    told = {
        "QueueArn": said["Attributes"]["QueueArn"],
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [rule]}},
    }
    bucket.client.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [told]}
    )
    return url


@pytest.fixture
def deployed(
    aws, store, index, encoder, run_profile, vocabulary  # noqa: F811
) -> Iterator[Deployment]:  # fmt: skip
    import boto3

    bucket, sqs = S3Store(BUCKET, PREFIX), boto3.client("sqs")
    bucket.client.create_bucket(Bucket=BUCKET)
    for found in store.listing(""):
        bucket.write(found.key, store.read(found.key))
    url = queue_of(bucket, sqs)
    rules = DropRules(trigger="sqs", queue_url=url)
    resources = {
        "store": bucket,
        "index": SimpleNamespace(open=lambda: nullcontext(index)),
        "music_encoder": encoder,
        "run_profile": run_profile.model_copy(update={"drops": rules}),
        "vocabulary": vocabulary,
    }
    with dg.DagsterInstance.ephemeral() as instance:
        yield Deployment(bucket, sqs, url, instance, resources)
    sqs.close()
    bucket.client.close()


def test_a_song_that_the_bucket_announces_becomes_a_board(deployed, chord) -> None:  # noqa: F811
    song = deployed.put("drops/in a set/blue + chörd.wav", chord)
    assert deployed.waiting() >= 2  # S3's own test event, and the song at least once
    tick = deployed.tick()

    assert [each.partition_key for each in tick.run_requests] == [song.drop_id]
    assert find_ticket(deployed.store, song.drop_id).drop.size_bytes == len(chord)
    assert deployed.waiting() == 0
    [run] = deployed.launch(tick)
    assert run.success
    assert deployed.instance.get_materialized_partitions(KEY) == {song.drop_id}
    assert deployed.store.exists(f"boards/{song.drop_id}/board.html")
    assert deployed.store.exists("boards/index.html")
    assert ledger.recorded(deployed.store, [song]) == {song.drop_id}


def test_what_is_announced_twice_or_served_already_is_asked_for_once(
    deployed, chord  # noqa: F811
) -> None:  # fmt: skip
    deployed.put("drops/a.wav", chord)
    deployed.put("drops/a.wav", chord)
    tick = deployed.tick()
    assert len(tick.run_requests) == 1
    deployed.launch(tick)
    deployed.put("drops/a.wav", chord)
    assert deployed.tick().run_requests == []
    assert deployed.waiting() == 0


def test_boards_and_sidecars_are_not_announced_as_songs(deployed, chord) -> None:  # noqa: F811
    deployed.put("drops/a.json", b"{}")
    deployed.put("boards/a/board.json", b"{}")
    assert deployed.waiting() == 2  # the bucket knows nothing of sidecars
    assert deployed.tick().run_requests == []
    assert deployed.waiting() == 0


def test_a_message_that_was_lost_is_netted_by_the_walk(deployed, chord) -> None:  # noqa: F811
    deployed.put("drops/a.wav", chord)
    deployed.sqs.purge_queue(QueueUrl=deployed.queue_url)
    assert deployed.tick(BEYOND).run_requests == []
    assert len(deployed.tick(None).run_requests) == 1


def test_a_tick_that_dies_before_the_ticket_leaves_the_message(
    deployed, chord, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:  # fmt: skip
    deployed.put("drops/a.wav", chord)
    with monkeypatch.context() as broken:
        broken.setattr("evoke_pipelines.sensors.write_ticket", None)
        with pytest.raises(TypeError):
            deployed.tick()
    assert deployed.waiting() == 2  # the first is S3's own test event
