"""What ships and what it rests on: bounds, reasons, licences, barred calls.

Nothing here needs a network: licences are read from what is installed.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PACKAGES = ("evoke_core", "evoke_pipelines")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

# Where a distribution goes by another name in code.
IMPORTED_AS = {"pillow": "PIL", "pyyaml": "yaml", "open-clip-torch": "open_clip"}
# Distributions that no line of ours imports, and why they are there.
NOT_IMPORTED = {
    "dagster-webserver": "the UI, which `dagster dev` starts",
    "dagster-aws": "named in dagster-team.yaml: logs in S3",
    "dagster-postgres": "named in dagster-team.yaml: storage",
    "dagster-k8s": "the launcher of the chart",
    "mutmut": "tests.proof.mutants starts it",
    "torchvision": "open_clip imports it",
    "torchaudio": "muq imports it",
}
# Comes with what is declared, and is only used through it.
COMES_WITH = {
    "botocore": "boto3", "dagster_shared": "dagster", "google": "pymilvus",
    "grpc": "pymilvus", "huggingface_hub": "transformers", "markupsafe": "jinja2",
    "packaging": "dagster", "pydantic_core": "pydantic", "sqlalchemy": "dagster",
}  # fmt: skip

PERMISSIVE = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|Zlib|CC0|CNRI|BSL-1\.0|"
    r"Unlicense|HPND|MIT-CMU|MIT-0)\b",
    re.IGNORECASE,
)
COPYLEFT = re.compile(
    r"GPL|GNU|MPL|Mozilla|EUPL|CDDL|EPL|CC-BY-SA|SSPL|BUSL|Commons Clause",
    re.IGNORECASE,
)
# Copyleft that binds the library alone, unchanged and imported as it comes.
WEAK_COPYLEFT = {
    "certifi": "MPL-2.0, a list of certificates",
    "orjson": "MPL-2.0 and (Apache-2.0 or MIT), as the text of its parts",
    "pathspec": "MPL-2.0",
    "pebble": "LGPL-3.0, workers that may be killed; imported, never changed",
    "soxr": "LGPL-2.1, a library of its own that can be replaced",
    "tqdm": "MPL-2.0 and MIT",
    "easydict": "LGPL-3.0, a dependency of muq",
    "lameenc": "LGPL-3.0, a dependency of demucs; Evoke writes no mp3",
    "sphn": "no licence in its metadata; MIT or Apache-2.0 by its repository",
}


def distributions_of(requirements: Iterable[str]) -> dict[str, metadata.Distribution]:
    """Return what these requirements bring with them, as far as it is installed."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        asked = waiting.pop()
        name = canonicalize_name(asked.name)
        if name in found or name == "evoke":
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # another system's, or an extra that is not installed
        extras = [*asked.extras, ""]
        for text in found[name].requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in extras
            ):
                waiting.append(needed)
    return found


def licence_of(distribution: metadata.Distribution) -> str:
    told = distribution.metadata
    classifiers = [
        line for line in told.get_all("Classifier") or () if line.startswith("License")
    ]
    lines = [
        told.get("License-Expression") or "",
        (told.get("License") or "").strip().partition("\n")[0],
    ]
    return "; ".join(part for part in [*lines, *classifiers] if part)


def all_requirements() -> list[str]:
    extras = PROJECT["optional-dependencies"]
    asked = [*PROJECT["dependencies"]]
    asked += [each for name in ("clip", "muq", "memory") for each in extras[name]]
    return asked


@cache
def trees() -> tuple[tuple[str, ast.Module], ...]:
    """Parse every module of ours, tests and benchmarks included."""
    files = [
        path for name in (*PACKAGES, "tests") for path in (ROOT / name).rglob("*.py")
    ]
    return tuple(
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8")))
        for path in files
    )


def shipped(tree: str) -> bool:
    return tree.startswith(PACKAGES)


def imported() -> set[str]:
    names: set[str] = set()
    for path, tree in trees():
        for node in ast.walk(tree) if shipped(path) else ():
            if isinstance(node, ast.Import):
                names |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(str(node.module).partition(".")[0])
            elif isinstance(node, ast.Call) and dotted(node.func) == "import_module":
                names.add(str(getattr(node.args[0], "value", "")).partition(".")[0])
    return names - set(sys.stdlib_module_names) - {*PACKAGES, ""}


def declared() -> dict[str, Requirement]:
    extras = PROJECT["optional-dependencies"]
    runtime = [each for name, some in extras.items() if name != "dev" for each in some]
    asked = map(Requirement, [*PROJECT["dependencies"], *runtime])
    return {canonicalize_name(each.name): each for each in asked}


def test_every_dependency_has_a_lowest_version_that_is_known_to_work():
    for name, asked in declared().items():
        operators = {each.operator for each in asked.specifier}
        assert operators & {">=", "==", "~="}, f"{name}: {asked}"


def test_every_dependency_is_pinned_among_the_constraints():
    pinned = {
        canonicalize_name(line.partition("==")[0])
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    }
    # Those two bring much that few want; their users resolve them by the bounds.
    assert set(declared()) - pinned <= {"ray", "dagster-postgres", "dagster-k8s"}


def test_every_dependency_is_there_because_code_needs_it():
    names = imported()
    unused = {
        name
        for name in declared()
        if IMPORTED_AS.get(name, name.replace("-", "_")) not in names
        and name not in NOT_IMPORTED
    }
    assert unused == set()


def test_nothing_is_imported_that_is_not_declared():
    known = {IMPORTED_AS.get(name, name.replace("-", "_")) for name in declared()}
    assert imported() - known - set(COMES_WITH) == set()


def test_no_strong_copyleft_and_no_unknown_licence_hides_in_what_is_installed():
    unknown = {}
    for name, distribution in distributions_of(all_requirements()).items():
        said = licence_of(distribution)
        if name not in WEAK_COPYLEFT and (
            not PERMISSIVE.search(said) or COPYLEFT.search(said)
        ):
            unknown[name] = said
    assert unknown == {}


def test_what_only_extras_bring_is_not_in_the_core():
    core = distributions_of(PROJECT["dependencies"])
    assert {"easydict", "lameenc", "sphn"}.isdisjoint(core)


def test_ffmpeg_as_it_comes_with_av_is_no_gpl_build():
    from av import _core

    licences = {part["license"] for part in _core.library_meta.values()}
    assert {each.partition(" ")[0] for each in licences} == {"LGPL"}


def test_every_file_that_ships_beside_code_is_of_a_kind_whose_terms_are_known():
    ours = {".css", ".html", ".js"}  # written here, under the project's own licence
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if "__pycache__" in path.parts or path.is_dir() or path.suffix == ".py":
                continue
            assert path.suffix in ours | {".json"}, f"{path}: whose is it?"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "evoke_core").rglob("*.json")), ids=lambda path: path.stem
)
def test_every_table_of_numbers_names_what_it_was_measured_on(path):
    head = path.read_text(encoding="utf-8")[:1000]
    assert re.search(r'"(provenance|fitted_on)": "[^"]{20,}', head)


def test_pages_embed_no_font_and_fetch_nothing_of_others():
    for package in PACKAGES:
        for path in (ROOT / package).rglob("templates/*"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"@font-face|@import|data:font|\.woff", text), path
            fetched = re.findall(
                r"(?:src|href)=[\"'](?:https?:)?//|url\([\"']?https?:", text
            )
            assert not fetched, path


def test_every_collection_that_can_be_read_states_its_terms():
    sources = yaml.safe_load((ROOT / "assets_config" / "sources.yaml").read_text())
    for kind in ("pictures", "music"):
        for name, collection in sources[kind].items():
            assert collection["licence"], name


def test_the_projects_own_licence_ships_with_it():
    assert PROJECT["license"] == "MIT"
    assert "MIT License" in (ROOT / "LICENSE").read_text()


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@cache
def calls() -> tuple[tuple[str, str, ast.Call], ...]:
    """List all calls: file and line, name, and the call itself."""
    return tuple(
        (f"{path}:{node.lineno}", dotted(node.func), node)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )


def keyword(call: ast.Call, name: str) -> object:
    for each in call.keywords:
        if each.arg == name:
            value = each.value
            return value.value if isinstance(value, ast.Constant) else "computed"
    return None


BARRED = re.compile(
    r"^(builtins\.)?(eval|exec|compile)$"
    r"|^os\.(system|popen)$|^tempfile\.mktemp$|^yaml\.(full_|unsafe_)?load(_all)?$"
    r"|(^|\.)(pickle|cPickle|dill|cloudpickle|joblib|marshal|shelve)\.(loads?|open|Unpickler)$"
    r"|^(pl|polars)\.(DataFrame|LazyFrame)\.deserialize$"
)
ALLOWED = {
    # the loader is one of the two safe ones, the quicker where libyaml is there
    ("evoke_core/config/loading.py", "yaml.load"),
    # a copy between processes of an object made here, which is what is tested
    ("tests/evoke_core/music/test_precomputed.py", "pickle.loads"),
    ("tests/evoke_core/test_errors.py", "pickle.loads"),
}


def test_nothing_is_run_or_unpacked_that_could_be_code():
    found = [
        (place, name)
        for place, name, _ in calls()
        if BARRED.search(name) and (place.partition(":")[0], name) not in ALLOWED
    ]
    assert found == []


def test_weights_and_arrays_are_read_as_numbers_only():
    for place, name, call in calls():
        if name in ("torch.load", "torch.serialization.load"):
            assert keyword(call, "weights_only") is True, place
        if name in ("np.load", "numpy.load"):
            assert keyword(call, "allow_pickle") in (None, False), place
        if name.endswith("from_pretrained") and shipped(place):
            assert keyword(call, "trust_remote_code") in (None, False), place


def test_certificates_are_checked_and_no_shell_reads_a_command():
    for place, _, call in calls():
        assert keyword(call, "verify") is not False, place
        assert keyword(call, "shell") in (None, False), place
        assert keyword(call, "check_hostname") is not False, place
        assert keyword(call, "autoescape") in (None, True), place


def test_templates_are_filled_by_the_one_place_that_escapes():
    filled = {
        place.partition(":")[0]
        for place, name, _ in calls()
        if shipped(place) and name.endswith(("jinja2.Environment", "Template"))
    }
    assert filled <= {"evoke_core/pages/document.py"}
