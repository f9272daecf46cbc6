"""The files by which a team deploys: that they hold together, and give nothing away."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.instance.config import dagster_instance_config
from dagster._core.workspace.config_schema import process_workspace_config

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "assets_config" / "deploy"
OURS = ("code", "daemon", "webserver")
STORAGE = ("DAGSTER_PG_HOST", "DAGSTER_PG_PORT", "DAGSTER_PG_DB", "DAGSTER_PG_USER")
# Values of the Helm chart that we set, by the schema of the chart's own repository.
CHART = {
    "global", "generatePostgresqlPasswordSecret", "serviceAccount", "postgresql",
    "dagsterWebserver", "dagsterDaemon", "dagster-user-deployments", "runLauncher",
    "computeLogManager", "retention", "telemetry", "additionalInstanceConfig",
}  # fmt: skip
DEPLOYMENT = {
    "name", "image", "port", "codeServerArgs", "includeConfigInLaunchedRuns", "env",
    "envSecrets", "podSecurityContext", "securityContext", "volumeMounts", "volumes",
}  # fmt: skip


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def chart() -> Any:
    return yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text())


def leaves(
    value: Any, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every scalar of a document with the keys that lead to it."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*path, str(key)))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, (*path, str(number)))
    else:
        yield path, value


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("name", ["dagster.yaml", "dagster-team.yaml"])
def test_dagster_takes_both_instance_files(name: str) -> None:
    taken, _ = dagster_instance_config(str(DEPLOY), name)
    assert taken["telemetry"] == {"enabled": False}
    assert taken["run_monitoring"]["enabled"]
    assert taken["concurrency"]["pools"]["default_limit"] == 1
    assert taken["retention"]["sensor"]["purge_after_days"]["skipped"] == 7


def test_the_teams_workspace_names_a_server_by_environment(monkeypatch) -> None:
    monkeypatch.setenv("EVOKE_CODE_HOST", "code")
    monkeypatch.setenv("EVOKE_CODE_PORT", "4000")
    taken = process_workspace_config(
        yaml.safe_load((DEPLOY / "workspace-team.yaml").read_text())
    )
    [server] = taken.value["load_from"]
    assert server["grpc_server"]["location_name"] == "evoke"


def test_no_file_holds_a_password(compose: Any, chart: Any) -> None:
    team = yaml.safe_load((DEPLOY / "dagster-team.yaml").read_text())
    for document in (compose, chart, team):
        for path, value in leaves(document):
            named = [each for each in path if re.search("(?i)password|secret_", each)]
            if named and isinstance(value, str) and path[-1] != "env":
                assert re.match(r"\$\{\w+:\?", value), path
    for line in (DEPLOY / "team.env").read_text().splitlines():
        assert line.startswith("#") or line.endswith("="), line


def test_what_compose_needs_and_has_no_default_stands_in_the_example(
    compose: Any,
) -> None:
    needed = set(re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text()))
    example = (DEPLOY / "team.env").read_text()
    assert needed == {"DAGSTER_PG_PASSWORD", "MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"}
    assert all(f"{name}=" in example for name in needed)


def test_every_service_is_watched_bounded_and_started_again(compose: Any) -> None:
    for name, service in compose["services"].items():
        assert service["healthcheck"], name
        limits = service["deploy"]["resources"]["limits"]
        assert set(limits) == {"cpus", "memory"}, name
        assert service["restart"] == ("no" if name == "bucket" else "unless-stopped")
        assert not service["image"].endswith(":latest"), name


def test_only_the_ui_has_a_port_and_only_on_loopback(compose: Any) -> None:
    ports = {name: each.get("ports") for name, each in compose["services"].items()}
    assert {name for name, each in ports.items() if each} == {"webserver"}
    assert all(each.startswith("127.0.0.1:") for each in ports["webserver"])
    assert compose["networks"]["data"] == {"internal": True}
    for name in set(compose["services"]) - {*OURS, "bucket"}:
        assert compose["services"][name]["networks"] == ["data"], name


def test_our_containers_give_up_their_rights(compose: Any) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service
        assert not any(
            "docker.sock" in str(each) for each in service.get("volumes", ())
        )


def test_every_volume_and_dependency_is_declared(compose: Any) -> None:
    services = compose["services"]
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        given = (
            re.sub(r"\$\{\w+:-(\w+)\}", r"\1", each)  # one of the user's, or this
            for each in service.get("volumes", ())
        )
        mounted = {each.split(":")[0] for each in given}
        assert mounted <= set(compose["volumes"])


def test_only_the_code_location_is_told_where_evokes_things_are(compose: Any) -> None:
    told = {
        name: {each for each in compose["services"][name]["environment"]
               if each in ("EVOKE_STORE", "EVOKE_MILVUS_URI", "EVOKE_PROFILE")}
        for name in OURS
    }  # fmt: skip
    assert len(told["code"]) == 3
    assert not told["daemon"] | told["webserver"]
    for name in OURS:
        assert set(STORAGE) < set(compose["services"][name]["environment"])


def test_what_compose_starts_is_what_the_image_holds(compose: Any) -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", dockerfile(), re.MULTILINE))
    assert compose["services"]["code"]["build"]["target"] in targets
    gpu = yaml.safe_load((DEPLOY / "compose.gpu.yaml").read_text())
    assert gpu["services"]["code"]["build"]["target"] in targets
    for name in ("daemon", "webserver"):
        command = compose["services"][name]["command"]
        assert command[command.index("-w") + 1] == "workspace.yaml"


def test_the_image_is_pinned_unprivileged_and_watched() -> None:
    text = dockerfile()
    assert "USER 10001:10001" in text
    assert "HEALTHCHECK" in text
    assert ":latest" not in text
    for line in re.findall(r"pip install [^\\&;]+", text):
        assert "--constraint constraints.txt" in line
    after_user = text.partition("USER 10001")[2]
    assert "RUN" not in after_user


def test_what_the_image_copies_is_what_docker_may_see() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    seen = {line[1:] for line in ignored if line.startswith("!")}
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile(), re.MULTILINE)
        for word in line.split()[:-1]
        if not word.startswith("--")
    ]
    assert {each.split("/")[0] for each in copied} == seen
    assert all((ROOT / each).exists() for each in copied)


def test_the_charts_values_are_keys_that_it_knows(chart: Any) -> None:
    assert set(chart) <= CHART
    for deployment in chart["dagster-user-deployments"]["deployments"]:
        assert set(deployment) <= DEPLOYMENT


def test_the_instance_that_the_chart_renders_is_one_that_dagster_takes(
    chart: Any, tmp_path: Path
) -> None:
    """What its template makes of these values, written down by hand."""
    monitoring = chart["dagsterDaemon"]["runMonitoring"]
    rendered = {
        "run_coordinator": {
            "module": "dagster.core.run_coordinator",
            "class": "QueuedRunCoordinator",
            "config": {},
        },
        "run_monitoring": {
            "enabled": monitoring["enabled"],
            "start_timeout_seconds": monitoring["startTimeoutSeconds"],
            "max_resume_run_attempts": monitoring["maxResumeRunAttempts"],
        },
        "telemetry": chart["telemetry"],
        **chart["additionalInstanceConfig"],
    }
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(rendered))
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        limits = instance.get_concurrency_config()
    assert limits.run_queue_config.max_concurrent_runs == 32
    assert limits.pool_config.default_pool_limit == 1
    [gpu] = limits.run_queue_config.tag_concurrency_limits
    assert gpu == {"key": "evoke/queue", "value": "gpu", "limit": 8}


def test_no_pod_of_the_cluster_waits_beside_a_gpu(chart: Any) -> None:
    deployments = chart["dagster-user-deployments"]["deployments"]
    assert not [path for path, _ in leaves(chart) if "nvidia.com/gpu" in path]
    assert [each["env"]["EVOKE_GPU_PODS"] for each in deployments] == ["1"]
