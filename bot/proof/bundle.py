"""A proof in one file, for a reader who has neither Cadence's ledger nor its key.

The file is the canonical JSON of one object and a line end, so no byte of it can change without a failure:
every field is either signed, named by a digest in something signed, or bound by the chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.errors import CadenceError
from bot.core.json_types import JsonDict
from bot.ledger.chain import ChainEntry, ChainHead, canonical
from bot.ledger.entries import ProofEntry
from bot.ledger.signed_documents import load_json, signed_document
from bot.proof.statements import MANIFEST, SEAL, VERSION

FORMAT = "cadence/proof"
_REMEDY = "Use the file exactly as `cadence export` wrote it: not reformatted, not cut."
_TEXT = {"type": "string"}
_HEX = {"type": "string", "pattern": r"^[0-9a-f]+\Z"}
_NUMBER = {"type": "integer"}


def _object(properties: dict[str, Any], *, more: bool = False) -> JsonDict:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": more,
    }


_HEAD = _object({"seq": _NUMBER, "hash": _HEX})
_KEY = _object({"head": _TEXT, "merge_base": _TEXT, "policy": _TEXT, "attempt": _NUMBER})
_RECEIPT = _object(
    {"kind": _TEXT, "key": _KEY, "conclusion": _TEXT, "code": _TEXT, "receipt": {"type": "object"}, "verdict": _TEXT}
)
_CI = _object(
    {"name": _TEXT, "app": {"type": ["integer", "null"]}, "conclusion": {}, "id": _NUMBER, "url": _TEXT}, more=True
)
_OWN = _object(
    {"sha": _HEX, "parent": _HEX, "changeset": _HEX, "author": _object({"name": _TEXT, "email": _TEXT})}
    | {"date": {"type": "integer", "minimum": 0, "maximum": 253_402_300_799}, "message": _TEXT}
)
_OTHER = _object({"sha": _HEX, "parents": {"type": "array", "items": _HEX}})
_MANIFEST = _object(
    {
        "document": {"const": MANIFEST},
        "version": {"const": VERSION},
        "repository": _object({"id": _NUMBER, "name": _TEXT, "server": _TEXT}),
        "run": _TEXT,
        "changesets": {"type": "array", "items": _HEX},
        "base": _object({"branch": _TEXT, "tip": _HEX}),
        "merge_base": _HEX,
        "head": _HEX,
        "commits": {"type": "array", "items": {"anyOf": [_OWN, _OTHER]}},
        "method": {"enum": ["merge", "squash", "rebase"]},
        "policy": _TEXT,
        "receipts": {"type": "array", "items": _RECEIPT},
        "ci": {"type": "array", "items": _CI},
        "decision": _object({"id": _NUMBER, "outcome": _TEXT}, more=True),
        "chain": _HEAD,
    },
    more=True,
)
_SEAL = _object(
    {
        "document": {"const": SEAL},
        "version": {"const": VERSION},
        "manifest": _HEX,
        "run": _TEXT,
        "merge_commit": _HEX,
        "tree": _HEX,
        "parents": {"type": "array", "items": _HEX},
        "onto": _HEX,
        "base_moved": {"type": "boolean"},
        "sealed_at": _TEXT,
        "chain": _HEAD,
    }
)
_ENTRY = _object(
    {"run": _TEXT, "seq": _NUMBER, "at": _TEXT, "kind": _TEXT, "body": _TEXT, "previous": _TEXT, "hash": _TEXT}
)
_SCHEMA = _object(
    {
        "format": {"const": FORMAT},
        "version": {"const": VERSION},
        "manifest": _MANIFEST,
        "manifest_signature": _TEXT,
        "seal": _SEAL,
        "seal_signature": _TEXT,
        "public_key": _TEXT,
        "changesets": {"type": "array", "items": _TEXT},
        "verdicts": {"type": "array", "items": {"type": "object"}},
        "chain": {"type": "array", "items": _ENTRY},
    }
)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A proof and everything it is checked with, as read; what it claims is not checked yet.

    `changesets` are canonical JSON texts, `verdicts` verdicts as filed, `chain` the run's chain as of the export.
    """

    manifest: JsonDict
    manifest_signature: str
    seal: JsonDict
    seal_signature: str
    public_key: str
    changesets: tuple[str, ...]
    verdicts: tuple[JsonDict, ...]
    chain: tuple[ChainEntry, ...]

    def heads(self) -> tuple[ChainHead, ChainHead]:
        """The chain's heads that manifest and seal name."""
        first, second = self.manifest["chain"], self.seal["chain"]
        return ChainHead(first["seq"], first["hash"]), ChainHead(second["seq"], second["hash"])


def bundle_text(
    proof: ProofEntry,
    public_key: str,
    *,
    changesets: Sequence[str],
    verdicts: Sequence[Mapping[str, Any]],
    chain: Sequence[ChainEntry],
) -> str:
    """The text of a sealed proof's file. Raises CadenceError `proof.unsealed` while the merge is not read."""
    if not proof.seal:
        raise CadenceError(
            "Cadence has not read this merge from GitHub yet",
            code="proof.unsealed",
            remedy="Export it later; if it lasts, read the log.",
        )
    data = {
        "format": FORMAT,
        "version": VERSION,
        "manifest": signed_document(proof.manifest, "manifest"),
        "manifest_signature": proof.manifest_signature,
        "seal": signed_document(proof.seal, "seal"),
        "seal_signature": proof.seal_signature,
        "public_key": public_key,
        "changesets": list(changesets),
        "verdicts": [dict(verdict) for verdict in verdicts],
        "chain": [entry.as_dict() for entry in chain],
    }
    return canonical(data) + "\n"


def read_bundle(raw: bytes) -> Bundle:
    """The bundle in a file. Raises CadenceError `proof.bundle`, which says where the file differs from the format."""
    try:
        text = raw.decode("utf-8")
        data = load_json(text)
    except (ValueError, RecursionError) as error:
        raise _no_bundle(f"it is not JSON ({error})") from None
    # Imported here: most commands that read the ledger never read a bundle, and jsonschema takes 0.1 s to import.
    from jsonschema import Draft202012Validator

    faults = sorted(Draft202012Validator(_SCHEMA).iter_errors(data), key=lambda e: list(map(str, e.absolute_path)))
    if faults:
        where = "/".join(map(str, faults[0].absolute_path)) or "the whole"
        raise _no_bundle(f"{where}: {faults[0].message[:200]}")
    if canonical(data) + "\n" != text:
        raise _no_bundle("it is not in canonical form")
    return Bundle(
        manifest=data["manifest"],
        manifest_signature=data["manifest_signature"],
        seal=data["seal"],
        seal_signature=data["seal_signature"],
        public_key=data["public_key"],
        changesets=tuple(data["changesets"]),
        verdicts=tuple(data["verdicts"]),
        chain=tuple(ChainEntry(**entry) for entry in data["chain"]),
    )


def _no_bundle(why: str) -> CadenceError:
    return CadenceError(f"this is not a proof as Cadence writes it: {why}", code="proof.bundle", remedy=_REMEDY)
