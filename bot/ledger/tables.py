"""The ledger's tables. Alembic's versions under migrations/ lead here; a test compares the two.

Tables whose rows are read as entries (entries.py) come from the entry's fields, the others list their columns.
"""

from __future__ import annotations

import sqlalchemy as sa

from bot.ledger.columns import UtcDateTime, table
from bot.ledger.context_entry import ContextEntry
from bot.ledger.entries import (
    CommandEntry,
    DecisionEntry,
    Delivery,
    EffectEntry,
    EstimateEntry,
    ModelCallEntry,
    ProofEntry,
    RunEntry,
    SigningKey,
    SteeringEntry,
    TransitionEntry,
)

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


inbox = table(
    "inbox",
    metadata,
    Delivery,
    key=["guid"],
    indexes=[["status"], ["status", "urgency", "due_at"], ["subject", "status"]],
)

runs = table(
    "runs",
    metadata,
    RunEntry,
    key=["run_id"],
    unique=["repository_id", "issue", "cause"],
    indexes=[["state"], ["repository_id", "pull"]],
)

transitions = table("transitions", metadata, TransitionEntry, key=["id"], indexes=[["run_id"]])

effects = table(
    "effects", metadata, EffectEntry, key=["id"], unique=["scope", "kind", "natural_key"], indexes=[["run_id"]]
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

model_calls = table("model_calls", metadata, ModelCallEntry, _id(), key=["id"], indexes=[["run_id"]])

reservations = sa.Table(
    "reservations",
    metadata,
    _id(),
    sa.Column("run_id", sa.String(100), nullable=False, index=True),
    sa.Column("repository_id", sa.BigInteger, nullable=False, index=True),
    # `open`: a call may be going on, or its process ended within it. `refused`: the call did not fit.
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("input_tokens", sa.Integer, nullable=False),
    sa.Column("output_tokens", sa.Integer, nullable=False),
    sa.Column("cost", sa.Float),
    sa.Column("at", UtcDateTime, nullable=False),
)

estimates = table("estimates", metadata, EstimateEntry, key=["run_id", "attempt"], indexes=[["repository_id", "at"]])

decisions = table(
    "decisions",
    metadata,
    DecisionEntry,
    # Of what was decided, and on what: the same decision again is not a new row.
    sa.Column("digest", sa.String(64), nullable=False),
    key=["id"],
    indexes=[["run_id"]],
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

contexts = table("contexts", metadata, ContextEntry, _id(), key=["id"], indexes=[["run_id"]])

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

commands = table(
    "commands",
    metadata,
    CommandEntry,
    key=["repository_id", "comment_id", "edit"],
    indexes=[["repository_id", "login", "at"]],
)

steering = table("steering", metadata, SteeringEntry, key=["repository_id", "issue"])

stops = sa.Table(
    "stops",
    metadata,
    sa.Column("run_id", sa.String(100), primary_key=True),
    # The move to `stopped` that is confirmed: a run that was resumed and stopped again is confirmed again.
    sa.Column("move", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("confirmed_at", UtcDateTime),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("effect_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("run_id", sa.String(100), nullable=False, index=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("taken_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
)

recordings = sa.Table(
    "recordings",
    metadata,
    _id(),
    sa.Column("run_id", sa.String(100), nullable=False),
    sa.Column("step", sa.String(16), nullable=False),
    sa.Column("key", sa.String(250), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("run_id", "step", "key"),
)

chain = sa.Table(
    "chain",
    metadata,
    sa.Column("run_id", sa.String(100), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    # Text and not a time: the hash covers exactly these characters.
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    _text("body"),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

proofs = table(
    "proofs",
    metadata,
    ProofEntry,
    key=["digest"],
    unique=["run_id", "decision_id"],
    indexes=[["run_id"], ["merge_sha"]],
)

signing_keys = table("signing_keys", metadata, SigningKey, key=["key_id"])
