"""`python -m tests.proof.mutants`: would the tests notice if the code were wrong?

mutmut changes one thing at a time in the modules that decide (what is a copy, which
tiles, which drops, which bridge serves) and runs each module's own tests on every such
mutant, in a copy of the tree. A mutant that lives is a missing test, or one that does
just what the code does: those are listed here, with the reason.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tests.proof.equivalent_mutants import BY_FORM, EQUIVALENT

# Modules, and the test files that are theirs; each line is a run of its own.
RUNS = (
    (("bridge/gate",), ("bridge/test_gate",)),
    (
        ("drops/tick", "drops/sweep", "drops/batches", "drops/ledger", "drops/tickets"),
        (
            "drops/test_tick", "drops/test_sweep", "drops/test_batches",
            "drops/test_ledger", "drops/test_tickets",
        ),
    ),
    (("boards/refine",), ("boards/test_refine",)),
    (("boards/pool",), ("boards/test_pool", "boards/test_pool_refined")),
    (("corpus/dedupe",), ("corpus/test_dedupe",)),
    (("corpus/components",), ("corpus/test_components", "corpus/test_hamming")),
    (("corpus/hamming",), ("corpus/test_hamming",)),
)  # fmt: skip
BAR = 0.9  # of the mutants that are not equivalent

_COPIED = ("evoke_core", "evoke_pipelines", "assets_config", "tests")
_ROOT = Path(__file__).parents[2]
_SPINNER = re.compile("[\u2800-\u28ff]")  # mutmut turns one of Braille patterns
_LIVES, _UNTESTED = 0, (5, 33)  # exit statuses of mutmut's; the rest are deaths
# They collect garbage or write files for every mutant, half of its time.
_NOT_NEEDED = ("unraisableexception", "threadexception", "cacheprovider")
# An example that kills is enough: it need not be small, nor be kept.
_IN_HASTE = """
from hypothesis import Phase as _Phase

settings.register_profile(
    "mutants",
    settings.get_profile("evoke"),
    phases=(_Phase.explicit, _Phase.generate),
    derandomize=True,
    database=None,
)
settings.load_profile("mutants")
"""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One that no test noticed.

    Args:
        name: mutmut's, for `mutmut show`.
        function: What was changed.
        changed: The lines that took the place of others, stripped.
        reason: Why no test could notice; "" where one should.
    """

    name: str
    function: str
    changed: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a module's mutants."""

    module: str
    made: int
    alive: tuple[Mutant, ...]

    @property
    def missed(self) -> list[Mutant]:
        """Those that a test should have noticed."""
        return [mutant for mutant in self.alive if not mutant.reason]

    @property
    def share_killed(self) -> float:
        """Killed, of those that are not equivalent."""
        real = self.made - len(self.alive) + len(self.missed)
        return 1 - len(self.missed) / real if real else 1.0


def mutate(
    folder: Path,
    modules: Iterable[str],
    tests: Iterable[str],
    *,
    at_once: int,
    like: str = "*",
) -> Iterator[Tally]:
    """Try the mutants of some modules against some test files.

    Args:
        folder: Empty; the copy of the tree that is mutated goes there.
        modules: Below evoke_core, without a suffix.
        tests: Below tests/evoke_core, without a suffix.
        at_once: Processes.
        like: Those whose names match; they end in a number.
    """
    _copy(folder)
    paths = [f"evoke_core/{module}.py" for module in modules]
    names = (f"tests/evoke_core/{test}.py" for test in tests)
    _configure(folder, paths, [name for name in names if (folder / name).exists()])
    told = _mutmut(folder, "run", "--max-children", str(at_once), like)
    for path in paths:
        codes = json.loads((folder / f"mutants/{path}.meta").read_text())
        by_name = {
            name: code
            for name, code in codes["exit_code_by_key"].items()
            if fnmatch(name, like)
        }
        if None in by_name.values():
            raise RuntimeError(f"{path}: mutmut broke off\n{told[-4000:]}")
        alive = [name for name, code in by_name.items() if code in {_LIVES, *_UNTESTED}]
        shown = (_mutant(path, name, _mutmut(folder, "show", name)) for name in alive)
        yield Tally(path, len(by_name), tuple(shown))


def _copy(folder: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", "node_modules")
    for name in _COPIED:
        shutil.copytree(_ROOT / name, folder / name, ignore=ignored)
    shutil.copy(_ROOT / "pyproject.toml", folder)
    with (folder / "tests" / "conftest.py").open("a") as conftest:
        conftest.write(_IN_HASTE)


def _configure(folder: Path, paths: list[str], tests: list[str]) -> None:
    lists = {
        "source_paths": ["evoke_core/", "evoke_pipelines/"],
        "only_mutate": paths,
        "also_copy": ["assets_config/"],
        "pytest_add_cli_args_test_selection": tests,
        "pytest_add_cli_args": [f"-pno:{plugin}" for plugin in _NOT_NEEDED],
    }
    text = "".join(
        f"{name}=\n" + "".join(f"    {value}\n" for value in values)
        for name, values in lists.items()
    )
    # Polars' threads don't live through a fork, so the process that forks runs no test.
    text += "process_isolation=forkserver\nuse_git_change_detection=false\n"
    # The limit is one of wall time, and a busy machine must kill no mutant.
    text += "timeout_multiplier=30\ntimeout_constant=1\n"
    (folder / "setup.cfg").write_text(f"[mutmut]\n{text}")


def _mutmut(folder: Path, *arguments: str) -> str:
    # Another session of pytest clears away what it takes for left behind.
    own = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_DEBUG_TEMPROOT": str(folder)}
    ended = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | own,
    )  # fmt: skip
    if ended.returncode:
        said = _without_spinners(ended.stdout + ended.stderr)
        raise RuntimeError(f"mutmut {' '.join(arguments)}\n{said[-4000:]}")
    return ended.stdout


def _without_spinners(told: str) -> str:
    """Leave out the lines that only turn, so that what failed can be read."""
    lines = told.replace("\r", "\n").splitlines()
    return "\n".join(line for line in lines if not _SPINNER.match(line))


def _mutant(path: str, name: str, difference: str) -> Mutant:
    function = name.rpartition(".")[2].partition("__mutmut_")[0]
    function = function.replace("ǁ", ".").removeprefix("x.").removeprefix("x_")
    lines = [
        line
        for line in difference.splitlines()
        if line[:1] in {"+", "-"} and line[:3] not in {"+++", "---"}
    ]
    before, after = (
        " ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+"
    )
    reason = EQUIVALENT.get(path, {}).get((function, after), "")
    for pattern, why in BY_FORM.items():
        if re.sub(pattern, "", before) == re.sub(pattern, "", after):
            reason = why
    return Mutant(name, function, after, reason)


def main() -> int:
    """Print a table by module and what lived; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="modules, as in boards/refine; all")
    parser.add_argument("--like", default="*", help="every fifth: '*[27]'")
    asked = parser.parse_args()
    only = set(asked.only)
    began, tallies = time.monotonic(), []
    for modules, tests in RUNS:
        if not only or only & set(modules):
            sys.stderr.write(f"{', '.join(modules)} ...\n")
            with tempfile.TemporaryDirectory() as folder:
                at_once = os.cpu_count() or 1
                tallies += mutate(
                    Path(folder), modules, tests, at_once=at_once, like=asked.like
                )
    print(f"{'module':34} mutants  killed  equivalent  survived   share")  # noqa: T201
    for tally in tallies:
        equivalent = len(tally.alive) - len(tally.missed)
        print(  # noqa: T201
            f"{tally.module:34} {tally.made:7} {tally.made - len(tally.alive):7} "
            f"{equivalent:11} {len(tally.missed):9}  {tally.share_killed:6.1%}"
        )
    used = os.times()
    cpu_s = used.children_user + used.children_system
    print(f"{time.monotonic() - began:.0f} s, {cpu_s / 60:.0f} minutes of processor")  # noqa: T201
    for mutant in (mutant for tally in tallies for mutant in tally.missed):
        print(f"lives: {mutant.function}: {mutant.changed}")  # noqa: T201
    return any(tally.share_killed < BAR for tally in tallies)


if __name__ == "__main__":
    sys.exit(main())
