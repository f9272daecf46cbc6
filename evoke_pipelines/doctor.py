"""What is configured, reachable and missing, in plain words: `make doctor`.

    python -m evoke_pipelines.doctor [--json]

Every line says ok, note (it works without; here is what would change that) or missing
(something that this configuration needs), with its remedy. Nothing is repaired. What is
looked at stands in `installed` and `reachable`; here is in which order, and how it is
said.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from evoke_core.config.profile import RunProfile
from evoke_core.errors import EvokeError
from evoke_pipelines import installed, reachable
from evoke_pipelines.environment import (
    Environment,
    read_configuration,
    read_environment,
)
from evoke_pipelines.installed import Finding
from evoke_pipelines.models import needed_files

_MARKS = {"ok": "ok", "note": "note", "missing": "MISSING"}


def main(arguments: Sequence[str]) -> int:
    """Say what is there and what is not; returns 1 if something needed is missing."""
    unknown = set(arguments) - {"--json"}
    if unknown:
        sys.stderr.write(f"make doctor: got {sorted(unknown)}; it takes --json alone\n")
        return 2
    findings = examine(read_environment())
    if "--json" in arguments:
        said = json.dumps([asdict(each) for each in findings], indent=2)
    else:
        said = "\n".join(_line(each) for each in findings)
    sys.stdout.write(said + "\n")
    return int(any(each.standing == "missing" for each in findings))


def examine(environment: Environment) -> list[Finding]:
    """Look at everything, in the order in which a person would set it up."""
    try:
        profile, _ = read_configuration(environment)
    except EvokeError as wrong:
        said, _, remedy = str(wrong).partition("; ")
        return [Finding("profile", "missing", said, remedy), installed.python()]
    store = reachable.store(environment.store)
    return [
        _profile(profile),
        installed.python(),
        *installed.packages(profile),
        *installed.weights(profile, environment.weights),
        *_memory(profile, environment.weights),
        installed.decoders(),
        store,
        reachable.index(environment.milvus),
        *([reachable.release(environment, profile)] if store.standing == "ok" else []),
        reachable.daemon(),
        installed.disk(environment.home),
        installed.gpu(),
    ]


def _profile(profile: RunProfile) -> Finding:
    encoders = f"{profile.image_encoder.kind} and {profile.music_encoder.kind}"
    said = f"{profile.name}: {encoders} encoders, licences for {profile.licence_policy}"
    return Finding("profile", "ok", said)


def _memory(profile: RunProfile, weights: Path) -> Iterator[Finding]:
    """Look for the files of audio memory; whose models are tiny makes its own."""
    wanted = [path for path, _ in needed_files(profile.memory, weights)]
    lacking = [str(path) for path in wanted if not path.is_file()]
    if lacking:
        said = f"no {lacking[0]} and {len(lacking) - 1} more of {len(wanted)} files"
        remedy = f"make models PROFILE={profile.name}"
        yield Finding("memory", "missing", said, remedy)
    elif wanted:
        yield Finding("memory", "ok", f"{len(wanted)} files in {weights}")


def _line(finding: Finding) -> str:
    line = f"{_MARKS[finding.standing]:<8}{finding.about:<10} {finding.said}"
    return f"{line}\n{'':<19}-> {finding.remedy}" if finding.remedy else line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
