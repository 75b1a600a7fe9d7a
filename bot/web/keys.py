"""`/.well-known/cadence-keys.json`: the public keys under which proofs of merges were signed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, Response, jsonify

from bot.core.signing import public_pem
from bot.ledger.entries import SigningKey

# The folder for such files: https://www.rfc-editor.org/rfc/rfc8615
PATH = "/.well-known/cadence-keys.json"


def keys_blueprint(keys: Callable[[], Sequence[SigningKey]]) -> Blueprint:
    """The page: every key ever used, oldest first, because old proofs are checked with old keys."""
    blueprint = Blueprint("keys", __name__)

    @blueprint.get(PATH)
    def published() -> Response:
        rows = [
            {
                "id": key.key_id,
                # https://www.rfc-editor.org/rfc/rfc8032
                "algorithm": "Ed25519",
                "public_key": key.public_key,
                # The same key again, in the form that openssl reads: https://www.rfc-editor.org/rfc/rfc7468
                "pem": public_pem(key.public_key),
                "first_used_at": key.first_used_at.isoformat(),
            }
            for key in keys()
        ]
        return jsonify({"keys": rows})

    return blueprint
