"""What can happen to pull requests: opening, retargeting, reviewing, merging, updating, with GitHub's refusals."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.core.json_types import JsonDict
from bot.sandbox.github import acts_issues, merge_rules
from bot.sandbox.github import payloads_code as code
from bot.sandbox.github.accounts import Account, node_id
from bot.sandbox.github.acts_code import delete_branch, move_branch
from bot.sandbox.github.answers import ApiError, check_body_length, forbidden, invalid
from bot.sandbox.github.bare import GITHUB_COMMITTER, Bare, FileChange, Person
from bot.sandbox.github.state import Pull, Repository, Review, ReviewComment
from bot.sandbox.github.world import World

METHODS = ("merge", "squash", "rebase")
_MODIFIED = "Head branch was modified. Review and try the merge again."
_NOT_MERGEABLE = "Pull Request is not mergeable"


def open_pull(world: World, repo: Repository, asked: JsonDict, *, by: Account) -> Pull:
    """`POST /pulls` for a branch of the same repository."""
    head, base = _branch(repo, asked.get("head")), asked.get("base") or ""
    bare = world.bare(repo)
    if not asked.get("title"):
        raise invalid("PullRequest", field_name="title", code="missing_field")
    check_body_length("PullRequest", asked.get("body"))
    for name, branch in (("head", head), ("base", base)):
        if not branch or bare.tip(branch) is None:
            raise invalid("PullRequest", field_name=name, code="invalid")
    head_sha, base_sha = bare.tip(head) or "", bare.tip(base) or ""
    if any(one.is_open and (one.head_ref, one.base_ref) == (head, base) for one in repo.pulls()):
        message = f"A pull request already exists for {repo.owner.login}:{head}."
        raise invalid("PullRequest", message=message)
    if not bare.between(base_sha, head_sha):
        raise invalid("PullRequest", message=f"No commits between {base} and {head}")
    issue = acts_issues.new_issue(world, repo, by=by, title=asked["title"], body=asked.get("body"))
    issue.pull = Pull(
        world.next_id(), issue, head, head_sha, base, base_sha, bool(asked.get("draft")), unread=world.mergeable_reads
    )
    bare.set_ref(f"refs/pull/{issue.number}/head", head_sha)
    acts_issues.emit_issue(world, issue, "opened", by)
    return issue.pull


def _branch(repo: Repository, head: str | None) -> str:
    owner, colon, branch = (head or "").partition(":")
    if not colon:
        return owner
    return branch if owner.casefold() == repo.owner.login.casefold() else ""


def edit_pull(world: World, pull: Pull, asked: JsonDict, *, by: Account) -> None:
    """`PATCH /pulls/{number}`: title, body, state, base."""
    base = asked.get("base")
    if base and base != pull.base_ref:
        retarget(world, pull, base, by=by)
    acts_issues.edit(world, pull.issue, by=by, title=asked.get("title"), body=asked.get("body"))
    if asked.get("state") == "closed":
        acts_issues.close(world, pull.issue, by=by)
    elif asked.get("state") == "open":
        if pull.issue.state == "closed" and world.bare(pull.repository).tip(pull.head_ref) is None:
            message = "state cannot be changed. The head branch was deleted."
            raise invalid("PullRequest", field_name="state", message=message)
        acts_issues.reopen(world, pull.issue, by=by)


def retarget(world: World, pull: Pull, base: str, *, by: Account) -> None:
    """Point the pull request at another base; sent as `edited` with `changes.base`."""
    tip = world.bare(pull.repository).tip(base)
    if tip is None:
        raise invalid("PullRequest", field_name="base", code="invalid")
    changes = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}}
    pull.base_ref, pull.base_sha = base, tip
    pull.issue.updated_at = world.now()
    acts_issues.emit_issue(world, pull.issue, "edited", by, {"changes": changes})


def set_draft(world: World, pull: Pull, draft: bool, *, by: Account) -> None:
    """Convert to draft or mark ready."""
    if pull.draft != draft:
        pull.draft = draft
        acts_issues.emit_issue(world, pull.issue, "converted_to_draft" if draft else "ready_for_review", by)


# -- reviews ------------------------------------------------------------------------------------------------------

_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def begin_review(world: World, pull: Pull, asked: JsonDict, *, by: Account) -> Review:
    """`Start a review` in the browser: a pending review, which no one else sees before it is submitted."""
    made = Review(world.next_id(), pull, by, asked.get("body") or "", "PENDING", pull.head_sha, world.now())
    files = world.bare(pull.repository).files(pull.base_sha, pull.head_sha)
    made.comments = [_review_comment(world, made, files, one) for one in asked.get("comments") or []]
    pull.drafts.append(made)
    return made


def submit_review(world: World, pull: Pull, asked: JsonDict, *, by: Account) -> Review:
    """`POST /pulls/{number}/reviews`: all of it or nothing."""
    event, body = asked.get("event"), asked.get("body") or ""
    if event is None:
        raise ApiError(501, "pending reviews are not modelled by the sandbox; send `event`")
    if event not in _STATES:
        raise ApiError(422, "Unprocessable Entity", errors=[f"Variable $event was provided invalid value {event!r}"])
    if by is pull.issue.user and event != "COMMENT":
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise _unprocessable(f"Can not {verb} your own pull request")
    if not body and not asked.get("comments") and event != "APPROVE":
        raise _unprocessable("Body can't be blank")
    check_body_length("PullRequestReview", body)
    bare = world.bare(pull.repository)
    commit = asked.get("commit_id") or pull.head_sha
    full = bare.commit_of(commit)
    if full is None or full not in (pull.head_sha, *bare.between(pull.base_sha, pull.head_sha)):
        raise _unprocessable("The commit_id is not part of the pull request")
    made = Review(world.next_id(), pull, by, body, _STATES[event], full, world.now())
    files = bare.files(pull.base_sha, full) if asked.get("comments") else []
    begun = [one for one in pull.drafts if one.user is by]
    pull.drafts = [one for one in pull.drafts if one.user is not by]
    made.comments = [replace(comment, review=made) for one in begun for comment in one.comments]
    made.comments += [_review_comment(world, made, files, one) for one in asked.get("comments") or []]
    pull.reviews.append(made)
    payload: JsonDict = {
        "action": "submitted",
        "review": code.review(world.site, made, webhook=True),
        "pull_request": code.pull(world.site, pull),
    }
    world.emit("pull_request_review", pull.repository, by, payload)
    return made


def _unprocessable(text: str) -> ApiError:
    return ApiError(422, "Unprocessable Entity", errors=[text])


def _review_comment(world: World, review: Review, files: list[FileChange], asked: JsonDict) -> ReviewComment:
    change = next((one for one in files if one.path == asked.get("path")), None)
    if change is None:
        raise _unprocessable("Pull request review thread path is invalid")
    if not asked.get("body"):
        raise _unprocessable("Pull request review thread body can't be blank")
    check_body_length("PullRequestReviewComment", asked["body"])
    line, side, start = asked.get("line"), asked.get("side", "RIGHT"), asked.get("start_line")
    if line is None or change.patch is None:
        raise _unprocessable("Pull request review thread diff hunk can't be blank")
    inside = change.right if side == "RIGHT" else change.left
    if line not in inside:
        raise _unprocessable("Pull request review thread line must be part of the diff")
    if start is not None and start >= line:
        raise _unprocessable("Pull request review thread start line must precede the end line.")
    if start is not None and any(between not in inside for between in range(start, line)):
        raise _unprocessable("Pull request review thread start line must be part of the same hunk as the line.")
    start_side = asked.get("start_side", side) if start is not None else None
    path = change.path
    return ReviewComment(
        world.next_id(), review, path, asked["body"], line, side, start, start_side, change.patch, world.now()
    )


def resolve_conversations(world: World, pull: Pull, *, by: Account) -> None:
    """Resolve every open thread; GitHub sends for each `pull_request_review_thread`."""
    for review in pull.reviews:
        for comment in [one for one in review.comments if not one.resolved]:
            comment.resolved = True
            payload: JsonDict = {
                "action": "resolved",
                "pull_request": code.pull(world.site, pull),
                "thread": {
                    "node_id": node_id("PRRT", comment.id),
                    "comments": [code.thread_comment(world.site, comment)],
                },
            }
            world.emit("pull_request_review_thread", pull.repository, by, payload)


# -- merging ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MergeOrder:
    """What the caller of `PUT /merge` asked for, and what its token may do."""

    method: str = "merge"
    sha: str | None = None
    title: str | None = None
    message: str | None = None
    may_change_workflows: bool = True
    may_close_issues: bool = True


def merge(world: World, pull: Pull, order: MergeOrder, *, by: Account) -> str:
    """`PUT /pulls/{number}/merge`: the merge commit. Raises ApiError 403, 405 and 409 as GitHub does."""
    repo, bare = pull.repository, world.bare(pull.repository)
    check_merge(world, pull, order, by=by)
    tip = bare.tip(pull.base_ref) or ""
    made = _merged_commit(world, pull, order, tip=tip, by=by)
    if made is None:
        raise ApiError(405, _NOT_MERGEABLE)
    now = world.now()
    pull.merged_at, pull.merged_by, pull.merge_commit_sha = now, by, made
    pull.issue.state, pull.issue.closed_at, pull.issue.closed_by = "closed", now, by
    acts_issues.record(world, pull.issue, "merged", by, commit_id=made)
    acts_issues.record(world, pull.issue, "closed", by)
    move_branch(world, repo, pull.base_ref, made, by=by)
    acts_issues.emit_issue(world, pull.issue, "closed", by)
    if pull.base_ref == repo.default_branch and order.may_close_issues:
        _close_linked(world, pull, bare.info(made).message, by=by)
    if repo.delete_branch_on_merge and bare.tip(pull.head_ref):
        delete_branch(world, repo, pull.head_ref, by=by)
    return made


def check_merge(world: World, pull: Pull, order: MergeOrder, *, by: Account) -> None:
    """Everything that can forbid the merge, in GitHub's order."""
    repo, bare = pull.repository, world.bare(pull.repository)
    if order.method not in METHODS:
        raise ApiError(422, "Invalid request.\n\nInvalid input: `merge_method` is not a possible value.")
    if not pull.is_open:
        raise ApiError(405, _NOT_MERGEABLE)
    if pull.draft:
        raise ApiError(405, "Pull Request is still a draft")
    if order.sha is not None and order.sha != pull.head_sha:
        raise ApiError(409, _MODIFIED)
    asked = merge_rules.requirements(repo, pull.base_ref, binding=by.app)
    if asked.queue:
        raise ApiError(405, "Changes must be made through the merge queue")
    allowed = {"merge": repo.allow_merge_commit, "squash": repo.allow_squash_merge, "rebase": repo.allow_rebase_merge}
    if not allowed[order.method] or order.method not in asked.methods:
        words = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}[order.method]
        raise ApiError(405, f"{words} are not allowed on this repository.")
    if not merge_rules.compute_mergeable(world, pull):
        raise ApiError(405, _NOT_MERGEABLE)
    if not order.may_change_workflows and touches_workflows(bare, pull):
        raise forbidden("contents=write,workflows=write")
    problems = merge_rules.problems(world, pull, binding=by.app)
    if problems:
        ruled = "Repository rule violations found\n\n" + "\n\n".join(problems) + "\n\n"
        raise ApiError(405, ruled if asked.ruled else problems[0])


def touches_workflows(bare: Bare, pull: Pull) -> bool:
    """Whether the pull request changes files under `.github/workflows`."""
    return any(one.path.startswith(".github/workflows/") for one in bare.files(pull.base_sha, pull.head_sha))


def _merged_commit(world: World, pull: Pull, order: MergeOrder, *, tip: str, by: Account) -> str | None:
    bare, github = world.bare(pull.repository), Person(*GITHUB_COMMITTER)
    date = world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    if order.method == "rebase":
        return bare.replay(tip, bare.between(tip, pull.head_sha), committer=github, date=date)
    tree = bare.merged_tree(tip, pull.head_sha)
    if tree is None:
        return None
    if order.method == "squash":
        title = order.title if order.title is not None else f"{pull.issue.title} (#{pull.number})"
        texts = [f"* {bare.info(sha).message}" for sha in bare.between(tip, pull.head_sha)]
        message = order.message if order.message is not None else "\n\n".join(texts)
        parents, author = [tip], world.person(pull.issue.user)
    else:
        source = f"{pull.repository.owner.login}/{pull.head_ref}"
        title = order.title if order.title is not None else f"Merge pull request #{pull.number} from {source}"
        message = order.message if order.message is not None else pull.issue.title
        parents, author = [tip, pull.head_sha], world.person(by)
    text = f"{title}\n\n{message}" if message else title
    return bare.commit_tree(tree, parents, text, author=author, committer=github, date=date)


def _close_linked(world: World, pull: Pull, message: str, *, by: Account) -> None:
    text = f"{pull.issue.body or ''}\n{message}"
    for number in merge_rules.closing_numbers(pull.repository, text):
        issue = pull.repository.issues.get(number)
        if issue and issue.pull is None:
            acts_issues.close(world, issue, by=by)


def update_branch(world: World, pull: Pull, *, expected: str | None, may_change_workflows: bool, by: Account) -> None:
    """`PUT /pulls/{number}/update-branch`: merge the base's tip into the head."""
    bare = world.bare(pull.repository)
    if expected is not None and expected != pull.head_sha:
        raise ApiError(422, "expected head sha didn’t match current head ref.")
    tip = bare.tip(pull.base_ref) or pull.base_sha
    if bare.is_ancestor(tip, pull.head_sha):
        raise ApiError(422, "There are no new commits on the base branch.")
    if not may_change_workflows and any(
        path.startswith(".github/workflows/") for path in bare.touched(bare.merge_base(tip, pull.head_sha) or tip, tip)
    ):
        raise forbidden("pull_requests=write,contents=write,workflows=write")
    tree = bare.merged_tree(pull.head_sha, tip)
    if tree is None:
        raise ApiError(422, "merge conflict between base and head")
    text = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
    date = world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    made = bare.commit_tree(
        tree, [pull.head_sha, tip], text, author=world.person(by), committer=Person(*GITHUB_COMMITTER), date=date
    )
    move_branch(world, pull.repository, pull.head_ref, made, by=by)
