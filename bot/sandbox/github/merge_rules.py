"""What a merge needs: rulesets, classic protection, reviews, checks, mergeability."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass

from bot.sandbox.github.accounts import App
from bot.sandbox.github.payloads_code import Detail
from bot.sandbox.github.rulesets import branch_rules
from bot.sandbox.github.state import CheckRun, Pull, Repository, Review, Status
from bot.sandbox.github.world import World

_CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
PASSING = ("success", "neutral", "skipped")
_CLOSING = re.compile(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:([\w.-]+/[\w.-]+))?#(\d+)\b")


def closing_numbers(repo: Repository, text: str) -> list[int]:
    """The issues of this repository that a text closes by keyword."""
    found = []
    for match in _CLOSING.finditer(text):
        if match[1] is None or match[1].casefold() == repo.full_name.casefold():
            found.append(int(match[2]))
    return list(dict.fromkeys(found))


def latest_runs(repo: Repository, sha: str) -> list[CheckRun]:
    """The newest run of each name in each check suite of a commit; it hides older runs of its name in that suite."""
    newest: dict[tuple[int, str], CheckRun] = {}
    for run in repo.check_runs.values():
        if run.head_sha == sha:
            newest[run.suite_id, run.name] = run
    return list(newest.values())


def _required_runs(repo: Repository, sha: str) -> list[CheckRun]:
    """The runs that a required check looks at: of each (App, name, workflow) the newest."""
    newest: dict[tuple[int, str, tuple[str, str] | None], CheckRun] = {}
    for run in latest_runs(repo, sha):
        key = (run.app.id, run.name, run.workflow)
        if key not in newest or run.id > newest[key].id:
            newest[key] = run
    return list(newest.values())


def latest_statuses(repo: Repository, sha: str) -> list[Status]:
    """The newest status of each context (case ignored) on a commit, newest first."""
    newest: dict[str, Status] = {}
    for one in repo.statuses:
        if one.sha == sha:
            newest.pop(one.context.casefold(), None)
            newest[one.context.casefold()] = one
    return list(reversed(newest.values()))


def rollup(repo: Repository, sha: str) -> str | None:
    """`statusCheckRollup.state`, or None when nothing reported."""
    runs, statuses = latest_runs(repo, sha), latest_statuses(repo, sha)
    if not runs and not statuses:
        return None
    if any(one.state == "error" for one in statuses):
        return "ERROR"
    bad = any(run.status == "completed" and run.conclusion not in PASSING for run in runs)
    if bad or any(one.state == "failure" for one in statuses):
        return "FAILURE"
    waiting = any(run.status != "completed" for run in runs) or any(one.state == "pending" for one in statuses)
    return "PENDING" if waiting else "SUCCESS"


@dataclass(frozen=True)
class Requirements:
    """Rulesets and classic protection of one branch taken together."""

    checks: tuple[tuple[str, int | None], ...] = ()
    strict: bool = False
    approvals: int = 0
    linear: bool = False
    queue: bool = False
    conversations: bool = False
    code_owners: bool = False
    closed: bool = False
    methods: frozenset[str] = frozenset(("merge", "squash", "rebase"))
    ruled: bool = False


def requirements(repo: Repository, branch: str, *, binding: App | None = None) -> Requirements:
    """What the branch asks of a pull request, or of that App when it merges one."""
    classic = repo.protections.get(branch)
    checks = list(classic.checks) if classic else []
    conversations, owners = bool(classic and classic.conversations), False
    closed = classic is not None and classic.push_apps is not None
    closed = closed and (binding is None or binding.id not in (classic.push_apps or ()))  # type: ignore[union-attr]
    strict, linear = bool(classic and classic.strict), bool(classic and classic.linear)
    approvals, queue, ruled = (classic.approvals if classic else 0), False, False
    methods = {"merge", "squash", "rebase"}
    for rule in branch_rules(repo, branch, binding=binding):
        parameters = rule.get("parameters") or {}
        if rule["type"] == "required_status_checks":
            ruled = True
            checks += [(c["context"], c.get("integration_id")) for c in parameters["required_status_checks"]]
            strict = strict or bool(parameters.get("strict_required_status_checks_policy"))
        elif rule["type"] == "pull_request":
            ruled = True
            approvals = max(approvals, parameters.get("required_approving_review_count", 0))
            methods &= set(parameters.get("allowed_merge_methods") or methods)
            conversations = conversations or bool(parameters.get("required_review_thread_resolution"))
            owners = owners or bool(parameters.get("require_code_owner_review"))
        linear = linear or rule["type"] == "required_linear_history"
        queue = queue or rule["type"] == "merge_queue"
        closed, ruled = closed or rule["type"] == "update", ruled or rule["type"] == "update"
    if linear:
        methods.discard("merge")
    return Requirements(
        checks=tuple(checks),
        strict=strict,
        approvals=approvals,
        linear=linear,
        queue=queue,
        conversations=conversations,
        code_owners=owners,
        closed=closed,
        methods=frozenset(methods),
        ruled=ruled,
    )


def check_problems(repo: Repository, sha: str, checks: tuple[tuple[str, int | None], ...]) -> list[str]:
    """GitHub's sentence for every required check that does not pass; a check AND a status of one name both count."""
    problems = []
    for name, app_id in checks:
        runs = [run for run in _required_runs(repo, sha) if run.name == name]
        statuses = [one for one in latest_statuses(repo, sha) if one.context.casefold() == name.casefold()]
        pinned = app_id is not None and app_id != -1
        fitting = [run for run in runs if not pinned or run.app.id == app_id]
        if pinned and not fitting:
            wrong = bool(runs or statuses)
            ending = "was not set by the expected GitHub App." if wrong else "is expected."
            problems.append(f'Required status check "{name}" {ending}')
        elif not fitting and not statuses:
            problems.append(f'Required status check "{name}" is expected.')
        elif any(r.status != "completed" for r in fitting) or (
            not pinned and any(s.state == "pending" for s in statuses)
        ):
            problems.append(f'Required status check "{name}" is pending.')
        elif any(r.conclusion not in PASSING for r in fitting) or any(s.state != "success" for s in statuses):
            problems.append(f'Required status check "{name}" is failing.')
    return problems


def counts(world: World, pull: Pull, review: Review) -> bool:
    """Whether a review's author has write access; an App needs `contents: write` besides."""
    repo, author = pull.repository, review.user
    if author is pull.issue.user:
        return False
    return _app_writes(world, author.app, repo) if author.app else repo.at_least(author, "write")


def _app_writes(world: World, app: App, repo: Repository) -> bool:
    found = world.installation_of(app, repo)
    return found is not None and found.permissions.get("contents") == "write"


def opinions(world: World, pull: Pull, *, writers_only: bool) -> list[Review]:
    """The latest review of each person that is more than a comment."""
    latest: dict[str, Review] = {}
    for review in pull.reviews:
        if review.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            latest[review.user.login] = review
    return [one for one in latest.values() if not writers_only or counts(world, pull, one)]


def current_reviews(world: World, pull: Pull) -> dict[str, str]:
    """By login the latest APPROVED or CHANGES_REQUESTED of each reviewer who counts; comments change nothing."""
    found = opinions(world, pull, writers_only=True)
    return {one.user.login: one.state for one in found if one.state != "DISMISSED"}


def owners_wanted(world: World, pull: Pull) -> bool:
    """Whether a changed file has code owners of whom none approved. The last matching line of CODEOWNERS counts."""
    bare = world.bare(pull.repository)
    text = next((found for path in _CODEOWNERS if (found := bare.read(pull.base_ref, path)) is not None), b"")
    lines = [line.split() for line in text.decode().splitlines() if line.strip() and not line.startswith("#")]
    approved = {login for login, state in current_reviews(world, pull).items() if state == "APPROVED"}
    for change in bare.files(pull.base_sha, pull.head_sha):
        fitting = [owners for pattern, *owners in lines if fnmatch.fnmatch(change.path, pattern.lstrip("/"))]
        if fitting and fitting[-1] and not approved & {owner.removeprefix("@") for owner in fitting[-1]}:
            return True
    return False


def open_conversations(pull: Pull) -> int:
    return sum(not comment.resolved for review in pull.reviews for comment in review.comments)


def review_decision(world: World, pull: Pull) -> str | None:
    """GraphQL `reviewDecision`; null where no rule asks for reviews, whoever objected."""
    asked, given = requirements(pull.repository, pull.base_ref), list(current_reviews(world, pull).values())
    if not asked.approvals and not asked.code_owners:
        return None
    if "CHANGES_REQUESTED" in given:
        return "CHANGES_REQUESTED"
    missing = given.count("APPROVED") < asked.approvals or (asked.code_owners and owners_wanted(world, pull))
    return "REVIEW_REQUIRED" if missing else "APPROVED"


def problems(world: World, pull: Pull, *, binding: App | None = None) -> list[str]:
    """Everything that rules and protection still ask for, in GitHub's sentences."""
    repo = pull.repository
    asked = requirements(repo, pull.base_ref, binding=binding)
    found = check_problems(repo, pull.head_sha, asked.checks)
    given = list(current_reviews(world, pull).values())
    if asked.approvals and given.count("APPROVED") < asked.approvals:
        plural = "review is" if asked.approvals == 1 else "reviews are"
        found.append(f"At least {asked.approvals} approving {plural} required by reviewers with write access.")
    if asked.code_owners and owners_wanted(world, pull):
        found.append("Waiting on code owner review.")
    if asked.approvals and "CHANGES_REQUESTED" in given:
        found.append("Changes have been requested.")
    if asked.conversations and open_conversations(pull):
        found.append("A conversation must be resolved before this pull request can be merged.")
    if asked.strict and is_behind(world, pull):
        found.append("Head branch is not up to date with the base branch.")
    if asked.closed:
        found.append("Cannot update this protected ref.")
    return found


def is_behind(world: World, pull: Pull) -> bool:
    """Whether the base has commits that the head lacks."""
    bare = world.bare(pull.repository)
    tip = bare.tip(pull.base_ref)
    return tip is not None and not bare.is_ancestor(tip, pull.head_sha)


def read_mergeable(world: World, pull: Pull, *, asked: bool = True) -> bool | None:
    """`mergeable` as one read sees it: null for the first `world.mergeable_reads` reads after head or base moved.

    Answers to writes (`asked=False`) show what is known and start no computation that would count as a read.
    """
    if not pull.is_open:
        return None
    now = compute_mergeable(world, pull)
    if pull.unread > 0:
        pull.unread -= asked
        return None
    return now


def compute_mergeable(world: World, pull: Pull) -> bool:
    """Whether head merges cleanly into the base's tip, asked of git whenever one of the two moved."""
    bare = world.bare(pull.repository)
    tip = bare.tip(pull.base_ref)
    if tip is None:
        return False
    if pull.mergeable_for != (pull.head_sha, tip):
        pull.mergeable_for = (pull.head_sha, tip)
        pull.mergeable = bare.merged_tree(tip, pull.head_sha) is not None
        pull.unread = world.mergeable_reads
    return bool(pull.mergeable)


def mergeable_state(world: World, pull: Pull, mergeable: bool | None) -> str:
    """The lower-case `mergeStateStatus`."""
    if mergeable is None:
        return "unknown"
    if not mergeable:
        return "dirty"
    if pull.draft:
        return "draft"
    asked = requirements(pull.repository, pull.base_ref)
    if asked.strict and is_behind(world, pull):
        return "behind"
    if problems(world, pull):
        return "blocked"
    return "clean" if rollup(pull.repository, pull.head_sha) in (None, "SUCCESS") else "unstable"


def detail(world: World, pull: Pull, *, asked: bool = True) -> Detail:
    """What `GET /pulls/{number}` adds to the list entry; `asked=False` for the answer to a write."""
    bare, mergeable = world.bare(pull.repository), read_mergeable(world, pull, asked=asked)
    files = bare.files(pull.base_sha, pull.head_sha)
    return Detail(
        mergeable=mergeable,
        mergeable_state=mergeable_state(world, pull, mergeable),
        commits=len(bare.between(pull.base_sha, pull.head_sha)),
        additions=sum(one.additions for one in files),
        deletions=sum(one.deletions for one in files),
        changed_files=len(files),
    )
