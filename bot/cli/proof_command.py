"""`cadence export` and `cadence verify`: write and check the proof of a merge."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.core.names import CommitSha
    from bot.git_store.bare_repository import BareRepository
    from bot.ledger.entries import ProofEntry
    from bot.ledger.ledger import Ledger
    from bot.proof.bundle import Bundle
    from bot.proof.checklist import Check
    from bot.settings import Settings

# git shortens ids to at least 7 characters by default, so a copied short id always fits.
_COMMIT = re.compile(r"[0-9a-f]{7,40}")


def _commit(value: str) -> str:
    if not _COMMIT.fullmatch(value):
        raise typer.BadParameter(f"{value!r} is not a commit id: 7 to 40 of the characters 0-9 and a-f")
    return value


Commit = Annotated[
    str, typer.Argument(callback=_commit, help="A merge commit's id, or its first 7 or more characters.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("export")(export)
    app.command("verify")(verify)


def export(
    commit: Commit,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write it.  [default: print it]")] = None,
) -> None:
    """Write the proof of a merge into one file for an auditor: see docs/proof.md.

    The file contains texts of the repository: ChangeSets, commit messages, reviews.
    """
    from bot.proof.export import export_proof

    with _ledger() as (ledger, _):
        text = export_proof(ledger, _required_proof(ledger.proof_of_merge(commit), commit))
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{out} cannot be written: {error.strerror}", param_hint="--out") from None
    typer.echo(f"{out}: the proof of {commit}. `cadence verify {commit} --manifest {out} --repo DIR` checks it.")


def verify(
    commit: Commit,
    manifest: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A file that `cadence export` wrote.  [default: read the ledger]"),
    ] = None,
    repo: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="A full clone.  [default: Cadence's mirror; with --manifest, the current folder]"
        ),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The keys to trust: the service's cadence-keys.json.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Check the proof of a merge without a network: signatures, commits, tree, reviews, CI, config and ledger.

    Exit codes: 0 the proof holds, 1 it does not (each failure has a code, see docs/proof.md), 2 wrong use.
    """
    from bot.proof.checklist import all_passed, checklist_data, checklist_text

    trusted = None if keys is None else _trusted(keys)
    if manifest is not None:
        checks = _check_file(commit, _read(manifest, "--manifest"), repo or Path(), trusted)
    else:
        checks = _check_ledger(commit, repo, trusted)
    if as_json:
        typer.echo(json.dumps(checklist_data(commit, checks), indent=2))
    else:
        typer.echo(checklist_text(commit, checks), nl=False)
    raise typer.Exit(0 if all_passed(checks) else 1)


def _check_file(commit: str, raw: bytes, repo: Path, trusted: frozenset[str] | None) -> list[Check]:
    from bot.core.errors import CadenceError
    from bot.git_store.workbench import workbench
    from bot.proof.bundle import read_bundle
    from bot.proof.checklist import failed

    with workbench(repo) as repository:
        try:
            bundle = read_bundle(raw)
        except CadenceError as error:
            return [failed(error.code, error.message)]
        return _checks(bundle, repository, commit, trusted)


def _check_ledger(commit: str, repo: Path | None, trusted: frozenset[str] | None) -> list[Check]:
    """Check the ledger's proof on `repo` or on the mirror."""
    with _ledger() as (ledger, settings):
        proof = ledger.proof_of_merge(commit)
        # The ledger does not know the commit of a person's squash or rebase, but its trailers may name a proof.
        if proof is None and repo is not None:
            from bot.git_store.workbench import workbench
            from bot.proof.rebuild import proof_trailers

            with workbench(repo) as repository:
                record = repository.history.commit(_resolved(repository, commit))
                quoted = proof_trailers(record.message if record else None)
            named = [ledger.proof_by_digest(digest.removeprefix("sha256:")) for digest in quoted]
            proof = next((entry for entry in named if entry is not None), None)
        kept = _required_proof(proof, commit)
        # Imported only now: GitPython and the proof's checks take 0.1 s, which a missing proof does not need.
        from bot.core.errors import CadenceError
        from bot.proof.checklist import failed
        from bot.proof.export import export_proof
        from bot.proof.ledger_check import ledger_checks

        if trusted is None:
            # Without --keys the ledger's own keys are trusted: a forged ledger is found only with keys from elsewhere.
            trusted = frozenset(key.key_id for key in ledger.signing_keys())
        try:
            raw = export_proof(ledger, kept).encode()
        except CadenceError as error:
            return [failed(error.code, error.summary)]
        where = repo or settings.data_dir / "mirrors" / f"{kept.repository_id}.git"
        held = ledger_checks(ledger, kept.run_id)
    return [*_check_file(commit, raw, where, trusted), *held]


def _checks(bundle: Bundle, repository: BareRepository, commit: str, trusted: frozenset[str] | None) -> list[Check]:
    from bot.core.signing import is_signed, key_id
    from bot.proof.verify import verify as checked

    return checked(
        bundle, repository, _resolved(repository, commit), is_signed=is_signed, key_id=key_id, trusted=trusted
    )


def _resolved(repository: BareRepository, commit: str) -> CommitSha:
    from bot.core.errors import CadenceError

    found = repository.history.resolve(commit)
    if found is None:
        raise CadenceError(
            f"commit {commit} is not in this repository",
            code="proof.repository",
            remedy="Fetch, or name another --repo.",
        )
    return found


def _required_proof(proof: ProofEntry | None, commit: str) -> ProofEntry:
    from bot.core.errors import CadenceError

    if proof is None:
        raise CadenceError(
            f"the ledger has no proof of the merge {commit}",
            code="proof.missing",
            remedy="Merges by people have no proof. To check a proof in a file, name it with --manifest.",
        )
    return proof


def _trusted(path: Path) -> frozenset[str]:
    """The ids of the keys in a downloaded cadence-keys.json."""
    from bot.core.signing import key_id

    try:
        rows = json.loads(_read(path, "--keys"))["keys"]
        # Computed from the keys, because the `id` beside a key can be forged.
        return frozenset(key_id(row["public_key"]) for row in rows)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise typer.BadParameter(f"{path} is not a cadence-keys.json file", param_hint="--keys") from None


def _read(path: Path, option: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}", param_hint=option) from None


@contextmanager
def _ledger() -> Iterator[tuple[Ledger, Settings]]:
    from bot.ledger.open import open_ledger
    from bot.settings import Settings

    settings = Settings.load()
    ledger = open_ledger(settings)
    try:
        yield ledger, settings
    finally:
        ledger.close()
