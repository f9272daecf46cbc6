"""Every command that README shows is run here, or held against what it names.

A command that README gains and nothing here covers fails the first test. The quick part
runs what ends by itself in seconds, through make where README says make; the slow part
runs whole demos, the UI and a code server. What is not run says why beside its name.
"""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml

from evoke_core.storage.local import LocalStore
from evoke_pipelines.definitions import defs

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
_PROGRAMS = (
    "make", "python", "python3", "pip", "dagster", "dagster-daemon", "docker",
    "dagster-webserver", "docker-compose", "cp", "dg", "pytest", "aws", "helm", "git",
)  # fmt: skip
_SETTING = r"[A-Z][A-Z_]*=[^\s\]]+"
_COMMAND = re.compile(rf"(?:{_SETTING} )*(?:(?:{'|'.join(_PROGRAMS)}) |-f )\S")

# What runs a command, by what it looks like. Beside make's own targets these are all.
RUN_BY = {
    r"make demo(?! MEMORY)": "test_demos_end_with_a_board_and_roll_back_returns",
    r"make demo MEMORY=tiny": "test_a_tiny_memory_is_drawn",
    # It needs weights that only a network has; what it says without them is tested.
    r"EVOKE_PROFILE=\w+ make demo": "test_a_demo_without_its_weights_names_the_command",
    r"make roll-back": "test_demos_end_with_a_board_and_roll_back_returns",
    r"make dev": "test_dev_serves_the_ui",
    r"make models": "test_models_says_what_a_profile_needs",
    r"make share": "test_share_says_which_board_it_looked_for",
    r"make doctor|python -m evoke_pipelines\.doctor": "test_doctor_finds_a_bare_home",
    # Tests can't run themselves, and the others take from minutes to hours.
    r"make (test|lint|bench|proof|faults|mutants)": "test_what_make_starts_is_there",
    r"python -m tests\.": "test_what_is_measured_is_there",
    # No Docker daemon is at hand where tests run; what compose does is in tests/deploy.
    r"docker compose|-f compose": "test_files_that_compose_is_given_are_there",
    r"cp assets_config": "test_files_that_compose_is_given_are_there",
    r"dagster code-server": "test_a_code_server_answers",
}


def commands() -> list[str]:
    """List README's commands as they stand there, without comments."""
    fenced = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    lines = [line.split("  #")[0] for block in fenced for line in block.splitlines()]
    prose = re.sub(r"^```.*?^```", "", README, flags=re.DOTALL | re.MULTILINE)
    spans = re.findall(r"`([^`]+)`", prose)
    found = [each.strip() for each in (*lines, *spans) if _COMMAND.match(each.strip())]
    return list(dict.fromkeys(found))


def targets(command: str) -> list[str]:
    """Name the targets of a make command."""
    return re.findall(r"[a-z][a-z-]*", re.sub(_SETTING, "", command).split("make ")[1])


def test_every_command_of_readme_is_run_by_a_test_and_every_test_has_one() -> None:
    covered = {
        command: [how for how in RUN_BY if re.match(how, command)]
        for command in commands()
    }
    assert {c: how for c, how in covered.items() if len(how) != 1} == {}
    assert set(RUN_BY) == {how for hows in covered.values() for how in hows}
    assert set(RUN_BY.values()) <= set(globals())


def test_a_command_that_nobody_covers_would_be_noticed() -> None:
    assert _COMMAND.match("make no-such-target")
    assert _COMMAND.match("EVOKE_PROFILE=local python -m evoke_pipelines")
    assert not _COMMAND.match("make")
    assert len(commands()) > 20


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def environment(
    home: Path, settings: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return a new user's environment: nothing of Evoke's but a home."""
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("EVOKE", "DAGS"))}
    return bare | {"EVOKE_HOME": str(home), **(settings or {})}


def made(command: str) -> list[str]:
    """Turn a make command into one that installs nothing and uses this environment."""
    words = command.split("make ", 1)[1].replace("[", "").replace("]", "")
    given = shlex.split(words)
    bin_folder = Path(sys.executable).parent
    stamps = ["-o", ".venv/.core", "-o", ".venv/.dev"]
    return [
        "make",
        "--no-print-directory",
        *stamps,
        f"BIN={bin_folder}",
        "PIP=:",
        *given,
    ]


def run(
    command: str, home: Path, *, timeout_s: float = 120, **settings: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        made(command), cwd=ROOT, env=environment(home, settings), text=True,
        capture_output=True, timeout=timeout_s, check=False,
    )  # fmt: skip


# In seconds


def test_what_make_starts_is_there(home: Path) -> None:
    for command in commands():
        if "make " not in command:
            continue
        for target in targets(command.split(" or ")[0]):
            said = run(f"make -n {target} BOARD=x", home)
            assert said.returncode == 0, (command, said.stderr)
            for module in re.findall(r"python -m ([\w.]+)", said.stdout):
                assert find_spec(module), (command, module)
            for job in re.findall(r"-j (\w+)", said.stdout):
                assert defs.resolve_job_def(job)
        for name in re.findall(r"\b([A-Z_]+)=", command.split("make ")[1]):
            assert f"$({name})" in MAKEFILE, f"{command}: make takes no {name}"


def test_roll_back_says_when_there_is_nothing_to_return_to(home: Path) -> None:
    said = run("make roll-back", home)
    assert said.returncode
    assert "ReleaseMissing" in said.stderr + said.stdout


def test_what_is_measured_is_there() -> None:
    for command in commands():
        for module in re.findall(r"python -m (tests\.[\w.]+)", command):
            found = find_spec(module)
            assert found, command
            assert found.origin
            assert '__name__ == "__main__"' in Path(found.origin).read_text(), command


def test_doctor_finds_a_bare_home(home: Path) -> None:
    said = run("make doctor", home)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "-> make demo" in said.stdout
    assert not (home / "store").exists()


def test_models_says_what_a_profile_needs(home: Path) -> None:
    said = run("make models PROFILE=demo", home)
    assert said.stdout.strip() == "profile demo needs no weights"
    named = re.findall(r"make models PROFILE=(\w+)", README)
    profiles = ROOT / "assets_config" / "profiles"
    assert all((profiles / f"{name}.yaml").is_file() for name in named)


def test_share_says_which_board_it_looked_for(home: Path) -> None:
    said = run("make share BOARD=nocturne TO=x ADDRESS=https://x", home)
    assert said.returncode != 0
    assert "no board is called 'nocturne'" in said.stderr


def test_a_demo_without_its_weights_names_the_command(home: Path) -> None:
    profiles = set(re.findall(r"EVOKE_PROFILE=(\w+) make demo", README))
    for name in profiles - {"memory"}:  # which needs none before it draws
        said = run("make demo", home, EVOKE_PROFILE=name)
        assert said.returncode != 0
        assert "no weights" in said.stdout
        assert "make models PROFILE=" in said.stdout


def test_files_that_compose_is_given_are_there(tmp_path: Path) -> None:
    named = {
        name
        for command in commands()
        if re.match(r"docker compose|-f compose|cp ", command)
        for name in re.findall(r"[\w./-]+\.(?:yaml|env)\b", command)
    }
    assert "assets_config/deploy/team.env" in named
    for name in named:
        assert (ROOT / name).is_file(), name
        if name.endswith(".yaml"):
            assert yaml.safe_load((ROOT / name).read_text())["services"]
    copied = shutil.copy(ROOT / "assets_config/deploy/team.env", tmp_path / ".env")
    assert "DAGSTER_PG_PASSWORD=" in Path(copied).read_text()


# Slow


def boards(home: Path) -> list[str]:
    listed = LocalStore(home / "store").listing("boards/")
    return [each.key for each in listed if each.key.endswith("/board.html")]


@pytest.mark.slow
def test_demos_end_with_a_board_and_roll_back_returns(home: Path, jpeg) -> None:
    first = run("make demo", home, timeout_s=900)
    assert first.returncode == 0, first.stdout + first.stderr
    assert len(boards(home)) == 1
    songs, pictures = home / "songs", home / "pictures"
    tracks = LocalStore(home / "store").listing("tracks/")
    songs.mkdir()
    for number, track in enumerate(list(tracks)[:2]):
        shutil.copy(home / "store" / track.key, songs / f"song {number}.flac")
    pictures.mkdir()
    for seed in range(12):
        (pictures / f"{seed}.jpg").write_bytes(jpeg(seed, width=640, height=480))
    both = f"make demo SONG={songs}/ IMAGES={pictures}/"
    second = run(both, home, timeout_s=900)
    assert second.returncode == 0, second.stdout + second.stderr
    assert len(boards(home)) == 3
    back = run("make roll-back", home, timeout_s=300)
    assert back.returncode == 0, back.stdout + back.stderr
    shared = run('make share BOARD="Night garden"', home, timeout_s=300)
    assert shared.returncode == 0, shared.stdout + shared.stderr
    assert Path(shared.stdout.strip()).name == "board.html"


@pytest.mark.slow
def test_a_tiny_memory_is_drawn(home: Path) -> None:
    said = run("make demo MEMORY=tiny", home, timeout_s=1800)
    assert said.returncode == 0, said.stdout + said.stderr
    listed = LocalStore(home / "store").listing("boards/")
    assert any(each.key.endswith("/memory.png") for each in listed)


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def serve(home: Path, tmp_path: Path) -> Iterator:
    """Start servers that are stopped, with all that they started, after the test."""
    started: list[subprocess.Popen[bytes]] = []
    log = tmp_path / "server.log"

    def start(command: list[str], **settings: str) -> None:
        with log.open("wb") as said:
            started.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=environment(home, settings),
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
            )

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def in_time(answers, *, within_s: float = 120) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if answers():
            return True
        time.sleep(1)
    return False


@pytest.mark.slow
def test_dev_serves_the_ui(serve, port: int) -> None:
    def answers() -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5) as said:
                return b"dagster_webserver_version" in said.read()
        except OSError:
            return False

    serve(made(f"make dev PORT={port}"))
    assert in_time(answers)


@pytest.mark.slow
def test_a_code_server_answers(serve, port: int, home: Path) -> None:
    [command] = [each for each in commands() if each.startswith("dagster code-server")]
    dagster, *words = command.split()
    bin_folder = Path(sys.executable).parent
    words[words.index("-h") + 1] = "127.0.0.1"
    words[words.index("-p") + 1] = str(port)
    home.mkdir()
    serve([str(bin_folder / dagster), *words], DAGSTER_HOME=str(home))
    health = [str(bin_folder / "dagster"), "api", "grpc-health-check", "-p", str(port)]
    assert in_time(
        lambda: subprocess.run(health, capture_output=True, check=False).returncode == 0
    )
