"""Makes the file of a proof from the ledger: everything that the proof is checked with."""

from __future__ import annotations

from typing import Any

from bot.core.errors import CadenceError
from bot.ledger.entries import ProofEntry
from bot.ledger.ledger import Ledger
from bot.proof.bundle import bundle_text


def export_proof(ledger: Ledger, proof: ProofEntry) -> str:
    """The text of the proof's file, from what the ledger holds now; what was changed there is found when it is checked.

    Raises CadenceError `proof.bundle` when the ledger's manifest was changed, `proof.unsealed` before the merge.
    """
    manifest = ledger.manifest_of(proof)
    try:
        changesets = [ledger.changeset_text(str(digest)) for digest in manifest["changesets"]]
        verdicts = [ledger.filed_verdict(proof.run_id, one["kind"], one["key"]) for one in manifest["receipts"]]
    except (KeyError, TypeError) as error:
        raise CadenceError(f"the manifest in the ledger lacks {error}", code="proof.bundle") from None
    keys = {key.key_id: key.public_key for key in ledger.signing_keys()}
    return bundle_text(
        proof,
        keys.get(proof.key_id, ""),
        changesets=_there(changesets),
        verdicts=_there(verdicts),
        chain=ledger.chain_of(proof.run_id),
    )


def _there(found: list[Any]) -> list[Any]:
    return [one for one in found if one is not None]
