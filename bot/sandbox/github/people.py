"""What people (and tests) do in a repository: every method changes the world and sends the events GitHub sends.

`by` is a login; an unknown login becomes an account with no rights, as a stranger on GitHub would be.
Refusals are `ApiError`s in GitHub's words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bot.core.json_types import JsonDict
from bot.sandbox.github import acts_checks, acts_code, acts_issues, acts_pulls, merge_queue
from bot.sandbox.github.accounts import Account
from bot.sandbox.github.actions import SandboxActions
from bot.sandbox.github.answers import ApiError
from bot.sandbox.github.branch_rules import Protection, Ruleset
from bot.sandbox.github.request_log import locked
from bot.sandbox.github.rulesets import completed
from bot.sandbox.github.state import ROLES, CheckRun, Comment, Issue, Pull, QueueEntry, Repository, Review, Status
from bot.sandbox.github.world import World

if TYPE_CHECKING:
    from bot.sandbox.github.apps import SandboxApp


class SandboxRepository:
    """One repository as its people see it; `state` is what the sandbox knows of it."""

    def __init__(self, world: World, state: Repository) -> None:
        self.world = world
        self.state = state

    @property
    def id(self) -> int:
        return self.state.id

    @property
    def full_name(self) -> str:
        return self.state.full_name

    @property
    def clone_url(self) -> str:
        return f"{self.world.site.web}/{self.full_name}.git"

    def _account(self, login: str) -> Account:
        return self.world.ensure_account(login)

    # -- reading -----------------------------------------------------------------------------------------------

    def issue(self, number: int) -> Issue:
        """Raises KeyError."""
        return self.state.issues[number]

    def pull(self, number: int) -> Pull:
        """Raises KeyError."""
        found = self.state.issues[number].pull
        if found is None:
            raise KeyError(number)
        return found

    def pulls(self, *, state: str | None = None) -> list[Pull]:
        return [one for one in self.state.pulls() if state is None or one.issue.state == state]

    def check_runs(self, sha: str | None = None) -> list[CheckRun]:
        return [run for run in self.state.check_runs.values() if sha is None or run.head_sha == sha]

    def tip(self, branch: str | None = None) -> str | None:
        """The commit a branch (the default one) points at, or None."""
        return self.world.bare(self.state).tip(branch or self.state.default_branch)

    def read_file(self, path: str, at: str | None = None) -> bytes | None:
        return self.world.bare(self.state).read(at or self.state.default_branch, path)

    # -- settings ----------------------------------------------------------------------------------------------

    @locked
    def add_collaborator(self, login: str, role: str = "write") -> None:
        """Give a role: none, read, triage, write, maintain or admin. Raises ValueError for another word."""
        if role not in ROLES:
            raise ValueError(f"{role!r} is not a role: {', '.join(ROLES)}")
        self._account(login)
        self.state.collaborators[login.casefold()] = role

    @locked
    def configure(self, **settings: bool) -> None:
        """Set `allow_*_merge`, `delete_branch_on_merge`, `private` or `archived`. Raises AttributeError."""
        for name, value in settings.items():
            getattr(self.state, name)
            setattr(self.state, name, value)

    @locked
    def add_ruleset(
        self,
        rules: Sequence[JsonDict],
        *,
        branches: Sequence[str] = ("~DEFAULT_BRANCH",),
        bypass: Sequence[SandboxApp] = (),
    ) -> int:
        """Make an active ruleset; rules are written as GitHub's API takes them, parameters left out get its defaults.

        `bypass` are Apps on its bypass list. Gives the ruleset's id.
        """
        apps = frozenset(app.app_id for app in bypass)
        made = Ruleset(self.world.next_id(), tuple(branches), [completed(rule) for rule in rules], apps)
        self.state.rulesets.append(made)
        return made.id

    @locked
    def protect_branch(
        self,
        branch: str,
        *,
        checks: Sequence[str | tuple[str, int | None]] = (),
        strict: bool = False,
        approvals: int = 0,
        linear: bool = False,
        conversations: bool = False,
        push_apps: Sequence[SandboxApp] | None = None,
    ) -> None:
        """Classic protection: direct pushes by Apps are refused, merges need the checks and approvals."""
        pairs = [(one, None) if isinstance(one, str) else one for one in checks]
        apps = None if push_apps is None else frozenset(app.app_id for app in push_apps)
        self.state.protections[branch] = Protection(pairs, strict, approvals, linear, conversations, apps)

    # -- issues and comments -----------------------------------------------------------------------------------

    @locked
    def file_issue(
        self, title: str, body: str | None = "", *, by: str, labels: Sequence[str] = (), form: bool = False
    ) -> int:
        """Open an issue and give its number.

        Labels of an author without triage are dropped, unless an issue form puts them on (`form`).
        """
        author = self._account(by)
        kept = list(labels) if form or self.state.at_least(author, "triage") else []
        made = acts_issues.open_issue(self.world, self.state, by=author, title=title, body=body, labels=kept)
        return made.number

    @locked
    def label(self, number: int, name: str, *, by: str) -> None:
        """Label an issue or pull request. Raises ApiError 403 without triage."""
        acts_issues.add_label(self.world, self.issue(number), name, by=self._at_least(by, "triage"))

    @locked
    def unlabel(self, number: int, name: str, *, by: str) -> None:
        acts_issues.remove_label(self.world, self.issue(number), name, by=self._at_least(by, "triage"))

    def _at_least(self, login: str, role: str) -> Account:
        account = self._account(login)
        if not self.state.at_least(account, role):
            raise ApiError(403, "Must have admin rights to Repository." if role == "admin" else "Forbidden")
        return account

    @locked
    def comment(self, number: int, body: str, *, by: str) -> Comment:
        """Comment on an issue or pull request; on a public repository anyone may."""
        return acts_issues.comment(self.world, self.issue(number), by=self._account(by), body=body)

    @locked
    def edit_comment(self, comment: Comment, body: str, *, by: str) -> None:
        acts_issues.edit_comment(self.world, comment, by=self._account(by), body=body)

    @locked
    def edit_body(self, number: int, body: str, *, by: str) -> None:
        """Edit the body of an issue or pull request."""
        acts_issues.edit(self.world, self.issue(number), by=self._account(by), body=body)

    @locked
    def rename(self, number: int, title: str, *, by: str) -> None:
        """Change the title of an issue or pull request."""
        acts_issues.edit(self.world, self.issue(number), by=self._account(by), title=title)

    @locked
    def close(self, number: int, *, by: str) -> None:
        """Close an issue, or a pull request without merging it."""
        acts_issues.close(self.world, self.issue(number), by=self._account(by))

    def close_pull(self, number: int, *, by: str) -> None:
        """Close a pull request without merging it. Raises KeyError for an issue."""
        self.pull(number)
        self.close(number, by=by)

    @locked
    def reopen(self, number: int, *, by: str) -> None:
        acts_issues.reopen(self.world, self.issue(number), by=self._account(by))

    # -- code --------------------------------------------------------------------------------------------------

    @locked
    def push_commit(
        self,
        files: Mapping[str, str | bytes | None],
        *,
        by: str,
        branch: str | None = None,
        message: str = "Change by hand",
    ) -> str:
        """Commit and push files (None removes one) to a branch; a new branch starts at the default one."""
        target = branch or self.state.default_branch
        return acts_code.commit_files(self.world, self.state, target, files, message=message, by=self._account(by))

    @locked
    def move_branch(self, branch: str, sha: str, *, by: str) -> None:
        """Point a branch at any commit, as a forced push would."""
        acts_code.move_branch(self.world, self.state, branch, sha, by=self._account(by))

    @locked
    def delete_branch(self, branch: str, *, by: str) -> None:
        """Delete a branch; GitHub closes open pull requests that use it."""
        acts_code.delete_branch(self.world, self.state, branch, by=self._account(by))

    # -- pull requests -----------------------------------------------------------------------------------------

    @locked
    def open_pull(
        self, *, by: str, title: str, head: str, base: str | None = None, body: str = "", draft: bool = False
    ) -> int:
        """Open a pull request between two branches and give its number."""
        asked: JsonDict = {"title": title, "head": head, "base": base or self.state.default_branch}
        asked = {**asked, "body": body, "draft": draft}
        return acts_pulls.open_pull(self.world, self.state, asked, by=self._account(by)).number

    @locked
    def retarget(self, number: int, base: str, *, by: str) -> None:
        """Change the base of a pull request."""
        acts_pulls.retarget(self.world, self.pull(number), base, by=self._account(by))

    @locked
    def set_draft(self, number: int, draft: bool, *, by: str) -> None:
        acts_pulls.set_draft(self.world, self.pull(number), draft, by=self._account(by))

    @locked
    def merge_pull(self, number: int, *, by: str, method: str = "merge") -> str:
        """Merge by a person with write access, under the same rules; gives the merge commit."""
        order = acts_pulls.MergeOrder(method=method)
        return acts_pulls.merge(self.world, self.pull(number), order, by=self._at_least(by, "write"))

    @locked
    def enqueue(self, number: int, *, by: str) -> None:
        """Put a pull request into its base's merge queue by hand. Raises ApiError 422 where it may not enter."""
        merge_queue.enqueue(self.world, self.pull(number), expected=None, by=self._at_least(by, "write"))

    def queue(self, branch: str | None = None) -> list[QueueEntry]:
        """A branch's merge queue, the front first."""
        return list(self.state.queues.get(branch or self.state.default_branch, ()))

    @locked
    def submit_review(
        self, number: int, *, by: str, event: str = "APPROVE", body: str = "", comments: Sequence[JsonDict] = ()
    ) -> Review:
        """Review as a person: APPROVE, REQUEST_CHANGES or COMMENT on the present head."""
        asked: JsonDict = {"event": event, "body": body, "comments": list(comments)}
        return acts_pulls.submit_review(self.world, self.pull(number), asked, by=self._account(by))

    @locked
    def begin_review(self, number: int, *, by: str, body: str = "", comments: Sequence[JsonDict] = ()) -> Review:
        """Start a review and do not submit it; the next `submit_review` by the same person submits its comments."""
        asked: JsonDict = {"body": body, "comments": list(comments)}
        return acts_pulls.begin_review(self.world, self.pull(number), asked, by=self._account(by))

    @locked
    def resolve_conversations(self, number: int, *, by: str) -> None:
        """Press "Resolve conversation" on every open thread: `pull_request_review_thread.resolved` for each."""
        acts_pulls.resolve_conversations(self.world, self.pull(number), by=self._at_least(by, "write"))

    # -- checks and statuses -----------------------------------------------------------------------------------

    def actions(self, app: SandboxApp) -> SandboxActions:
        """Workflow runs whose jobs appear one by one, reported by that App in the place of GitHub Actions."""
        return SandboxActions(self.world, self.state, app.state)

    @locked
    def create_check_run(
        self,
        app: SandboxApp,
        *,
        name: str,
        head_sha: str,
        status: str = "completed",
        conclusion: str | None = "success",
        summary: str = "",
        workflow: tuple[str, str] | None = None,
    ) -> CheckRun:
        """Report a check as that App; pass `status="in_progress", conclusion=None` for one that runs.

        `workflow` is (name, event), for an App that plays GitHub Actions: the check is a job of the newest run of that
        workflow. `actions` plays further runs, and jobs that appear late.
        """
        asked: JsonDict = {"name": name, "head_sha": head_sha, "status": status}
        if conclusion:
            asked["conclusion"] = conclusion
        if summary:
            asked["output"] = {"title": name, "summary": summary}
        return acts_checks.create_check_run(self.world, self.state, app.state, asked, workflow=workflow)

    @locked
    def complete_check_run(self, run: CheckRun, conclusion: str) -> None:
        acts_checks.update_check_run(self.world, run, run.app, {"conclusion": conclusion})

    @locked
    def rerequest_check_run(self, run: CheckRun, *, by: str) -> None:
        """Press "Re-run": `check_run.rerequested` only for the owning App; the run itself does not change."""
        acts_checks.emit_check_run(self.world, run, "rerequested", by=self._account(by))

    @locked
    def press_button(self, run: CheckRun, identifier: str, *, by: str) -> None:
        """Press a button of a check run: `check_run.requested_action` for the owning App.

        Raises ValueError for a button that the run does not show.
        """
        if identifier not in {str(one["identifier"]) for one in run.actions}:
            raise ValueError(f"the check run {run.name} has no button {identifier!r}")
        acts_checks.emit_check_run(self.world, run, "requested_action", by=self._account(by), identifier=identifier)

    @locked
    def create_status(
        self, sha: str, *, by: str, context: str, state: str = "success", description: str | None = None
    ) -> Status:
        """Set a commit status. Raises ApiError 403 without write access."""
        asked = {"state": state, "context": context, "description": description}
        return acts_checks.create_status(self.world, self.state, sha, asked, by=self._at_least(by, "write"))
