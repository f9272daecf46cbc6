"""What a webhook is told of a failed run, and that telling it harms nothing."""

import dagster as dg
import httpx
import pytest

from evoke_pipelines import failures

HOOK = "https://hooks.example/T000/secret-path"


@pytest.fixture
def posted(monkeypatch):
    """Collect what is posted; `answer` is what the hook does."""

    class Hook:
        def __init__(self):
            self.messages, self.answer = [], lambda: httpx.Response(200)

        def post(self, address, *, json, timeout, follow_redirects):
            assert timeout <= 10
            assert not follow_redirects
            self.messages.append((address, json))
            return self.answer()

    hook = Hook()
    monkeypatch.setattr(httpx, "post", hook.post)
    monkeypatch.setenv("EVOKE_WEBHOOK", HOOK)
    return hook


def failing(error):
    @dg.asset
    def audio_drop_board():
        raise error

    return audio_drop_board


def context_of(instance, error):
    result = dg.materialize([failing(error)], instance=instance, raise_on_error=False)
    return dg.build_run_status_sensor_context(
        sensor_name="failure_webhook",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()


def tell(error):
    with dg.DagsterInstance.ephemeral() as instance:
        context = context_of(instance, error)
        return context, failures.failure_webhook(context)


REFUSED = dg.Failure(
    "2 songs", metadata={"a-1": "silent: It is silent.", "b-2": "archive: Unpack it."}
)


def test_a_failed_burst_is_told_by_drop_and_reason(posted):
    context, skipped = tell(REFUSED)
    assert skipped is None
    [(address, message)] = posted.messages
    assert address == HOOK
    run_id = context.dagster_run.run_id
    assert message["run"] == run_id
    assert message["job"] == context.dagster_run.job_name
    assert message["failed"] == ["a-1", "b-2"]
    assert message["reasons"] == {
        "a-1": "silent: It is silent.",
        "b-2": "archive: Unpack it.",
    }
    assert message["text"].splitlines()[1:] == [
        "a-1: silent: It is silent.",
        "b-2: archive: Unpack it.",
    ]


def test_an_error_is_told_by_its_step_and_innermost_cause(posted):
    wrong = RuntimeError("no board")
    wrong.__cause__ = KeyError("thumbnails/ab.jpg")
    tell(wrong)
    reasons = posted.messages[0][1]["reasons"]
    assert list(reasons) == ["audio_drop_board"]
    assert "thumbnails/ab.jpg" in reasons["audio_drop_board"]


def test_a_long_list_is_cut(posted):
    tell(dg.Failure("many", metadata={f"d-{n}": "silent" for n in range(50)}))
    message = posted.messages[0][1]
    assert len(message["failed"]) == 20
    assert message["text"].endswith("and 30 more")


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "https://host/x?X-Amz-Signature=0badcafe0badcafe",
        "https://host/x?a=1&X-Amz-Credential=0badcafe0badcafe",
        "s3://user:0badcafe0badcafe@host/bucket",
        "Authorization: Bearer 0badcafe0badcafe",
        "password=0badcafe0badcafe",
        "plain-value-of-a-variable",
        HOOK,
    ],
)
def test_no_secret_is_told(posted, monkeypatch, secret):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "plain-value-of-a-variable")
    tell(RuntimeError(f"cannot read {secret} today"))
    told = posted.messages[0][1]["text"]
    assert "cannot read" in told
    for part in ("0badcafe", "AKIAIOS", "plain-value", "secret-path"):
        assert part not in told


@pytest.mark.parametrize("address", ["", "  "])
def test_without_an_address_nothing_is_sent(posted, monkeypatch, address):
    monkeypatch.setenv("EVOKE_WEBHOOK", address)
    _, skipped = tell(REFUSED)
    assert "not set" in skipped.skip_message
    assert posted.messages == []


@pytest.mark.parametrize(
    "address",
    ["http://hooks.example/x", "file:///etc/x", "https://", "https://[::1", "x"],
)
def test_nothing_is_sent_but_by_https(posted, monkeypatch, address):
    monkeypatch.setenv("EVOKE_WEBHOOK", address)
    _, skipped = tell(REFUSED)
    assert "nothing was sent" in skipped.skip_message
    assert posted.messages == []


@pytest.mark.parametrize(
    "wrong", [httpx.ConnectTimeout("slow"), httpx.InvalidURL("odd"), OSError("tls")]
)
def test_a_hook_that_is_away_raises_nothing_and_its_address_is_not_logged(
    posted, wrong
):
    def fail():
        raise wrong

    posted.answer = fail
    _, skipped = tell(REFUSED)
    assert type(wrong).__name__ in skipped.skip_message
    assert "hooks.example" not in skipped.skip_message


def test_a_hook_that_refuses_is_noted(posted):
    posted.answer = lambda: httpx.Response(403)
    _, skipped = tell(REFUSED)
    assert "403" in skipped.skip_message


def test_a_run_that_ended_without_a_step_is_told_too(posted):
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(
            dg.Definitions(jobs=[_empty_job()]).resolve_job_def("empty")
        )
        event = instance.report_run_failed(run, "its process was killed")
        context = dg.build_run_status_sensor_context(
            sensor_name="failure_webhook",
            dagster_event=event,
            dagster_instance=instance,
            dagster_run=run,
        ).for_run_failure()
        failures.failure_webhook(context)
    assert posted.messages[0][1]["reasons"] == {"run": "its process was killed"}


def _empty_job():
    @dg.op
    def nothing(): ...

    @dg.job
    def empty():
        nothing()

    return empty
