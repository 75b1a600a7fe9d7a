"""The permissions of each step's token. A test compares them with app.yml."""

from __future__ import annotations

from bot.github_api.tokens import Permissions

# If the installation lacks a permission, GitHub refuses the token; so a group asks only for what its step needs.
# https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
METADATA: Permissions = {"metadata": "read"}
READ: Permissions = {
    "metadata": "read",
    "contents": "read",
    "issues": "read",
    "pull_requests": "read",
    "checks": "read",
    "statuses": "read",
    # Without it GitHub does not say which workflow a check run belongs to.
    "actions": "read",
}
ISSUES_WRITE: Permissions = {"metadata": "read", "issues": "write"}
# One step writes the pull request, its reviews and their check runs.
REVIEW_WRITE: Permissions = {"metadata": "read", "pull_requests": "write", "checks": "write"}
# For the second App. GitHub counts an approval only of a reviewer with write access, so that App must be granted
# `contents: write` as well, although this token does not ask for it.
# https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/about-pull-request-reviews
PULLS_ONLY: Permissions = {"metadata": "read", "pull_requests": "write"}
CONTENTS_READ: Permissions = {"metadata": "read", "contents": "read"}
CONTENTS_WRITE: Permissions = {"metadata": "read", "contents": "write"}
# `workflows` is left out on purpose: without it GitHub answers 403 to a merge that changes workflow files.
# https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
MERGE: Permissions = {"metadata": "read", "contents": "write", "pull_requests": "write"}
# Used only where the App has it: without it classic branch protection cannot be read as a whole.
# https://docs.github.com/en/rest/branches/branch-protection#get-branch-protection
PROTECTION_READ: Permissions = {"metadata": "read", "administration": "read"}

ALL_GROUPS = (METADATA, READ, ISSUES_WRITE, REVIEW_WRITE, CONTENTS_READ, CONTENTS_WRITE, MERGE)
