"""How a merge's proof is shown in `cadence/gate`."""

from __future__ import annotations

from dataclasses import replace

from bot.github_api.records import CheckOutput

TEXT_LIMIT = 60_000
"""GitHub takes 65,535 characters in a check run's text."""


def with_proof(output: CheckOutput, *, digest: str, key_id: str, manifest: str, signature: str) -> CheckOutput:
    """The gate's last word with the manifest's digest below it, and the signed manifest itself where it fits.

    The manifest is canonical JSON, and so one line: no fence inside it can end the one around it.
    """
    line = f"Proof: `sha256:{digest}`, signed by the key `{key_id}`."
    shown = replace(output, summary=f"{output.summary}\n\n{line}")
    text = (
        f"The manifest of this merge, as signed before it. Its sha256 is `{digest}`.\n\n"
        f"```json\n{manifest}\n```\n\nEd25519 signature: `{signature}`\n"
    )
    if output.text:
        text = f"{output.text}\n\n{text}"
    return replace(shown, text=text) if len(text) <= TEXT_LIMIT else shown
