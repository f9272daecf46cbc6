"""Runs that failed, told to a webhook: what failed and why, in words for people.

EVOKE_WEBHOOK is an https address that takes JSON (`text` is what chat services show);
without it nothing is sent. A webhook that is away costs its message and nothing else.
"""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import dagster as dg

_VARIABLE = "EVOKE_WEBHOOK"
_TIMEOUT_S = 5.0
_MOST_REASONS = 20
_LONGEST = 300  # characters of a reason
_HIDDEN = "[hidden]"
# What messages of libraries may carry: signed queries, passwords in addresses, tokens.
_SECRETS = (
    re.compile(r"(?<=[?&])[^\s?&=]*(?:signature|credential|token|key|secret)[^\s&=]*="
               r"[^\s&\"']+", re.IGNORECASE),
    re.compile(r"(?<=://)[^/\s@]+@"),
    re.compile(r"\b(?:bearer|basic)\s+[\w.~+/=-]+", re.IGNORECASE),
    re.compile(r"\b(?:authorization|password|secret|token)\b[\"']?\s*[:=]\s*"
               r"[\"']?[^\s\"',;]+", re.IGNORECASE),
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
)  # fmt: skip
_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSWORD|ACCESS_KEY|WEBHOOK", re.IGNORECASE)
_LEAST_SECRET = 6  # characters; a shorter value would hide common words


@dg.run_failure_sensor(
    name="failure_webhook",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells a webhook (EVOKE_WEBHOOK) what failed and why, without secrets; "
    "silent where it is not set.",
)
def failure_webhook(
    context: dg.RunFailureSensorContext,
) -> dg.SkipReason | None:
    """Post run, job, what failed and the reasons to EVOKE_WEBHOOK, if that is set."""
    address = (dg.EnvVar(_VARIABLE).get_value("") or "").strip()
    if not address:
        return dg.SkipReason(f"{_VARIABLE} is not set")
    problem = post(address, describe(context))
    if problem is not None:
        context.log.warning("%s: %s", _VARIABLE, problem)
        return dg.SkipReason(problem)
    return None


def describe(context: dg.RunFailureSensorContext) -> dict[str, Any]:
    """Say what failed as JSON: run, job, failed, reasons, text; without secrets."""
    run = context.dagster_run
    reasons = dict(_reasons(context))
    if not reasons:
        reasons = {"run": _clean(str(context.failure_event.message))}
    shown = dict(list(reasons.items())[:_MOST_REASONS])
    lines = [f"{what}: {why}" for what, why in shown.items()]
    if more := len(reasons) - len(shown):
        lines.append(f"and {more} more")
    return {
        "run": run.run_id,
        "job": run.job_name,
        "failed": list(shown),
        "reasons": shown,
        "text": "\n".join([f"Evoke: {run.job_name} failed ({run.run_id})", *lines]),
    }


def post(address: str, message: Mapping[str, Any]) -> str | None:
    """Send a message.

    Returns:
        What went wrong, without the address; None if it was taken.
    """
    import httpx

    try:
        parts = urlsplit(address)
        if parts.scheme != "https" or not parts.hostname:
            return "it is no https address, so nothing was sent"
        answer = httpx.post(
            address, json=message, timeout=_TIMEOUT_S, follow_redirects=False
        )
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as wrong:
        return f"nothing was sent ({type(wrong).__name__})"
    if not answer.is_success:
        return f"the message was answered with status {answer.status_code}"
    return None


def _reasons(context: dg.RunFailureSensorContext) -> Iterator[tuple[str, str]]:
    """Yield what failed and why: drops where a step names them, else the step."""
    for event in context.get_step_failure_events():
        failure = event.step_failure_data
        told = failure.user_failure_data
        if told is not None and told.metadata:
            for name, value in told.metadata.items():
                yield _clean(name), _clean(str(value.value))
            continue
        error = failure.error
        while error is not None and error.cause is not None:
            error = error.cause
        said = error.message if error is not None else str(event.message)
        yield str(event.step_key), _clean(said)


def _clean(text: str) -> str:
    """Cut a message to one short line that holds no secret that we know of."""
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= _LEAST_SECRET:
            text = text.replace(value, _HIDDEN)
    for secret in _SECRETS:
        text = secret.sub(_HIDDEN, text)
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
