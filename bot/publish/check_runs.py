"""Puts check runs on commits through the effect gateway: every check run that Cadence shows is made here."""

from __future__ import annotations

from bot.core.command_table import BUTTONS
from bot.core.json_types import JsonDict
from bot.core.names import HeadSha
from bot.effects.kinds import EffectActor, EffectKind
from bot.effects.perform import Effects, Slots
from bot.github_api.checks import CheckCalls
from bot.github_api.records import CheckOutput, CheckRunRecord


def put_check_run(
    effects: Effects,
    actor: EffectActor,
    checks: CheckCalls,
    *,
    key: str,
    head: HeadSha,
    name: str,
    external_id: str,
    conclusion: str | None,
    output: CheckOutput,
    details_url: str = "",
    buttons: bool = False,
    unfinished: int | None = None,
    fresh: bool = False,
    slots: Slots | None = None,
    when_ended: bool | None = None,
) -> JsonDict:
    """Put one check run on a head, once per natural key; gives its `id`, `url`, `status` and `conclusion`.

    It is in progress while `conclusion` is None. It is found again by the App id and `external_id`, because any App may
    use the name `cadence/gate`. `buttons` adds those of BUTTONS. `unfinished` is the id of an earlier check run of
    Cadence that is in progress and is updated instead; a completed one never changes, a new one follows it. `fresh`,
    `slots` and `when_ended` are those of `Effects.perform`, and so are the errors.
    """
    # GitHub takes a conclusion exactly when the status is `completed`: https://docs.github.com/en/rest/checks/runs
    status = "in_progress" if conclusion is None else "completed"

    def make() -> CheckRunRecord:
        if unfinished is not None:
            return checks.update(unfinished, status=status, conclusion=conclusion, output=output)
        return checks.create(
            head=head,
            name=name,
            external_id=external_id,
            status=status,
            conclusion=conclusion,
            output=output,
            details_url=details_url,
            buttons=BUTTONS if buttons else (),
        )

    return effects.perform(
        actor,
        EffectKind.CHECK_PUT,
        key,
        find=lambda: checks.find(head, name, external_id),
        do=make,
        outcome=lambda run: {"id": run.id, "url": run.html_url, "status": run.status, "conclusion": run.conclusion},
        fresh=fresh,
        slots=slots,
        when_ended=when_ended,
    )
