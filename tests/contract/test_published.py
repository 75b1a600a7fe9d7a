"""The yardstick itself: it finds faults, and every correction of a published description is still needed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract import fetch
from tests.contract.published import CORRECTIONS, Correction, Description

COMMENTS = "/repos/octo/shop/issues/1/comments"


@pytest.mark.parametrize("one", CORRECTIONS, ids=lambda one: " ".join(map(str, one.place[1:3])))
def test_githubs_own_example_needs_the_correction(one: Correction, rest: Description) -> None:
    uncorrected = Description(fetch.OPENAPI.path("generated/api.github.com.json"))
    _, example = uncorrected.at(one.example)
    schema = one.place[: one.place.index("schema") + 1]
    assert list(uncorrected.value_faults(example, schema, "example"))
    assert not list(rest.value_faults(example, schema, "example"))


def faults(rest: Description, method: str, path: str, query: str = "", body: Any = None) -> list[str]:
    operation = rest.operation(method, path)
    assert operation is not None
    return list(rest.request_faults(operation, query, json.dumps(body) if body is not None else ""))


def test_requests_are_judged_by_path_query_and_body(rest: Description) -> None:
    assert not faults(rest, "GET", COMMENTS, "per_page=100&page=2")
    assert faults(rest, "GET", COMMENTS, "per_page=many") == ["query per_page: breaks type integer, given 'many'"]
    assert faults(rest, "GET", COMMENTS, "perpage=100") == ["query perpage is unknown"]
    assert faults(rest, "GET", "/repos/octo/shop/issues/x/comments")[0].startswith("path issue_number: breaks type")
    assert not faults(rest, "POST", COMMENTS, body={"body": "words"})
    assert faults(rest, "POST", COMMENTS) == ["the body is missing"]
    assert faults(rest, "POST", COMMENTS, body={"text": "words"}) == [
        "body: 'body' is a required property",
        "body.text: is unknown",
    ]
    nested = {"name": "x", "head_sha": "0", "output": {"title": "t", "summary": "s", "annotations": [{"line": 1}]}}
    found = faults(rest, "POST", "/repos/octo/shop/check-runs", body=nested)
    assert "body.output.annotations[].line: is unknown" in found
    assert "body.output.annotations[]: 'start_line' is a required property" in found


def test_a_path_is_matched_by_its_fixed_parts_first(rest: Description) -> None:
    found = rest.operation("GET", "/repos/octo/shop/commits/heads/a/b/check-runs")
    assert found is not None and found.template == "/repos/{owner}/{repo}/commits/{ref}/check-runs"
    assert rest.operation("GET", "/repos/octo/shop/issues/") is None
    assert rest.operation("PUT", COMMENTS) is None


def test_answers_are_judged_by_status_type_and_body(rest: Description) -> None:
    operation = rest.operation("GET", "/repos/octo/shop/git/ref/heads/main")
    assert operation is not None
    good = {
        "ref": "r",
        "node_id": "n",
        "url": "http://x.invalid/",
        "object": {"type": "commit", "sha": "0" * 40, "url": "http://x.invalid/"},
    }

    def answered(status: int, body: Any, kind: str = "application/json") -> list[str]:
        return list(rest.answer_faults(operation, status, kind, json.dumps(body)))

    assert not answered(200, good)
    assert answered(200, {**good, "ref": None})[0].startswith("200.ref: ")
    assert answered(200, {**good, "tip": 1}) == ["200.tip: is unknown"]
    assert answered(200, good, "text/html")
    assert answered(201, good) == ["status 201 is not described"]
    assert not answered(403, {"message": "no"})
    assert answered(403, {"msg": "no"}) == ["403.msg: is unknown"]


def test_deliveries_are_judged_by_event_and_action(webhooks: Description) -> None:
    assert list(webhooks.delivery_faults("issues", {"action": "eaten"})) == ["is not described"]
    assert "payload: 'issue' is a required property" in list(webhooks.delivery_faults("issues", {"action": "labeled"}))


def test_a_package_that_was_not_fetched_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fetch, "CACHE", tmp_path)
    with pytest.raises(fetch.NotFetched, match="make contract"):
        fetch.OPENAPI.path("generated/api.github.com.json")


def test_without_npm_nothing_is_fetched_and_the_exit_code_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetch, "CACHE", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fetch.main() == 1
    assert "npm is missing" in capsys.readouterr().err


def test_a_package_other_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    tarball = tmp_path / "x.tgz"
    tarball.write_bytes(b"something else")
    with pytest.raises(fetch.NotFetched, match="not what was pinned"):
        fetch._check(fetch.OPENAPI, tarball)
