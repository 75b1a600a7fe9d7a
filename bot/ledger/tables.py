"""The ledger's tables. Alembic's versions under migrations/ lead here; a test compares the two."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.ledger.chain import time_text

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A UTC time: timezone-aware in Python, ISO 8601 text with microseconds in every database, so that it sorts."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:  # noqa: ARG002
        return None if value is None else time_text(value)

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


def _text(name: str, default: str | None = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("guid", sa.String(100), primary_key=True),
    _text("event"),
    _text("action"),
    sa.Column("installation_id", sa.BigInteger),
    sa.Column("repository_id", sa.BigInteger),
    sa.Column("received_at", UtcDateTime, nullable=False),
    _text("body"),
    sa.Column("status", sa.String(16), nullable=False, server_default="new", index=True),
    _text("reason"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="1"),
    sa.Column("run_id", sa.String(100)),
    sa.Column("urgency", sa.Integer, nullable=False, server_default="1"),
    sa.Column("subject", sa.String(64), nullable=False, server_default=""),
    sa.Column("due_at", UtcDateTime),
    sa.Column("taken_by", sa.String(100), nullable=False, server_default=""),
    sa.Index("ix_inbox_status_urgency_due_at", "status", "urgency", "due_at"),
    sa.Index("ix_inbox_subject_status", "subject", "status"),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run_id", sa.String(100), primary_key=True),
    sa.Column("repository_id", sa.BigInteger, nullable=False),
    _text("repository"),
    sa.Column("installation_id", sa.BigInteger, nullable=False),
    sa.Column("issue", sa.Integer, nullable=False),
    sa.Column("cause", sa.String(200), nullable=False),
    _text("started_by"),
    sa.Column("state", sa.String(32), nullable=False, index=True),
    _text("reason"),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    _text("title"),
    _text("body"),
    _text("blueprint_digest"),
    sa.Column("text_trusted", sa.Boolean, nullable=False, server_default=sa.false()),
    _text("guidance"),
    sa.Column("discard", sa.Boolean, nullable=False, server_default=sa.false()),
    _text("asked_digest"),
    sa.Column("asked_at", UtcDateTime),
    _text("approved_digest"),
    _text("approved_diff"),
    _text("approved_by"),
    _text("approved_pushed"),
    _text("asked_reviews"),
    _text("default_branch"),
    _text("base_branch"),
    _text("base_sha"),
    _text("head_sha"),
    _text("changeset_digest"),
    _text("summary"),
    _text("plan"),
    _text("branch"),
    sa.Column("pull", sa.Integer),
    sa.Column("status_comment", sa.BigInteger),
    _text("merge_sha"),
    sa.UniqueConstraint("repository_id", "issue", "cause"),
    sa.Index("ix_runs_repository_id_pull", "repository_id", "pull"),
)

transitions = sa.Table(
    "transitions",
    metadata,
    _id(),
    sa.Column("run_id", sa.String(100), nullable=False, index=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("came_from", sa.String(32), nullable=False),
    sa.Column("to", sa.String(32), nullable=False),
    _text("reason"),
    _text("by"),
)

effects = sa.Table(
    "effects",
    metadata,
    _id(),
    sa.Column("scope", sa.String(100), nullable=False),
    sa.Column("run_id", sa.String(100), index=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("natural_key", sa.String(250), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("intended_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("outcome", sa.JSON),
    sa.Column("error_code", sa.String(100)),
    sa.UniqueConstraint("scope", "kind", "natural_key"),
)

requests = sa.Table(
    "requests",
    metadata,
    _id(),
    sa.Column("run_id", sa.String(100), index=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("method", sa.String(8), nullable=False),
    _text("route"),
    sa.Column("status", sa.Integer, nullable=False),
)

model_calls = sa.Table(
    "model_calls",
    metadata,
    _id(),
    sa.Column("run_id", sa.String(100), index=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    _text("model_asked"),
    _text("model_answered"),
    _text("prompt_digest"),
    sa.Column("input_tokens", sa.Integer, nullable=False, server_default="0"),
    sa.Column("output_tokens", sa.Integer, nullable=False, server_default="0"),
    sa.Column("cost", sa.Float),
    sa.Column("duration_ms", sa.Integer, nullable=False, server_default="0"),
    _text("outcome"),
    sa.Column("recorded", sa.Boolean, nullable=False, server_default=sa.false()),
)

decisions = sa.Table(
    "decisions",
    metadata,
    _id(),
    sa.Column("run_id", sa.String(100), nullable=False, index=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("pull", sa.Integer, nullable=False),
    sa.Column("head", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    _id(),
    sa.Column("run_id", sa.String(100), nullable=False, index=True),
    sa.Column("repository_id", sa.BigInteger, nullable=False),
    sa.Column("issue", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("head", sa.String(64), nullable=False),
    sa.Column("merge_base", sa.String(64), nullable=False),
    sa.Column("policy", sa.String(64), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("verdict", sa.JSON, nullable=False),
    sa.UniqueConstraint("repository_id", "issue", "kind", "head", "merge_base", "policy", "attempt"),
)

changesets = sa.Table(
    "changesets",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("run_id", sa.String(100), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    _text("canonical"),
)

findings = sa.Table(
    "findings",
    metadata,
    _id(),
    sa.Column("run_id", sa.String(100), nullable=False, index=True),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("findings", sa.JSON, nullable=False),
)

sightings = sa.Table(
    "sightings",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True),
    sa.Column("head", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(250), primary_key=True),
    sa.Column("first_seen", UtcDateTime, nullable=False),
)

pace = sa.Table(
    "pace",
    metadata,
    sa.Column("installation_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("next_at", sa.Float, nullable=False),
    sa.Column("kept_until", sa.Float, nullable=False, server_default="0"),
)

numbers = sa.Table(
    "numbers",
    metadata,
    sa.Column("name", sa.String(250), primary_key=True),
    sa.Column("value", sa.Integer, nullable=False),
)

looks = sa.Table(
    "looks",
    metadata,
    sa.Column("name", sa.String(250), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
)

commands = sa.Table(
    "commands",
    metadata,
    sa.Column("repository_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("comment_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("edit", sa.String(100), primary_key=True),
    _text("repository"),
    sa.Column("installation_id", sa.BigInteger, nullable=False),
    sa.Column("issue", sa.Integer, nullable=False),
    sa.Column("is_pull", sa.Boolean, nullable=False, server_default=sa.false()),
    _text("login"),
    sa.Column("may_write", sa.Boolean, nullable=False, server_default=sa.false()),
    _text("verb"),
    _text("answer"),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("answered_at", UtcDateTime),
    sa.Index("ix_commands_repository_id_login_at", "repository_id", "login", "at"),
)

chain = sa.Table(
    "chain",
    metadata,
    sa.Column("run_id", sa.String(100), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    # Text and not a Moment: the hash covers these very characters.
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    _text("body"),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

proofs = sa.Table(
    "proofs",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("run_id", sa.String(100), nullable=False, index=True),
    sa.Column("repository_id", sa.BigInteger, nullable=False),
    sa.Column("decision_id", sa.Integer, nullable=False),
    sa.Column("head", sa.String(64), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("key_id", sa.String(64), nullable=False),
    _text("manifest"),
    _text("manifest_signature"),
    _text("seal"),
    _text("seal_signature"),
    sa.Column("merge_sha", sa.String(64), nullable=False, server_default="", index=True),
    sa.Column("sealed_at", UtcDateTime),
    sa.UniqueConstraint("run_id", "decision_id"),
)

signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("key_id", sa.String(64), primary_key=True),
    sa.Column("public_key", sa.String(64), nullable=False),
    sa.Column("first_used_at", UtcDateTime, nullable=False),
)
