"""What a job that encodes asks of a cluster."""

import json

import dagster as dg
import pytest

from evoke_core.errors import ConfigError
from evoke_pipelines.pods import gpu_tags


@pytest.mark.parametrize("said", ["", "0"])
def test_without_gpus_a_job_has_no_tags(said: str, monkeypatch) -> None:
    monkeypatch.setenv("EVOKE_GPU_PODS", said)
    assert gpu_tags() == {}


def test_a_number_asks_for_that_many_and_joins_the_queue(monkeypatch) -> None:
    monkeypatch.setenv("EVOKE_GPU_PODS", "2")
    tags = gpu_tags()
    assert tags["evoke/queue"] == "gpu"
    resources = tags["dagster-k8s/config"]["container_config"]["resources"]
    assert resources["limits"]["nvidia.com/gpu"] == "2"


def test_what_is_no_number_is_said_when_the_code_loads(monkeypatch) -> None:
    monkeypatch.setenv("EVOKE_GPU_PODS", "yes")
    with pytest.raises(ConfigError, match="EVOKE_GPU_PODS: got 'yes'"):
        gpu_tags()


def test_a_job_carries_them_to_its_runs(monkeypatch) -> None:
    monkeypatch.setenv("EVOKE_GPU_PODS", "1")

    @dg.job(tags=gpu_tags())
    def encode() -> None: ...

    pod = json.loads(encode.tags["dagster-k8s/config"])
    assert pod["pod_spec_config"]["tolerations"][0]["key"] == "nvidia.com/gpu"


def test_the_launcher_takes_them(monkeypatch) -> None:
    launcher = pytest.importorskip("dagster_k8s.job", reason="extra kubernetes missing")
    monkeypatch.setenv("EVOKE_GPU_PODS", "1")
    config = gpu_tags()["dagster-k8s/config"]
    taken = launcher.UserDefinedDagsterK8sConfig.from_dict(config)
    assert taken.container_config["resources"]["limits"]["nvidia.com/gpu"] == "1"
