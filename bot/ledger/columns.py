"""How a ledger entry is kept: an entry is a frozen dataclass, its table has one column for each field.

The columns, the values that are written and the entry that is read all come from the dataclass's fields, so an entry's
shape is written down once. What differs from the usual column of a type is said in the field's annotation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import sqlalchemy as sa

from bot.core.names import Cause, CommentId, DeliveryId, Digest, HeadSha, InstallationId, RepositoryId, RunId
from bot.ledger.chain import time_text

Entry = TypeVar("Entry")


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A UTC time: timezone-aware in Python, ISO 8601 text with microseconds in every database, so that it sorts."""

    # Text: SQLite has no type for a time with its zone (https://www.sqlite.org/datatype3.html).
    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:  # noqa: ARG002
        return None if value is None else time_text(value)

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


Str16 = Annotated[str, sa.String(16)]
Str32 = Annotated[str, sa.String(32)]
Str64 = Annotated[str, sa.String(64)]
Str100 = Annotated[str, sa.String(100)]
Str250 = Annotated[str, sa.String(250)]
BigInt = Annotated[int, sa.BigInteger()]
"""GitHub's ids: they do not fit 32 bits."""

# PostgreSQL has room for any text in an index, but SQL that people write by hand reads better with lengths.
_BY_NAME: dict[Any, sa.types.TypeEngine[Any]] = {
    RunId: sa.String(100), DeliveryId: sa.String(100), Cause: sa.String(200), HeadSha: sa.String(64),
    Digest: sa.String(64), RepositoryId: sa.BigInteger(), InstallationId: sa.BigInteger(), CommentId: sa.BigInteger(),
}  # fmt: skip
_BY_TYPE: dict[Any, sa.types.TypeEngine[Any]] = {
    str: sa.Text(), int: sa.Integer(), float: sa.Float(), bool: sa.Boolean(), datetime: UtcDateTime(),
    dict: sa.JSON(), tuple: sa.JSON(),
}  # fmt: skip


def table(
    name: str,
    metadata: sa.MetaData,
    entry: type[Any],
    *more: sa.Column[Any],
    key: Sequence[str],
    unique: Sequence[str] = (),
    indexes: Sequence[Sequence[str]] = (),
) -> sa.Table:
    """The table of an entry: a column for each field, and `more` columns that entries do not show.

    A field that may be None is nullable. A default of the dataclass is the column's too, and a text or a flag without
    one begins as "" or false, so that rows of an older version have a value when a migration adds the column.
    """
    columns = [_column(field.name, hint, field.default, key) for field, hint in _hinted(entry)]
    constraints = [sa.UniqueConstraint(*unique)] if unique else []
    return sa.Table(name, metadata, *more, *columns, *constraints, *(sa.Index(None, *index) for index in indexes))


def row_of(entry: Any) -> dict[str, Any]:
    """An entry's fields as its table's columns take them."""
    values = ((field.name, getattr(entry, field.name)) for field in fields(entry))
    return {name: value.value if isinstance(value, Enum) else value for name, value in values}


def entry_of(entry: type[Entry], row: Mapping[str, Any]) -> Entry:
    """The entry that a row holds; columns that the entry does not have are left out.

    Raises KeyError for a row without one of its columns, ValueError for a state that does not exist.
    """
    return entry(**{name: read(row[name]) for name, read in _readers(cast("Any", entry)).items()})


@cache
def _readers(entry: Any) -> dict[str, Any]:
    """What makes a column's value a field's: a state from its text, a tuple from JSON's list."""
    made = {}
    for field, hint in _hinted(entry):
        kind = get_origin(hint) or hint
        made[field.name] = kind if isinstance(kind, type) and issubclass(kind, Enum | tuple) else lambda value: value
    return made


def _hinted(entry: type[Any]) -> list[tuple[Any, Any]]:
    hints = get_type_hints(entry, include_extras=True)
    return [(field, hints[field.name]) for field in fields(entry)]


def _column(name: str, hint: Any, default: Any, key: Sequence[str]) -> sa.Column[Any]:
    inner = [one for one in get_args(hint) if one is not NoneType]
    nullable = get_origin(hint) in (Union, UnionType)
    kind = _type_of(inner[0] if nullable else hint)
    if default in (MISSING, None):
        default = {sa.Text: "", sa.Boolean: False}.get(type(kind))
    return sa.Column(
        name,
        kind,
        primary_key=name in key,
        nullable=nullable,
        server_default=None if nullable or default is None else _sql(default),
        # Only ids that the ledger itself gives are counted by the database.
        autoincrement=name == "id",
    )


def _type_of(hint: Any) -> sa.types.TypeEngine[Any]:
    if get_origin(hint) is Annotated:
        kind: sa.types.TypeEngine[Any] = hint.__metadata__[0]
        return kind
    if hint in _BY_NAME:
        return _BY_NAME[hint]
    while isinstance(hint, NewType):
        hint = hint.__supertype__
    if isinstance(hint, type) and issubclass(hint, Enum):
        return sa.String(32)
    return _BY_TYPE[get_origin(hint) or hint]


def _sql(default: Any) -> Any:
    return sa.false() if default is False else str(default)
