"""`/cadence ...`: a receipt, a permission check, the act, and an answer to a command that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.effects import EffectKind, JsonDict, Mandate
from bot.errors import CadenceError, NotFound
from bot.flow.desk import Desk
from bot.flow.go import go
from bot.flow.gone import NEXT, issue_is_gone
from bot.flow.house import House
from bot.flow.reconcile import look
from bot.flow.review import ask_again
from bot.flow.starting import new_run, react, supersede
from bot.flow.trigger import policy_for
from bot.gate.explain import explain
from bot.intake.authority import RANKS, approved_by_go, blueprint_digest
from bot.intake.commands import Command, CommandError, help_text, needs_write, parse_command
from bot.intake.events import CommandGiven, Ignored
from bot.names import CONFIG_PATH, CommitSha, IssueNumber, branch_for, comment_cause, marker
from bot.policy import Policy
from bot.quiet import quiet, quiet_line
from bot.record.entries import RunEntry
from bot.repo_config import RepoConfig
from bot.states import AT_THE_GATE, RunState

if TYPE_CHECKING:
    from bot.flow.drain import Handled

S = RunState
ONLY_THE_FIRST = "Only the first command of a comment is carried out. Give the others in comments of their own."


def obey(house: House, event: CommandGiven) -> Handled | Ignored:
    """Do what the comment asks, or answer why not. Every command gets 👀 once it is seen."""
    from bot.flow.drain import Handled

    command = parse_command(event.body)
    if command is None:
        return Ignored("the comment holds no command")
    run = _run_of(house, event)
    if run is None and event.is_pull:
        return Ignored(f"pull request #{event.issue} is not one of Cadence's")
    calls = house.github.at(event.repo)
    key = f"comment:{event.comment}"
    react(house, event.repo, None, key, lambda: calls.issues.react_to_comment(event.comment, "eyes"))
    if isinstance(command, CommandError):
        _answer(house, event, command.answer)
        return Handled(f"answered a command that is wrong: {command.code}", run.run_id if run else None)
    config = RepoConfig()
    if needs_write(command):
        policy = policy_for(house, event.repo, run.base_branch if run else "")
        refusal = _refusal(house, event, command, policy)
        if refusal or policy.config is None:
            _answer(house, event, refusal)
            return Handled(f"refused `{command.verb}`: {refusal}", run.run_id if run else None)
        config = policy.config
    try:
        answer = _act(house, event, command, run, config)
    except NotFound:
        if run is None or not issue_is_gone(Desk(house, run.run_id)):
            raise
        answer = f"Issue #{run.issue} is not there any more, so nothing was done. {NEXT}"
    if command.more:
        answer = f"{answer}\n\n{ONLY_THE_FIRST}".strip()
    if answer:
        _answer(house, event, answer)
    return Handled(f"command {command.verb}", run.run_id if run else None)


def _run_of(house: House, event: CommandGiven) -> RunEntry | None:
    if event.is_pull:
        from bot.names import PullNumber

        return house.ledger.run_for_pull(event.repo.repository_id, PullNumber(event.issue))
    return house.ledger.latest_run(event.repo.repository_id, event.issue)


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


def _answer(house: House, event: CommandGiven, text: str) -> None:
    """One comment per command, found again by its marker; a command that an edit gave has one of its own."""
    mark = marker("answer", comment=f"{event.comment}{event.edit}")
    issues = house.github.at(event.repo).issues
    mandate = Mandate(f"repo:{event.repo.repository_id}", event.repo.repository_id, event.repo.installation_id)

    def find() -> JsonDict | None:
        existing = issues.find_comment(event.issue, mark)
        return None if existing is None else {"id": int(existing.id)}

    def do() -> JsonDict:
        return {"id": int(issues.comment(event.issue, f"{text}\n\n{mark}").id)}

    house.effects.perform(
        mandate, EffectKind.COMMENT_CREATE, f"answer:{event.comment}{event.edit}", find=find, do=do, fresh=True
    )


def _act(house: House, event: CommandGiven, command: Command, run: RunEntry | None, config: RepoConfig) -> str:
    """The command's own work; what it returns is posted as an answer, and an empty text means that none is needed."""
    if command.verb == "help":
        return help_text()
    if command.verb == "status":
        return _status(house, run)
    if command.verb == "why":
        return _why(house, run)
    if command.verb == "review":
        return _review(house, run)
    if command.verb == "go":
        return go(house, event, command, run, config)
    return _replan(house, event, command, run, config)


def _status(house: House, run: RunEntry | None) -> str:
    if run is None:
        return "Nothing runs for this issue. A maintainer starts a run with the label `blueprint`."
    lines = [f"Run `{run.run_id}` is **{run.state}**" + (f": {quiet_line(run.reason)}" if run.reason else ".")]
    if run.pull is not None:
        lines.append(f"Pull request: #{run.pull}")
    decision = house.ledger.newest_decision(run.run_id)
    if decision is not None and run.state in AT_THE_GATE:
        lines += [f"- `{reason['code']}`: {quiet_line(reason['text'])}" for reason in decision.reasons]
    return "\n".join(lines)


def _why(house: House, run: RunEntry | None) -> str:
    """The same complete answer as `cadence/gate`, read afresh."""
    if run is None or run.pull is None or run.state not in AT_THE_GATE:
        return _status(house, run)
    seen, decision = look(Desk(house, run.run_id))
    return explain(decision, seen.snapshot)


def _review(house: House, run: RunEntry | None) -> str:
    """Another attempt of both reviews on the present head."""
    if run is None or run.pull is None or run.state not in AT_THE_GATE:
        return "No open pull request of Cadence's belongs to this, so there is nothing to review."
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
