"""What tests of fetching ask for."""

from pathlib import Path

import polars as pl

from evoke_core.config.collections import PictureSource, Sources
from evoke_core.schemas import TABLES

TERMS = {"release": "1", "licence": "private", "attribution": "{title}"}


def ignore(*_: int) -> None:
    pass


def sources_of(root: Path) -> Sources:
    """A user's own folder, and pictures that are painted."""
    return Sources(
        pictures={
            "mine": PictureSource(kind="folder", location=str(root), **TERMS),
            "painted": PictureSource(kind="painted", **TERMS),
        },
        music={},
    )


def listed(source: str, *keys: str, root: Path | None = None) -> pl.DataFrame:
    schema = {
        name: TABLES["source_manifests"].columns[name].dtype
        for name in (
            "image_id", "source", "source_key", "version", "addresses", "md5"
        )
    }  # fmt: skip
    rows = [
        (f"{source}-{k}", source, k, "v1", [f"file:{root / k}"] if root else [], None)
        for k in keys
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")
