"""`cadence/config`: what a pull request's own version of `.github/cadence.yml` would mean, shown where it is edited."""

from __future__ import annotations

from bot.effects import EffectKind, JsonDict, repository_mandate
from bot.flow.house import House
from bot.git_store.mirror import Mirror
from bot.github_api.permissions import CONTENTS_READ
from bot.intake.events import PullChanged
from bot.names import CHECK_CONFIG, CONFIG_PATH, CommitSha, HeadSha, RepoRef, sha256
from bot.policy import read_policy
from bot.policy_tests import ConfigReport, report_on
from bot.publish.config_text import config_output

ON = frozenset({"opened", "synchronize", "reopened"})


def put(house: House, event: PullChanged) -> str | None:
    """Put the check run on the head of anybody's pull request that changes the file; says what it showed, or None.

    The file is compared at the head and at the merge base, in the mirror, so that nothing more is asked of GitHub's API
    than a token where the mirror lacks the head. Heads of forks are not in this repository.
    """
    if event.action not in ON or not event.from_here or not event.base_branch:
        return None
    mirror = house.git.mirror(event.repo.repository_id)
    merge_base = _merge_base(house, mirror, event)
    if merge_base is None:
        return None
    content = mirror.read_file(event.head, CONFIG_PATH)
    if content == mirror.read_file(merge_base, CONFIG_PATH):
        return None
    report = report_on(content)
    _put(house, event.repo, event.head, report, content)
    return f"`{CHECK_CONFIG}` on {event.head[:12]}: {report.summary}"


def _merge_base(house: House, mirror: Mirror, event: PullChanged) -> CommitSha | None:
    """Where the head left the base; None when one of them is gone by now, or they share no history."""
    if not mirror.has(event.head) or mirror.tip(event.base_branch) is None:
        url = house.github.urls.git(event.repo.name)
        mirror.fetch(url, lambda: house.github.token(event.repo, CONTENTS_READ), (event.base_branch, event.head_branch))
    tip = mirror.tip(event.base_branch)
    return mirror.merge_base(tip, event.head) if tip is not None and mirror.has(event.head) else None


def _put(house: House, repo: RepoRef, head: HeadSha, report: ConfigReport, content: bytes | None) -> None:
    """One check run for one version of the file on one head, found again by its external id."""
    checks = house.github.at(repo).checks
    external_id = sha256(f"config\0{head}\0{read_policy(content).digest}")[:24]

    def find() -> JsonDict | None:
        existing = checks.find(head, CHECK_CONFIG, external_id)
        return None if existing is None else {"id": existing.id, "conclusion": existing.conclusion}

    def do() -> JsonDict:
        made = checks.create(
            head=head,
            name=CHECK_CONFIG,
            external_id=external_id,
            status="completed",
            conclusion="failure" if report.faults else "success",
            output=config_output(report),
        )
        return {"id": made.id, "conclusion": made.conclusion}

    mandate = repository_mandate(repo.repository_id, repo.installation_id)
    house.effects.perform(mandate, EffectKind.CHECK_PUT, f"check:{CHECK_CONFIG}:{external_id}", find=find, do=do)
