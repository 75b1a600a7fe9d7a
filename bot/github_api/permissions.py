"""The permission groups that Cadence's steps mint tokens with. Together they are app.yml's, which a test compares."""

from __future__ import annotations

from bot.github_api.tokens import Permissions

METADATA: Permissions = {"metadata": "read"}
READ: Permissions = {
    "metadata": "read",
    "contents": "read",
    "issues": "read",
    "pull_requests": "read",
    "checks": "read",
    "statuses": "read",
    "actions": "read",
}
"""Everything a look needs. Only with `actions: read` does GitHub tell which workflow a check run belongs to."""
ISSUES_WRITE: Permissions = {"metadata": "read", "issues": "write"}
REVIEW_WRITE: Permissions = {"metadata": "read", "pull_requests": "write", "checks": "write"}
"""The pull request, its reviews and their check runs are written in one step."""
PULLS_ONLY: Permissions = {"metadata": "read", "pull_requests": "write"}
"""For the second App. Its approval counts only if it also holds `contents: write`, which it need not use."""
CONTENTS_READ: Permissions = {"metadata": "read", "contents": "read"}
CONTENTS_WRITE: Permissions = {"metadata": "read", "contents": "write"}
MERGE: Permissions = {"metadata": "read", "contents": "write", "pull_requests": "write"}
"""Merging needs contents: write; the App also writes to the pull request it closes."""
PROTECTION_READ: Permissions = {"metadata": "read", "administration": "read"}
"""Asked for only where the App was given it: classic branch protection shows the rest of itself then."""

ALL_GROUPS = (METADATA, READ, ISSUES_WRITE, REVIEW_WRITE, CONTENTS_READ, CONTENTS_WRITE, MERGE)
