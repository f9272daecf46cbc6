"""The import contracts of pyproject.toml hold."""

from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]


def test_import_contracts_hold(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == 0


def test_no_package_has_code_in_its_init() -> None:
    for package in ("evoke_core", "evoke_pipelines"):
        for init in (ROOT / package).rglob("__init__.py"):
            text = init.read_text().strip()
            assert text.startswith('"""'), init
            assert text.endswith('"""'), init
            assert text.count('"""') == 2, init
