"""`cadence/config`: what a pull request's own version of `.github/cadence.yml` would mean, shown where it is edited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.config.load import read_config
from bot.core.names import CHECK_CONFIG, CONFIG_PATH, CommitSha, HeadSha, RepoRef, sha256
from bot.effects.kinds import EffectKind, repository_actor
from bot.flow.context import RunContext
from bot.flow.gate.own_checks import ON
from bot.flow.services import Services
from bot.gate.ci import own_required
from bot.gate.config_tests import report_on
from bot.gate.config_tests_text import config_output
from bot.gate.snapshot import Snapshot
from bot.git_store.mirror import Mirror
from bot.github_api.permissions import CONTENTS_READ
from bot.github_api.records import CheckOutput
from bot.intake.events import PullChanged
from bot.publish.check_runs import put_check_run

_UNTOUCHED = CheckOutput(
    title=f"{CONFIG_PATH} is left alone",
    summary=f"A rule of the base branch requires `{CHECK_CONFIG}`. This pull request does not change {CONFIG_PATH}, so "
    "there is nothing to check.",
)


def put(services: Services, event: PullChanged) -> str | None:
    """Put the check run on the head of any pull request that changes the file; says what it showed, or None.

    The file is compared at the head and at the merge base, in the mirror, so that nothing more is asked of GitHub's API
    than a token where the mirror lacks the head. Where a rule requires the check, a head that leaves the file alone
    gets it `skipped`; that of a Cadence pull request gets it when its gate is looked at (`answer_own`).
    """
    if event.action not in ON or not event.base_branch:
        return None
    mirror = services.git.mirror(event.repo.repository_id)
    merge_base = _merge_base(services, mirror, event)
    if merge_base is None:
        return None
    content = mirror.read_file(event.head, CONFIG_PATH)
    if content != mirror.read_file(merge_base, CONFIG_PATH):
        return f"`{CHECK_CONFIG}` on {event.head[:12]}: {_show(services, event.repo, event.head, content)}"
    if event.author != services.identity.bot_login and _is_required(services, event):
        _leave_alone(services, event.repo, event.head)
        return f"`{CHECK_CONFIG}` on {event.head[:12]}: skipped"
    return None


def answer_own(context: RunContext, snapshot: Snapshot) -> None:
    """Where a rule requires the check of our own pull request and it is not there: show the file, or skip it."""
    rules, services = snapshot.rules, context.services
    if rules is None or not _named(own_required(rules, snapshot.app_id)) or snapshot.merge_base is None:
        return
    if any(check.name == CHECK_CONFIG and check.app_id == snapshot.app_id for check in snapshot.checks or ()):
        return
    content = context.mirror.read_file(snapshot.head, CONFIG_PATH)
    if content != context.mirror.read_file(snapshot.merge_base, CONFIG_PATH):
        _show(services, context.ref, snapshot.head, content)
    else:
        _leave_alone(services, context.ref, snapshot.head)


def again(services: Services, repo: RepoRef, head: HeadSha) -> str:
    """Re-run: the same file gives the same answer, put again. The head is in the mirror since it was checked first."""
    mirror, attempt = services.git.mirror(repo.repository_id), 2
    if not mirror.has(head):
        _fetch(services, repo, mirror, (head,))
    content = mirror.read_file(head, CONFIG_PATH)
    scope = repository_actor(repo.repository_id, repo.installation_id).scope
    while services.ledger.effect(scope, EffectKind.CHECK_PUT, _key(_name(head, content, attempt))) is not None:
        attempt += 1
    return _show(services, repo, head, content, attempt)


def _fetch(services: Services, repo: RepoRef, mirror: Mirror, wanted: Sequence[str]) -> None:
    url = services.github.urls.git(repo.name)
    services.github.with_git_token(repo, CONTENTS_READ, lambda token: mirror.fetch(url, token, wanted))


def _merge_base(services: Services, mirror: Mirror, event: PullChanged) -> CommitSha | None:
    """Where the head left the base; None when one of them is gone by now, or they share no history.

    GitHub keeps every pull request's head under `refs/pull/`, so that of a fork is found as well.
    """
    if not mirror.has(event.head) or mirror.tip(event.base_branch) is None:
        _fetch(services, event.repo, mirror, (event.base_branch, f"refs/pull/{event.pull}/head"))
    tip = mirror.tip(event.base_branch)
    return mirror.merge_base(tip, event.head) if tip is not None and mirror.has(event.head) else None


def _is_required(services: Services, event: PullChanged) -> bool:
    calls = services.github.at(event.repo)
    rules = services.observer.rules(event.repo.repository_id, event.base_branch, calls.snapshots)
    return _named(own_required(rules, services.identity.app_id))


def _named(names: Iterable[str]) -> bool:
    return any(name.casefold() == CHECK_CONFIG for name in names)


def _show(services: Services, repo: RepoRef, head: HeadSha, content: bytes | None, attempt: int = 1) -> str:
    report = report_on(content)
    conclusion = "failure" if report.faults else "success"
    _put(services, repo, head, _name(head, content, attempt), conclusion, config_output(report))
    return report.summary


def _leave_alone(services: Services, repo: RepoRef, head: HeadSha) -> None:
    _put(services, repo, head, f"config-untouched:{head}", "skipped", _UNTOUCHED)


def _name(head: HeadSha, content: bytes | None, attempt: int) -> str:
    """The external id: one for each version of the file on each head, and for each time that it was asked about."""
    again = f"\0{attempt}" if attempt > 1 else ""
    return sha256(f"config\0{head}\0{read_config(content).digest}{again}")[:24]


def _key(external_id: str) -> str:
    return f"check:{CHECK_CONFIG}:{external_id}"


def _put(
    services: Services, repo: RepoRef, head: HeadSha, external_id: str, conclusion: str, output: CheckOutput
) -> None:
    put_check_run(
        services.effects,
        repository_actor(repo.repository_id, repo.installation_id),
        services.github.at(repo).checks,
        key=_key(external_id),
        head=head,
        name=CHECK_CONFIG,
        external_id=external_id,
        conclusion=conclusion,
        output=output,
    )
