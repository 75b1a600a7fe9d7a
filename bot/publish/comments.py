"""Writes comments through the effect gateway, each found again by its marker."""

from __future__ import annotations

from bot.core.json_types import JsonDict
from bot.core.names import IssueNumber, Marker
from bot.effects.kinds import EffectActor, EffectKind
from bot.effects.perform import Effects
from bot.github_api.issues import IssueCalls


def post_comment(
    effects: Effects,
    actor: EffectActor,
    issues: IssueCalls,
    number: IssueNumber,
    *,
    key: str,
    marker: Marker,
    text: str,
    fresh: bool = False,
    told_anyway: bool = False,
) -> JsonDict:
    """Comment on an issue or pull request, once per natural key; gives the comment's `id`.

    `marker` is written at the end of the comment. `number` may be a pull request's: its conversation is an issue of the
    same number (https://docs.github.com/en/rest/issues/comments). Raises what `Effects.perform` raises.
    """
    return effects.perform(
        actor,
        EffectKind.COMMENT_CREATE,
        key,
        find=lambda: issues.find_comment(number, marker),
        do=lambda: issues.comment(number, f"{text}\n\n{marker}"),
        outcome=lambda comment: {"id": int(comment.id)},
        fresh=fresh,
        told_anyway=told_anyway,
    )
