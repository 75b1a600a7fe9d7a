"""Codes of the quotas that a run has: what it may post, push and open."""

from __future__ import annotations

from bot.core.codes.reason_code import MAINTAINER, ReasonCode

RUN_QUOTAS = (
    ReasonCode(
        "quota.comments",
        "the run has posted as many comments and reviews as its quota allows",
        "Raise `quota.comments` or CADENCE_QUOTA_COMMENTS, then comment `/cadence resume`.",
        MAINTAINER,
    ),
    ReasonCode(
        "quota.pushes",
        "the run has pushed as often as its quota allows",
        "Raise `quota.pushes` or CADENCE_QUOTA_PUSHES, then comment `/cadence resume`.",
        MAINTAINER,
    ),
    ReasonCode(
        "quota.pulls",
        "the run has opened as many pull requests as its quota allows",
        "Raise `quota.pulls` or CADENCE_QUOTA_PULLS, then comment `/cadence resume`.",
        MAINTAINER,
    ),
    ReasonCode(
        "quota.files",
        "the change touches more files than the run may push",
        "Raise `quota.files` or CADENCE_QUOTA_FILES, then comment `/cadence resume`.",
        MAINTAINER,
    ),
    ReasonCode(
        "quota.kilobytes",
        "the new contents of the change are larger than the run may push",
        "Raise `quota.kilobytes` or CADENCE_QUOTA_KILOBYTES, then comment `/cadence resume`.",
        MAINTAINER,
    ),
)
