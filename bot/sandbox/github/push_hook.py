"""The sandbox's `proc-receive` hook: accepts or refuses each pushed ref and answers git with GitHub's own words.

Git runs it inside the bare repository with the rules in the environment (`SANDBOX_PUSH_RULES`, JSON). It uses only
the standard library and imports nothing of Cadence. A `proc-receive` hook is the one kind that can put its own
reason behind `! [remote rejected]`; accepted refs fall through to git.
"""

from __future__ import annotations

import fnmatch
import json
import os
import subprocess
import sys
from typing import Any

ZERO = "0" * 40


def read_packet() -> bytes | None:
    """One pkt-line, or None for a flush or the end of input."""
    size = sys.stdin.buffer.read(4)
    if len(size) < 4 or size == b"0000":
        return None
    return sys.stdin.buffer.read(int(size, 16) - 4).rstrip(b"\n")


def write_packet(line: bytes | None) -> None:
    """Write one pkt-line; None writes a flush."""
    sys.stdout.buffer.write(b"0000" if line is None else b"%04x" % (len(line) + 5) + line + b"\n")
    sys.stdout.buffer.flush()


def git(*args: str) -> list[str]:
    done = subprocess.run(["git", *args], capture_output=True, check=False)
    return [line for line in done.stdout.decode("utf-8", "replace").splitlines() if line]


def changed_workflow(new: str) -> str | None:
    """The first workflow file that commits unknown to this repository create or update."""
    for commit in git("rev-list", new, "--not", "--all"):
        lines = git("diff-tree", "-r", "-m", "--root", "--no-commit-id", "--diff-filter=d", commit)
        for line in lines:
            meta, _, path = line.partition("\t")
            if path.startswith(".github/workflows/"):
                blob = meta.split(" ")[3]
                if blob not in git("rev-parse", "--verify", "--quiet", f"HEAD:{path}"):
                    return path
    return None


def rule_violations(rules: list[dict[str, Any]], old: str, new: str) -> list[str]:
    """The bullet lines of the rules that the update of one branch breaks."""
    found = []
    forced = ZERO not in (old, new) and git("rev-list", "-1", old, f"^{new}")
    for rule in rules:
        kind, parameters = rule["type"], rule.get("parameters") or {}
        if kind == "deletion" and new == ZERO:
            found.append("Cannot delete this branch")
        elif kind == "creation" and old == ZERO:
            found.append("Cannot create ref due to creations being restricted.")
        elif kind == "update" and ZERO not in (old, new):
            found.append("Cannot update this protected ref.")
        elif kind == "non_fast_forward" and forced:
            found.append("Cannot force-push to this branch")
        elif kind == "pull_request" and new != ZERO:
            found.append("Changes must be made through a pull request.")
        elif kind == "required_status_checks" and new != ZERO and old != ZERO:
            names = [check["context"] for check in parameters.get("required_status_checks", [])]
            found.extend(f'Required status check "{name}" is expected.' for name in names)
        elif kind == "merge_queue" and new != ZERO:
            found.append("Changes must be made through the merge queue")
    return found


def refusal(rules: dict[str, Any], old: str, new: str, ref: str) -> str | None:
    """Why the update is refused, in GitHub's words, or None."""
    branch = ref.removeprefix("refs/heads/")
    if not ref.startswith(("refs/heads/", "refs/tags/")):
        return "deny updating a hidden ref"
    if new == ZERO and branch == rules["default_branch"]:
        return "refusing to delete the current branch: " + ref
    if new != ZERO and not rules["workflows"]:
        path = changed_workflow(new)
        if path:
            kind = "a GitHub App" if rules["app"] else "an OAuth App"
            return f"refusing to allow {kind} to create or update workflow `{path}` without `workflows` permission"
    if any(fnmatch.fnmatch(branch, pattern) for pattern in rules["protected"]):
        sys.stderr.write(f"error: GH006: Protected branch update failed for {ref}.\n")
        return "protected branch hook declined"
    bound = [rule for entry in rules["patterns"] if fnmatch.fnmatch(branch, entry["branch"]) for rule in entry["rules"]]
    violations = rule_violations(bound, old, new)
    if violations:
        lines = "\n".join(f"\n- {line}" for line in violations)
        sys.stderr.write(f"error: GH013: Repository rule violations found for {ref}.\n{lines}\n\n")
        return "push declined due to repository rule violations"
    return None


def main() -> None:
    """Speak version 1 of the proc-receive protocol."""
    rules = json.loads(os.environ["SANDBOX_PUSH_RULES"])
    while read_packet() is not None:
        pass
    write_packet(b"version=1")
    write_packet(None)
    commands = []
    while (line := read_packet()) is not None:
        commands.append(line.decode().split(" ", 2))
    for old, new, ref in commands:
        reason = refusal(rules, old, new, ref)
        if reason is None:
            write_packet(f"ok {ref}".encode())
            write_packet(b"option fall-through")
        else:
            write_packet(f"ng {ref} {reason}".encode())
    write_packet(None)


if __name__ == "__main__":
    main()
