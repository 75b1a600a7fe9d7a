"""Check runs. Names are not owned, so ours are found by App id and external id, never by name alone."""

from __future__ import annotations

from typing import Any

from bot.core.names import AppId, CommitSha, HeadSha
from bot.effects.guard import side_effect
from bot.github_api.permissions import REVIEW_WRITE
from bot.github_api.records import AppIdentity, CheckOutput, CheckRunRecord
from bot.github_api.repository import RepositoryLink

MOST_ANNOTATIONS = 50
"""In one call; GitHub appends on each further call and replaces nothing."""
_RUNS = "/repos/{owner}/{repo}/check-runs"


class CheckCalls:
    """Check runs of one repository."""

    def __init__(self, link: RepositoryLink, identity: AppIdentity) -> None:
        self._link = link
        self._identity = identity

    def find(self, head: HeadSha, name: str, external_id: str) -> CheckRunRecord | None:
        """Our own check run of that name and external id on a head."""
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
    ) -> CheckRunRecord:
        """Put a check run on a commit. `conclusion` is given exactly when `status` is `completed`."""
        asked: dict[str, Any] = {"name": name, "head_sha": head, "external_id": external_id}
        asked |= _state(status, conclusion, output) | ({"details_url": details_url} if details_url else {})
        return _run(self._link.change("POST", _RUNS, REVIEW_WRITE, body=asked))

    @side_effect
    def update(
        self, check_run_id: int, *, status: str, conclusion: str | None = None, output: CheckOutput
    ) -> CheckRunRecord:
        """Change an unfinished check run of ours."""
        asked = _state(status, conclusion, output)
        route = f"{_RUNS}/{{check_run_id}}"
        return _run(self._link.change("PATCH", route, REVIEW_WRITE, body=asked, check_run_id=check_run_id))


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
    app = data.get("app") or {}
    return CheckRunRecord(
        id=int(data["id"]),
        name=str(data["name"]),
        head=HeadSha(CommitSha(str(data["head_sha"]))),
        status=str(data["status"]),
        conclusion=data.get("conclusion"),
        external_id=str(data.get("external_id") or ""),
        app_id=AppId(int(app["id"])) if app.get("id") else None,
        html_url=str(data.get("html_url") or ""),
    )
