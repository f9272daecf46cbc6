"""What a result hangs on: code, settings, schema and inputs, as one digest.

Equal recipes make equal results, so one that is known is not followed again.
"""

from dataclasses import asdict, is_dataclass
from typing import Any

import dagster as dg
from pydantic import BaseModel

from evoke_core.schemas import TABLES
from evoke_core.storage.stamps import read_stamp
from evoke_core.storage.store import Store, digest


def asset_recipe(
    context: dg.AssetExecutionContext, store: Store, settings: object
) -> str:
    """Digest all that an asset depends on, its inputs as their stamps have them now."""
    deps = context.assets_def.asset_deps[context.asset_key]
    stamps = {
        name: read_stamp(store, name) for name in sorted(k.path[-1] for k in deps)
    }
    inputs = {name: stamp.digest if stamp else None for name, stamp in stamps.items()}
    return digest(_own(context, settings) | {"inputs": inputs})


def part_recipe(context: dg.AssetExecutionContext, settings: object) -> str:
    """Digest what a part depends on; its settings say what of the inputs it reads."""
    return digest(_own(context, settings))


def schema_digest(name: str) -> str | None:
    """Digest what the data dictionary asks of a table: an older one is made anew."""
    if name not in TABLES:
        return None
    rules = {
        column: [str(each.dtype), each.optional, each.unit_length, each.choices]
        for column, each in TABLES[name].columns.items()
    }
    return digest([rules, TABLES[name].key])


def _own(context: dg.AssetExecutionContext, settings: object) -> dict[str, Any]:
    key = context.asset_key
    return {
        "code": context.assets_def.code_versions_by_key.get(key),
        "settings": _plain(settings),
        "schema": schema_digest(key.path[-1]),
    }


def _plain(settings: object) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(settings, BaseModel):
        return settings.model_dump(mode="json")
    if is_dataclass(settings) and not isinstance(settings, type):
        return _plain(asdict(settings))
    if isinstance(settings, (list, tuple)):
        return [_plain(each) for each in settings]
    if isinstance(settings, dict):
        return {str(name): _plain(value) for name, value in settings.items()}
    return settings
