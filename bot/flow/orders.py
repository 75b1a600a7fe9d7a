"""`/cadence ...`: a receipt, a permission check, the act, and an answer to a command that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.effects import EffectKind, JsonDict, Mandate
from bot.errors import CadenceError
from bot.flow.desk import Desk
from bot.flow.go import go
from bot.flow.house import House
from bot.flow.reconcile import look
from bot.flow.review import ask_again
from bot.flow.starting import new_run, react, supersede
from bot.gate.explain import explain
from bot.intake.authority import approved_by_go, blueprint_digest
from bot.intake.commands import Command, CommandError, help_text, needs_write, parse_command
from bot.intake.events import CommandGiven, Ignored
from bot.names import CommitSha, IssueNumber, branch_for, comment_cause, marker
from bot.quiet import quiet_line
from bot.record.entries import RunEntry
from bot.repo_config import RepoConfig
from bot.states import AT_THE_GATE, RunState

if TYPE_CHECKING:
    from bot.flow.drain import Handled

S = RunState


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
    if needs_write(command) and not _may_write(house, event, run):
        _answer(
            house,
            event,
            f"`/cadence {command.verb}` needs write permission on this repository, which you do not have. "
            "Ask a maintainer to give the command.",
        )
        return Handled(f"refused `{command.verb}`: no write permission", run.run_id if run else None)
    answer = _act(house, event, command, run)
    if answer:
        _answer(house, event, answer)
    return Handled(f"command {command.verb}", run.run_id if run else None)


def _run_of(house: House, event: CommandGiven) -> RunEntry | None:
    if event.is_pull:
        from bot.names import PullNumber

        return house.ledger.run_for_pull(event.repo.repository_id, PullNumber(event.issue))
    return house.ledger.latest_run(event.repo.repository_id, event.issue)


def _may_write(house: House, event: CommandGiven, run: RunEntry | None) -> bool:
    """The sender's permission counts, asked of GitHub now: association in a payload cannot be trusted."""
    needed = _config(house, run).trigger.permission
    have = house.github.at(event.repo).permission(event.sender.login).permission
    return have == "admin" or have == needed


def _config(house: House, run: RunEntry | None) -> RepoConfig:
    if run is None or not run.base_branch:
        return RepoConfig()
    desk = Desk(house, run.run_id)
    tip = desk.mirror.tip(run.base_branch)
    policy = desk.policy_at(tip) if tip else None
    return policy.config if policy and policy.config else RepoConfig()


def _answer(house: House, event: CommandGiven, text: str) -> None:
    """One comment per command, found again by its marker."""
    mark = marker("answer", comment=event.comment)
    issues = house.github.at(event.repo).issues
    mandate = Mandate(f"repo:{event.repo.repository_id}", event.repo.repository_id, event.repo.installation_id)

    def find() -> JsonDict | None:
        existing = issues.find_comment(event.issue, mark)
        return None if existing is None else {"id": int(existing.id)}

    def do() -> JsonDict:
        return {"id": int(issues.comment(event.issue, f"{text}\n\n{mark}").id)}

    house.effects.perform(mandate, EffectKind.COMMENT_CREATE, f"answer:{event.comment}", find=find, do=do, fresh=True)


def _act(house: House, event: CommandGiven, command: Command, run: RunEntry | None) -> str:
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
        return go(house, event, command, run, _config(house, run))
    return _replan(house, event, command, run)


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
    ask_again(house, run, head)
    return ""


def _replan(house: House, event: CommandGiven, command: Command, old: RunEntry | None) -> str:
    """A new run on the same branch and pull request; the old one, its verdicts and its gate are void."""
    if old is None:
        return "There is nothing to replan. A maintainer starts a run with the label `blueprint`."
    if old.state in (S.MERGED, S.REVERTED, S.MERGING, S.WATCHING):
        return f"The run is **{old.state}**; open a new issue for further work."
    refusal = "" if command.discard else _foreign_commits(house, old)
    if refusal:
        return refusal
    issue = IssueNumber(old.issue)
    run = new_run(house, event.repo, issue, comment_cause(event.comment), started_by=event.sender.login)
    if not house.ledger.start_run(run):
        return ""
    desk = Desk(house, run.run_id)
    config = _config(house, old)
    history = desk.calls.issues.history(issue)
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
