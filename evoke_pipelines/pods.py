"""What a run that encodes asks of a Kubernetes cluster: a GPU for as long as it lasts.

The words are those of dagster-k8s, whose launcher makes a pod for each run; with any
other launcher nobody reads them. Whether a model then uses the GPU is decided in the
encoders, how many such runs there may be at once in dagster-team.yaml or values.yaml.
"""

from typing import Any

import dagster as dg

from evoke_core.errors import ConfigError

QUEUE = "evoke/queue"
_VARIABLE = "EVOKE_GPU_PODS"
_CONFIG = "dagster-k8s/config"
_GPU = "nvidia.com/gpu"


def gpu_tags() -> dict[str, Any]:
    """Return tags for a job that encodes pictures or music.

    EVOKE_GPU_PODS says how many GPUs a run gets; without it, or with 0, the tags are
    empty and the pod is like any other. It is read when the code location loads,
    because a job's tags are fixed there.

    Raises:
        ConfigError: The variable is no whole number.
    """
    count = (dg.EnvVar(_VARIABLE).get_value("") or "0").strip()
    if not count.isdecimal():
        raise ConfigError(
            f"{_VARIABLE}: got {count!r}; set the number of GPUs of a run, or nothing"
        )
    if int(count) == 0:
        return {}
    return {QUEUE: "gpu", _CONFIG: _pod(count)}


def _pod(count: str) -> dict[str, Any]:
    """Describe a pod on a GPU node; such nodes are tainted so that others keep off."""
    return {
        "container_config": {
            "resources": {
                "requests": {"cpu": "4", "memory": "16Gi"},
                "limits": {"memory": "32Gi", _GPU: count},
            }
        },
        "pod_spec_config": {
            "tolerations": [
                {"key": _GPU, "operator": "Exists", "effect": "NoSchedule"}
            ],
        },
    }
