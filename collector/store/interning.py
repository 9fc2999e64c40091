"""Interned paths and values: text in once, small integers in every lane."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from collector.model import Path, Value
from collector.store import schema
from collector.store.engine import insert, insert_for

CHUNK = 400
"""Values in one IN list; SQLite before 3.32 takes 999 variables."""


_PATHS = select(schema.path.c.id, schema.path.c.key).where(
    schema.path.c.section == bindparam("section"), schema.path.c.key.in_(bindparam("keys", expanding=True))
)
_VALUES = select(schema.val.c.id, schema.val.c.hash).where(schema.val.c.hash.in_(bindparam("hashes", expanding=True)))


def canonical(value: Value) -> str:
    """Return the one JSON text of `value`; JSON escapes every control character, so any database takes it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_of(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def chunks(items: Iterable[Any], size: int = CHUNK) -> list[list[Any]]:
    whole = list(items)
    return [whole[at : at + size] for at in range(0, len(whole), size)]


def alike(wanted: Mapping[int, Iterable[str]]) -> dict[frozenset[str], list[int]]:
    """Return names → the CIs (CI → names) of which exactly these are wanted: one statement serves them all."""
    found: dict[frozenset[str], list[int]] = {}
    for ci_id, names in wanted.items():
        found.setdefault(frozenset(names), []).append(ci_id)
    return found


async def path_ids(connection: AsyncConnection, paths: Iterable[Path]) -> dict[Path, int]:
    """Return the id of each path, made where it is new."""
    wanted = sorted(set(paths))
    if not wanted:
        return {}
    found = await known_paths(connection, wanted)
    missing = [path for path in wanted if path not in found]
    if missing:
        rows = [{"section": path.section, "key": path.key} for path in missing]
        await connection.execute(insert(connection, schema.path).on_conflict_do_nothing(), rows)
        found.update(await known_paths(connection, missing))
    return found


async def known_paths(connection: AsyncConnection, paths: Iterable[Path]) -> dict[Path, int]:
    """Return the id of each path that has one."""
    keys: dict[str, list[str]] = {}
    for path in paths:
        keys.setdefault(path.section, []).append(path.key)
    found = {}
    for section, its in keys.items():  # pairs in one list would make SQLite read the table from end to end
        for part in chunks(its):
            rows = await connection.execute(_PATHS, {"section": section, "keys": part})
            found.update({Path(section, key): path_id for path_id, key in rows})
    return found


async def value_ids(
    connection: AsyncConnection, values: Iterable[Value], known: Container[str] = ()
) -> dict[str, int]:  # fmt: skip
    """Return canonical text → id of each value not `known`, made where it is new; None has no id."""
    wanted = {canonical(value) for value in values if value is not None}
    texts = {hash_of(text): text for text in wanted if text not in known}
    if not texts:
        return {}
    found = await _known_values(connection, list(texts))
    found |= await _new_values(connection, {key: text for key, text in texts.items() if key not in found})
    found |= await _known_values(connection, [key for key in texts if key not in found])
    return {texts[key]: found[key] for key in texts}


async def _known_values(connection: AsyncConnection, hashes: list[bytes]) -> dict[bytes, int]:
    found = {}
    for part in chunks(hashes):
        rows = await connection.execute(_VALUES, {"hashes": part})
        found.update({bytes(row.hash): row.id for row in rows})
    return found


async def _new_values(connection: AsyncConnection, texts: Mapping[bytes, str]) -> dict[bytes, int]:
    """Write these values; return the ids of those nobody else wrote meanwhile."""
    if not texts:
        return {}
    new = [{"hash": key, "text": text} for key, text in texts.items()]
    rows = await connection.execute(_writing(connection.dialect.name), new)
    return {bytes(row.hash): row.id for row in rows}


@cache
def _writing(dialect: str) -> Any:
    return insert_for(dialect, schema.val).on_conflict_do_nothing().returning(schema.val.c.hash, schema.val.c.id)


def id_of(ids: Mapping[str, int], value: Value) -> int | None:
    """Return the interned id of `value`, None for absent."""
    return None if value is None else ids[canonical(value)]
