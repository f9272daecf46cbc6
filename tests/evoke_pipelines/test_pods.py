"""What a job that encodes asks of a cluster."""

import json
import sys
from importlib.util import find_spec, module_from_spec
from types import ModuleType

import dagster as dg
import pytest

from evoke_core.errors import ConfigError
from evoke_pipelines.definitions import defs
from evoke_pipelines.pods import QUEUE, gpu_tags

MODELS = {"image_encoder", "music_encoder", "memory_studio"}


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


def loaded_anew(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load a module once more, as a code location with another environment would."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


def test_every_job_that_opens_a_model_asks_for_a_gpu(monkeypatch) -> None:
    """A precision is measured by device, and what it is stands in the release."""
    monkeypatch.setenv("EVOKE_GPU_PODS", "1")
    loaded_anew("evoke_pipelines.operations", monkeypatch)
    jobs = loaded_anew("evoke_pipelines.jobs", monkeypatch).JOBS
    asking = {job.name for job in jobs if QUEUE in (job.tags or {})}
    opening = {
        job.name
        for job in jobs
        for op in defs.resolve_job_def(job.name).graph.iterate_op_defs()
        if MODELS & op.required_resource_keys
    }
    assert asking == opening
