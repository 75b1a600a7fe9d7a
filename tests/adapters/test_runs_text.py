"""What `cadence runs` prints: a table of runs, one run's timeline, and the same as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.runs_text import find_run, run_json, run_timeline, runs_json, runs_table
from bot.core.errors import CadenceError
from bot.core.findings import Finding
from bot.core.names import PullNumber
from bot.core.states import RunState
from bot.ledger.entries import ModelCallEntry
from bot.ledger.ledger import Ledger
from bot.review.review_kinds import FindingSeverity, ReviewFinding
from tests.adapters.ledger_rows import HEAD, NOW, delivery, run, verdict
from tests.fakes.fake_clock import FakeClock

S = RunState
RUN = run(pull=PullNumber(9), branch="cadence/issue-3", base_branch="main", head_sha=HEAD, base_sha="b" * 40,
          approved_by="will", merge_sha="d" * 40)  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    clock = FakeClock(NOW)
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", clock)
    ledger.migrate()
    ledger.take_in(delivery())
    ledger.mark_delivery(delivery().guid, "done", reason="run started", run=RUN.run_id)
    ledger.start_run(RUN)
    clock.advance(2)
    ledger.move(RUN.run_id, S.PLANNING)
    ledger.settle_call(0, ModelCallEntry(
        run_id=RUN.run_id, kind="plan", at=clock.now(), model_asked="m", model_answered="m-1", prompt_digest="p",
        outcome="ok", input_tokens=1_200, output_tokens=34, cost=0.5, duration_ms=2_500, recorded=True,
    ))  # fmt: skip
    ledger.record_findings(RUN.run_id, 1, [Finding("path.escape", "it leaves\nthe tree", "Stay.", path="../x")])
    clock.advance(60)
    effect = ledger.intend(RUN.run_id, RUN.run_id, "branch.push", f"push:{HEAD}", clock.now())
    ledger.settle(effect.id, "done", outcome={"sha": HEAD}, error_code=None, now=clock.now())
    told = ledger.intend(RUN.run_id, RUN.run_id, "comment.create", "status", clock.now())
    outcome = {"id": 5, "url": "https://x", "other": 1}
    ledger.settle(told.id, "found", outcome=outcome, error_code=None, now=clock.now())
    lost = ledger.intend(RUN.run_id, RUN.run_id, "pull.open", "pull", clock.now())
    ledger.settle(lost.id, "failed", outcome=None, error_code="github.unavailable", now=clock.now())
    ledger.intend(RUN.run_id, RUN.run_id, "merge", f"merge:{HEAD}", clock.now())
    warning = ReviewFinding(FindingSeverity.WARNING, "so so", "a.py", 3)
    ledger.save_verdict(RUN.run_id, verdict(findings=(warning,)))
    ledger.record_request(RUN.run_id, method="POST", route="/pulls", status=201, at=clock.now())
    reasons = [{"code": "ci.pending", "text": "`tests` has not reported"}, {"code": "draft", "text": "it is a draft"}]
    ledger.record_decision(RUN.run_id, pull=9, head=HEAD, outcome="wait", reasons=reasons, now=clock.now())
    clock.advance(3_600)
    ledger.move(RUN.run_id, S.STOPPED, reason="the label was removed", by="olive")
    yield ledger
    ledger.close()


def entry(ledger: Ledger) -> object:
    found = ledger.run(RUN.run_id)
    assert found is not None
    return found


def test_one_run_from_its_first_delivery_to_its_end(ledger: Ledger) -> None:
    text = run_timeline(ledger, entry(ledger), width=160)  # type: ignore[arg-type]
    head, _, rest = text.partition("\n\n")
    body, _, foot = rest.partition("\n\nin all\n")
    assert [line.split(maxsplit=1) for line in head.split("\n")][:3] == [
        ["run", str(RUN.run_id)],
        ["issue", "octo/shop#3 Größer"],
        ["state", "stopped: the label was removed"],
    ]
    told = {line[:16].strip(): line[16:].strip() for line in head.split("\n")}
    assert (told["took"], told["approved by"], told["merged as"]) == ("1 h 01 min", "will", "d" * 40)
    assert (told["head"], told["pull request"]) == (f"{HEAD} on {'b' * 12}", "#9 cadence/issue-3 -> main")
    assert [re.sub(" {2,}", "  ", line) for line in body.split("\n")] == [
        "2026-11-24",
        "12:00:00  delivery  issues labeled: run started",
        "12:00:00  state  received: by olive",
        "12:00:02  +2.0 s  state  planning",
        "12:00:02  +2.0 s  model  plan ok: m-1, 1,200 + 34 tokens, 2.5 s, cost 0.5000, a recorded answer",
        "12:00:02  +2.0 s  findings  attempt 1: path.escape: ../x: it leaves the tree",
        "12:01:02  +1 min 02 s  effect  branch.push done: push:aaaaaaaaaaaa",
        "12:01:02  +1 min 02 s  effect  comment.create found: status, id 5, url https://x",
        "12:01:02  +1 min 02 s  effect  pull.open failed: pull, github.unavailable",
        "12:01:02  +1 min 02 s  effect  merge intended: merge:aaaaaaaaaaaa, its outcome is not known yet",
        "12:01:02  +1 min 02 s  verdict  reasoning approve:",
        "  review.approved at aaaaaaaaaaaa, attempt 1",
        "  Does it.",
        "  from a recorded answer",
        "  carried over from x..y",
        "  warning: a.py:3 so so",
        "12:01:02  +1 min 02 s  decision  wait #9 at aaaaaaaaaaaa:",
        "  ci.pending: `tests` has not reported",
        "  draft: it is a draft",
        "13:01:02  +1 h 01 min  state  stopped: the label was removed, by olive",
    ]
    assert [line.split("  ")[0] for line in foot.strip().split("\n")] == [
        "plan", "GitHub API calls", "content-creating", "model calls", "tokens", "cost",
    ]  # fmt: skip
    assert "1 (1 answered by a recording)" in foot and "1,200 in, 34 out" in foot and "0.5000" in foot


def test_a_narrow_terminal_breaks_lines_and_cuts_nothing(ledger: Ledger) -> None:
    text = run_timeline(ledger, entry(ledger), width=60)  # type: ignore[arg-type]
    assert all(len(line) <= 60 for line in text.split("\n"))
    assert "github.unavailable" in "".join(line.strip() for line in text.split("\n"))


def test_the_same_as_json(ledger: Ledger) -> None:
    data = json.loads(run_json(ledger, entry(ledger)))  # type: ignore[arg-type]
    assert (data["run"], data["state"], data["cause"], data["pull"]) == (RUN.run_id, "stopped", "label:1", 9)
    assert [one["to"] for one in data["transitions"]] == ["received", "planning", "stopped"]
    assert [one["kind"] for one in data["effects"]] == [
        "branch.push", "comment.create", "pull.open", "merge",
    ]  # fmt: skip
    assert data["verdicts"][0]["conclusion"] == "approve" and data["decisions"][0]["outcome"] == "wait"
    assert data["deliveries"][0]["guid"] == "g-1" and "body" not in data["deliveries"][0]
    assert data["created_at"] == NOW.isoformat()
    assert data["totals"]["content_creating"] == 1 and data["findings"][0]["attempt"] == 1


def test_a_table_of_runs(ledger: Ledger) -> None:
    ledger.start_run(run("comment:7", state=S.GATED, reason="ci.pending: `tests` has not\nreported " + "x" * 200,
                         created_at=NOW + timedelta(hours=1)))  # fmt: skip
    lines = runs_table(ledger.runs(), width=400).split("\n")
    assert lines[0].split()[:3] == ["run", "state", "issue"]
    rows = [line for line in lines[2:] if line.strip()]
    assert rows[0].split()[:4] == [run("comment:7").run_id, "gated", "octo/shop#3", "-"]
    assert "`tests` has not reported" in rows[0] and rows[0].endswith("…")
    assert rows[1].split()[:4] == [RUN.run_id, "stopped", "octo/shop#3", "#9"]
    narrow = runs_table(ledger.runs(), width=20)
    assert RUN.run_id in narrow, "ids are for copying and are never cut"
    assert runs_table([]) == "No runs yet. A run starts when a person labels an issue.\n"


def test_runs_as_json_in_the_order_given(ledger: Ledger) -> None:
    ledger.start_run(run("comment:7"))
    data = json.loads(runs_json(ledger, ledger.runs()))
    assert {one["run"] for one in data} == {RUN.run_id, run("comment:7").run_id}
    assert all(one["totals"]["model_calls"] in (0, 1) for one in data)


def test_what_strangers_wrote_does_not_steer_a_terminal(ledger: Ledger) -> None:
    ledger.update_run(RUN.run_id, title="a\x1b[2Jb\u202ec\x9bd", started_by="x\r\ny")
    text = run_timeline(ledger, entry(ledger), width=160)  # type: ignore[arg-type]
    assert not set("\x1b\x9b\u202e\r") & set(text)
    assert "[bold]" in _with_reason(ledger, "[bold]red[/bold] [link=http://evil]x[/link]")


def _with_reason(ledger: Ledger, reason: str) -> str:
    ledger.move(RUN.run_id, S.STOPPED, reason=reason)
    return runs_table(ledger.runs(), width=300)


def test_a_run_by_the_beginning_of_its_id(ledger: Ledger) -> None:
    other = run("comment:7")
    ledger.start_run(other)
    assert find_run(ledger, RUN.run_id) == ledger.run(RUN.run_id)
    assert find_run(ledger, RUN.run_id[:-2]) == ledger.run(RUN.run_id)
    assert find_run(ledger, "nope") is None and find_run(ledger, "") is None
    assert find_run(ledger, "%") is None and find_run(ledger, "_") is None
    with pytest.raises(CadenceError) as caught:
        find_run(ledger, RUN.run_id.partition("-")[0])
    assert caught.value.code == "run.ambiguous"
    assert RUN.run_id in caught.value.summary and other.run_id in caught.value.summary


def test_only_some_of_many_are_named(ledger: Ledger) -> None:
    for number in range(15):
        ledger.start_run(run(f"comment:{number}"))
    with pytest.raises(CadenceError, match="and 6 more"):
        find_run(ledger, RUN.run_id.partition("-")[0])
