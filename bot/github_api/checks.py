"""The App's own check runs, through REST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.core.names import CommitSha, HeadSha
from bot.effects.guard import side_effect
from bot.github_api.json_fields import app_id_of, text_of
from bot.github_api.permissions import REVIEW_WRITE
from bot.github_api.records import AppIdentity, CheckOutput, CheckRunRecord
from bot.github_api.repository import RepositoryLink

# GitHub takes 50 annotations in a request, and appends those of a further request instead of replacing them.
# https://docs.github.com/en/rest/checks/runs#update-a-check-run
MOST_ANNOTATIONS = 50
_RUNS = "/repos/{owner}/{repo}/check-runs"


class CheckCalls:
    """Check runs of one repository."""

    def __init__(self, link: RepositoryLink, identity: AppIdentity) -> None:
        self._link = link
        self._identity = identity

    def find(self, head: HeadSha, name: str, external_id: str) -> CheckRunRecord | None:
        """The App's own check run with that name and external id on a head, or None."""
        # Any App with `checks: write` may use the same name, so the App's id is compared too. Without `filter=all`
        # GitHub lists only the newest check run of a name.
        # https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference
        query = {"check_name": name, "app_id": int(self._identity.app_id), "filter": "all"}
        route = "/repos/{owner}/{repo}/commits/{ref}/check-runs"
        for data in self._link.listed(route, query=query, key="check_runs", ref=head):
            run = _run(data)
            if run.external_id == external_id and run.app_id == self._identity.app_id:
                return run
        return None

    @side_effect
    def create(
        self,
        *,
        head: HeadSha,
        name: str,
        external_id: str,
        status: str,
        conclusion: str | None = None,
        output: CheckOutput,
        details_url: str = "",
        buttons: Sequence[tuple[str, str, str]] = (),
    ) -> CheckRunRecord:
        """Create a check run on a commit. `conclusion` is given exactly when `status` is `completed`.

        `buttons` are (identifier, label, description); GitHub sends the identifier of the one that a person presses.
        """
        # GitHub requires a conclusion for `completed`, and makes a check run with a conclusion completed.
        # https://docs.github.com/en/rest/checks/runs#create-a-check-run
        fields: dict[str, Any] = {"name": name, "head_sha": head, "external_id": external_id}
        fields |= _state(status, conclusion, output) | ({"details_url": details_url} if details_url else {})
        if buttons:
            fields["actions"] = [
                # At most three; 20 characters of identifier and label, 40 of description.
                # https://docs.github.com/en/rest/checks/runs#create-a-check-run
                {"identifier": identifier, "label": label, "description": description}
                for identifier, label, description in buttons
            ]
        return _run(self._link.change("POST", _RUNS, REVIEW_WRITE, body=fields))

    @side_effect
    def update(
        self, check_run_id: int, *, status: str, conclusion: str | None = None, output: CheckOutput
    ) -> CheckRunRecord:
        """Change an unfinished check run. Raises Forbidden when another App created it."""
        # https://docs.github.com/en/rest/checks/runs#update-a-check-run
        fields = _state(status, conclusion, output)
        route = f"{_RUNS}/{{check_run_id}}"
        return _run(self._link.change("PATCH", route, REVIEW_WRITE, body=fields, check_run_id=check_run_id))


def _state(status: str, conclusion: str | None, output: CheckOutput) -> dict[str, Any]:
    shown: dict[str, Any] = {"title": output.title, "summary": output.summary}
    if output.text:
        shown["text"] = output.text
    if output.annotations:
        shown["annotations"] = [
            {
                "path": one.path,
                "start_line": one.start_line,
                "end_line": one.end_line,
                "annotation_level": one.level,
                "message": one.message,
                **({"title": one.title} if one.title else {}),
            }
            for one in output.annotations[:MOST_ANNOTATIONS]
        ]
    return {"status": status, "output": shown} | ({"conclusion": conclusion} if conclusion else {})


def _run(data: Any) -> CheckRunRecord:
    return CheckRunRecord(
        id=int(data["id"]),
        name=str(data["name"]),
        head=HeadSha(CommitSha(str(data["head_sha"]))),
        status=str(data["status"]),
        conclusion=data.get("conclusion"),
        external_id=text_of(data, "external_id"),
        app_id=app_id_of((data.get("app") or {}).get("id")),
        html_url=text_of(data, "html_url"),
    )
