"""Which of the two forms of answer a model is better at, by its outcomes in both. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from bot.plan.answer_form import FORMS, Form
from bot.plan.measured_form import FormFigures, MeasuredForm
from bot.plan.selftest.score import Result, TaskOutcome

LEAST_TASKS = 30
"""With fewer tasks chance decides: one of the operators and languages more or less."""


def compared_forms(outcomes: Mapping[Form, Sequence[TaskOutcome]], at: str) -> MeasuredForm:
    """The better form: fewer refusals for the form, then more done, then fewer tokens; text where all are equal.

    Only tasks that were answered in both forms count, so that a spent quota or a busy server favours none.
    """
    answered = [{o.task for o in outcomes[form] if o.result is not Result.UNANSWERED} for form in FORMS]
    both = set.intersection(*answered)
    figures = {form: _figures([o for o in outcomes[form] if o.task in both]) for form in FORMS}
    better = min(FORMS, key=lambda form: (figures[form].format_refusals, -figures[form].done, figures[form].tokens))
    names = Counter(o.model for form in FORMS for o in outcomes[form] if o.model).most_common(1)
    return MeasuredForm(better, len(both), at, names[0][0] if names else "", figures)


def _figures(outcomes: Sequence[TaskOutcome]) -> FormFigures:
    counted = Counter(outcome.result for outcome in outcomes)
    tokens = sum(outcome.input_tokens + outcome.output_tokens for outcome in outcomes)
    return FormFigures(counted[Result.FORMAT], counted[Result.DONE], tokens)
