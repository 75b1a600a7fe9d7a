"""`/cadence ...`: a permission check, the act, and an answer where there is something to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import CadenceError, NotFound
from bot.flow import answers
from bot.flow.desk import Desk
from bot.flow.go import go
from bot.flow.gone import NEXT, issue_is_gone
from bot.flow.house import House
from bot.flow.reconcile import look
from bot.flow.review import ask_again
from bot.flow.starting import new_run, react, supersede
from bot.flow.trigger import policy_for
from bot.intake.authority import RANKS, approved_by_go, blueprint_digest
from bot.intake.commands import Command, CommandError, needs_write, parse_command
from bot.intake.events import CommandGiven, Ignored
from bot.names import CONFIG_PATH, CommentId, CommitSha, IssueNumber, RepoRef, branch_for, comment_cause
from bot.policy import Policy
from bot.quiet import quiet, quiet_line
from bot.record.commands import DONE, PENDING
from bot.record.entries import CommandEntry, RunEntry
from bot.repo_config import RepoConfig
from bot.states import AT_THE_GATE, RunState

if TYPE_CHECKING:
    from bot.flow.drain import Handled

S = RunState
ONLY_THE_FIRST = "Only the first command of a comment is carried out. Give the others in comments of their own."


def obey(house: House, event: CommandGiven) -> Handled | Ignored:
    """Do what the comment asks, or note the answer to it. Nothing is written on GitHub here: answers are errands.

    The sender's permission is asked before anything else, so that somebody without it costs only capped answers.
    """
    from bot.flow.drain import Handled

    command = parse_command(event.body)
    if command is None:
        return Ignored("the comment holds no command")
    known = house.ledger.command(event.repo.repository_id, event.comment, event.edit)
    if known is not None:
        if known.state == PENDING:
            answers.book(house, known)
        return Ignored("the command was taken already")
    run = answers.run_at(house, event.repo.repository_id, event.issue, is_pull=event.is_pull)
    if run is None and event.is_pull:
        return Ignored(f"pull request #{event.issue} is not a Cadence pull request")
    writer = house.github.at(event.repo).permission(event.sender.login).permission in ("admin", "write")
    if writer:
        name, arguments = f"comment:{event.comment}{event.edit}", [*_place(event), int(event.comment)]
        house.engine.start_errand("eyes", int(event.repo.installation_id), name, arguments)
    if isinstance(command, CommandError):
        _note(house, event, writer=writer, answer=command.answer)
        return Handled(f"answered a command that is wrong: {command.code}", run.run_id if run else None)
    return Handled(_carry_out(house, event, command, run, writer=writer), run.run_id if run else None)


def _carry_out(house: House, event: CommandGiven, command: Command, run: RunEntry | None, *, writer: bool) -> str:
    """Do it where the sender may, and note the answer; gives what came of it in a few words."""
    more = ONLY_THE_FIRST if command.more else ""
    if command.verb in _READING:
        _note(house, event, writer=writer, verb=command.verb, answer=more)
        return f"command {command.verb}"
    config = RepoConfig()
    if needs_write(command):
        policy = policy_for(house, event.repo, run.base_branch if run else "")
        refusal = _refusal(house, event, command, policy)
        if refusal or policy.config is None:
            _note(house, event, writer=writer, answer=refusal)
            return f"refused `{command.verb}`: {refusal}"
        config = policy.config
    try:
        answer = _act(house, event, command, run, config)
    except NotFound:
        if run is None or not issue_is_gone(Desk(house, run.run_id)):
            raise
        answer = f"Issue #{run.issue} is not there any more, so nothing was done. {NEXT}"
    _note(house, event, writer=writer, answer=f"{answer}\n\n{more}".strip())
    return f"command {command.verb}"


_READING = frozenset({"help", "status", "why"})
"""Commands that only ask; their answers are read when they are posted."""


def _place(event: CommandGiven) -> list[str | int]:
    return [int(event.repo.repository_id), str(event.repo.name), int(event.repo.installation_id)]


def _note(house: House, event: CommandGiven, *, writer: bool, verb: str = "", answer: str = "") -> None:
    """Keep that the command was taken, and have it answered where there is something to say."""
    entry = CommandEntry(
        repository_id=event.repo.repository_id,
        comment_id=event.comment,
        edit=event.edit,
        repository=str(event.repo.name),
        installation_id=event.repo.installation_id,
        issue=event.issue,
        is_pull=event.is_pull,
        login=event.sender.login,
        may_write=writer,
        verb=verb,
        answer=answer,
        state=PENDING if verb or answer else DONE,
        at=house.clock.now(),
    )
    house.ledger.record_command(entry)
    if entry.state == PENDING:
        answers.book(house, entry)


def eyes(house: House, repo: RepoRef, comment: CommentId) -> None:
    """👀 on a comment, as a receipt."""
    calls = house.github.at(repo)
    react(house, repo, None, f"comment:{comment}", lambda: calls.issues.react_to_comment(comment, "eyes"))


def _refusal(house: House, event: CommandGiven, command: Command, policy: Policy) -> str:
    """Why the sender may not give the command; empty where the policy lets them.

    The permission is asked of GitHub now: what a payload says of its sender cannot be relied on.
    """
    if policy.config is None:
        # Whom the repository lets through is written in the file that nobody can read.
        return (
            f"`/cadence {command.verb}` was not carried out: `{CONFIG_PATH}` says who may give it, and cannot be used: "
            f"{quiet(str(policy.error))}\n\nCorrect the file, then give the command again."
        )
    needed = policy.config.trigger.permission
    have = house.github.at(event.repo).permission(event.sender.login).permission
    if RANKS.get(have, 0) >= RANKS[needed]:
        return ""
    return (
        f"`/cadence {command.verb}` needs {needed} permission on this repository, which you do not have. "
        "Ask a maintainer to give the command."
    )


def _act(house: House, event: CommandGiven, command: Command, run: RunEntry | None, config: RepoConfig) -> str:
    """The command's own work; what it returns is posted as an answer, and an empty text means that none is needed."""
    if command.verb == "review":
        return _review(house, run)
    if command.verb == "go":
        return go(house, event, command, run, config)
    return _replan(house, event, command, run, config)


def _review(house: House, run: RunEntry | None) -> str:
    """Another attempt of both reviews on the present head."""
    if run is None or run.pull is None or run.state not in AT_THE_GATE:
        return "This has no open Cadence pull request, so there is nothing to review."
    seen, _ = look(Desk(house, run.run_id))
    head = seen.snapshot.head
    ask_again(house, run, head, base_tip=seen.snapshot.base_tip or "")
    return ""


def _replan(house: House, event: CommandGiven, command: Command, old: RunEntry | None, config: RepoConfig) -> str:
    """A new run on the same branch and pull request; the old one, its verdicts and its gate are void."""
    if old is None:
        return "There is nothing to replan. A maintainer starts a run with the label `blueprint`."
    if old.state in (S.MERGED, S.REVERTED, S.MERGING, S.WATCHING):
        return f"The run is **{old.state}**; open a new issue for further work."
    refusal = "" if command.discard else _foreign_commits(house, old)
    if refusal:
        return refusal
    issue = IssueNumber(old.issue)
    history = house.github.at(event.repo).issues.history(issue)
    run = new_run(house, event.repo, issue, comment_cause(event.comment, event.edit), started_by=event.sender.login)
    if not house.ledger.start_run(run):
        return ""
    desk = Desk(house, run.run_id)
    permissions = {event.sender.login: config.trigger.permission}
    digest = blueprint_digest(history.title, history.body)
    seen = approved_by_go(history, permissions, event.created_at)
    desk.update(
        guidance=command.guidance,
        discard=command.discard,
        status_comment=old.status_comment,
        base_branch=old.base_branch,
        pull=old.pull,
        **({"approved_digest": digest, "approved_by": event.sender.login} if seen else {}),
    )
    supersede(house, run)
    house.engine.start_build(run.run_id, "1")
    return ""


def _foreign_commits(house: House, old: RunEntry) -> str:
    """Refuse before anything is superseded, so that a run whose branch people work on goes on."""
    desk = Desk(house, old.run_id)
    if not old.base_sha:
        return ""
    desk.fetch()
    there = desk.mirror.tip(branch_for(old.issue))
    if there is None:
        return ""
    try:
        house.publisher.must_be_ours(old, desk.mirror, branch_for(old.issue), CommitSha(there))
    except CadenceError as error:
        return quiet_line(error.told)
    return ""
