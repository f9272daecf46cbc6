"""The import contracts of pyproject.toml hold."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_import_contracts_hold() -> None:
    # In a process of its own: it silences every logger that there is.
    lint = "from importlinter.cli import lint_imports_command as lint; lint()"
    found = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout


def test_no_package_has_code_in_its_init() -> None:
    for package in ("evoke_core", "evoke_pipelines"):
        for init in (ROOT / package).rglob("__init__.py"):
            text = init.read_text().strip()
            assert text.startswith('"""'), init
            assert text.endswith('"""'), init
            assert text.count('"""') == 2, init
