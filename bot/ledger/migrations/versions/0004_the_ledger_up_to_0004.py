"""the ledger's tables as versions 0001 to 0004 made them, in one step

The id is that of the last of the four, so a database at 0004 goes on with 0005. One at 0001 to 0003 is refused by
`Ledger.migrate`, which says how to bring it to 0004 first.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = None
branch_labels = None
depends_on = None

# A migration is frozen: it spells every column out, so that a change in `tables.py` cannot change what it makes. The
# names of keys and indexes come from the naming convention of `tables.metadata`, which migrations/env.py hands over:
# https://alembic.sqlalchemy.org/en/latest/naming.html
TABLES = (
    "changesets", "decisions", "effects", "findings", "inbox", "model_calls", "pace", "requests", "runs", "sightings",
    "transitions", "verdicts", "chain", "proofs", "signing_keys",
)  # fmt: skip


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def _run_id(*, nullable: bool = False, index: bool = True) -> sa.Column[Any]:
    return sa.Column("run_id", sa.String(100), nullable=nullable, index=index)


def _string(name: str, length: int, *, nullable: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=nullable, primary_key=key)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    # ISO 8601 text: see `UtcDateTime` in tables.py.
    return sa.Column(name, sa.String(32), nullable=nullable)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False, server_default="") for name in names]


def _number(name: str, *, default: str | None = None, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=nullable, server_default=default)


def _github_id(name: str, *, nullable: bool = False, key: bool = False) -> sa.Column[Any]:
    # GitHub's ids do not fit 32 bits. `autoincrement=False`: they are given, never counted here.
    return sa.Column(name, sa.BigInteger, nullable=nullable, primary_key=key, autoincrement=False)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def upgrade() -> None:
    op.create_table(
        "changesets", _string("digest", 64, key=True), _run_id(index=False), _time("at"), *_texts("canonical")
    )
    op.create_table(
        "decisions",
        *(_id(), _run_id(), _time("at"), _number("pull"), _string("head", 64), _string("outcome", 16)),
        *(sa.Column("reasons", sa.JSON, nullable=False), _string("digest", 64)),
    )
    op.create_table(
        "effects",
        *(_id(), _string("scope", 100), _run_id(nullable=True), _string("kind", 32), _string("natural_key", 250)),
        *(_string("state", 16), _number("attempts"), _time("intended_at"), _time("ended_at", nullable=True)),
        *(sa.Column("outcome", sa.JSON), _string("error_code", 100, nullable=True)),
        sa.UniqueConstraint("scope", "kind", "natural_key"),
    )
    op.create_table(
        "findings",
        *(_id(), _run_id(), _number("attempt"), _time("at"), sa.Column("findings", sa.JSON, nullable=False)),
    )
    op.create_table(
        "inbox",
        *(_string("guid", 100, key=True), *_texts("event", "action")),
        *(_github_id("installation_id", nullable=True), _github_id("repository_id", nullable=True)),
        *(_time("received_at"), *_texts("body")),
        sa.Column("status", sa.String(16), nullable=False, server_default="new", index=True),
        *(*_texts("reason"), _number("attempts", default="1"), _run_id(nullable=True, index=False)),
    )
    op.create_table(
        "model_calls",
        *(_id(), _run_id(nullable=True), _string("kind", 32), _time("at")),
        *_texts("model_asked", "model_answered", "prompt_digest"),
        *(_number("input_tokens", default="0"), _number("output_tokens", default="0"), sa.Column("cost", sa.Float)),
        *(_number("duration_ms", default="0"), *_texts("outcome"), _flag("recorded")),
    )
    op.create_table("pace", _github_id("installation_id", key=True), sa.Column("next_at", sa.Float, nullable=False))
    op.create_table(
        "requests",
        *(_id(), _run_id(nullable=True), _time("at"), _string("method", 8), *_texts("route"), _number("status")),
    )
    op.create_table(
        "runs",
        *(_string("run_id", 100, key=True), _github_id("repository_id"), *_texts("repository")),
        *(_github_id("installation_id"), _number("issue"), _string("cause", 200), *_texts("started_by")),
        sa.Column("state", sa.String(32), nullable=False, index=True),
        *(*_texts("reason"), _time("created_at"), _time("updated_at"), *_texts("title", "body", "blueprint_digest")),
        *(_flag("text_trusted"), *_texts("guidance"), _flag("discard")),
        *(*_texts("asked_digest"), _time("asked_at", nullable=True)),
        *_texts("approved_digest", "approved_diff", "approved_by", "default_branch", "base_branch", "base_sha"),
        *_texts("head_sha", "changeset_digest", "summary", "plan", "branch"),
        *(_number("pull", nullable=True), _github_id("status_comment", nullable=True)),
        # The last two came with 0003 and 0004, which put them behind all others.
        *_texts("merge_sha", "approved_pushed", "asked_reviews"),
        sa.UniqueConstraint("repository_id", "issue", "cause"),
        sa.Index("ix_runs_repository_id_pull", "repository_id", "pull"),
    )
    op.create_table(
        "sightings",
        *(_github_id("repository_id", key=True), _string("head", 64, key=True), _string("name", 250, key=True)),
        _time("first_seen"),
    )
    op.create_table(
        "transitions",
        *(_id(), _run_id(), _time("at"), _string("came_from", 32), _string("to", 32), *_texts("reason", "by")),
    )
    op.create_table(
        "verdicts",
        *(_id(), _run_id(), _github_id("repository_id"), _number("issue"), _string("kind", 32)),
        *(_string("head", 64), _string("merge_base", 64), _string("policy", 64), _number("attempt"), _time("at")),
        sa.Column("verdict", sa.JSON, nullable=False),
        sa.UniqueConstraint("repository_id", "issue", "kind", "head", "merge_base", "policy", "attempt"),
    )
    op.create_table(
        "chain",
        *(_string("run_id", 100, key=True), sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False)),
        *(_string("at", 32), _string("kind", 32), *_texts("body"), _string("previous", 64), _string("hash", 64)),
    )
    op.create_table(
        "proofs",
        *(_string("digest", 64, key=True), _run_id(), _github_id("repository_id"), _number("decision_id")),
        *(_string("head", 64), _time("at"), _string("key_id", 64)),
        *_texts("manifest", "manifest_signature", "seal", "seal_signature"),
        sa.Column("merge_sha", sa.String(64), nullable=False, server_default="", index=True),
        _time("sealed_at", nullable=True),
        sa.UniqueConstraint("run_id", "decision_id"),
    )
    op.create_table("signing_keys", _string("key_id", 64, key=True), _string("public_key", 64), _time("first_used_at"))


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
