"""The sandbox's pages: everything people wrote is shown, nothing of it is markup."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.core.names import marker
from bot.sandbox.github.accounts import Account, App
from bot.sandbox.github.bare import Bare, Person
from bot.sandbox.github.markdown import rendered
from bot.sandbox.github.pages import conversation, pages
from bot.sandbox.github.people import SandboxRepository
from bot.sandbox.github.server import SandboxGitHub
from bot.sandbox.github.state import (
    CheckRun,
    Comment,
    Issue,
    Label,
    Pull,
    Repository,
    Review,
    ReviewComment,
    TimelineEvent,
)

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
OWNER = Account(1, "sam", "User", START)
BOT = Account(2, "cadence[bot]", "Bot", START)
APP = App(3, "cadence", OWNER, BOT, {}, [], "", "", 4, START)
EVIL = "<script>alert(1)</script>"


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def commit(bare: Bare, parent: str | None, files: dict[str, str | bytes | None], message: str) -> str:
    tree = bare.write_files(parent, files)
    who = Person("sam", "sam@example.org")
    sha = bare.commit_tree(
        tree, [parent] if parent else [], message, author=who, committer=who, date="2026-01-02T03:04:05Z"
    )
    return sha


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    bare = Bare.create(tmp_path / "tally.git", default_branch="main", hooks=tmp_path)
    base = commit(bare, None, {"a.py": "one\ntwo\n"}, "First")
    head = commit(bare, base, {"a.py": f"one\n{EVIL}\n", "b.py": "new\n"}, f"Change {EVIL}")
    bare.set_ref("refs/heads/main", base)
    found = Repository(10, "tally", OWNER, bare.path, START)
    issue = Issue(11, 1, found, f"Wish {EVIL}", f"**bold** {EVIL}", OWNER, START, START)
    issue.labels = [Label(12, "blueprint")]
    issue.timeline = [TimelineEvent(13, "labeled", OWNER, at(1), {"label": "blueprint"})]
    status = f"{marker('status', run='r1')}\nplanning\n"
    issue.comments = [Comment(14, issue, BOT, status, at(2), at(2))]
    talk = Issue(15, 2, found, "The pull", "", BOT, at(3), at(3))
    talk.pull = Pull(16, talk, "cadence/issue-1", head, "main", base)
    review = Review(17, talk.pull, BOT, "**rejected**", "COMMENTED", head, at(4))
    review.comments = [
        ReviewComment(18, review, "a.py", "too *slow*", 2, "RIGHT", None, None, "@@ -1 +1 @@\n+x", at(4))
    ]
    talk.pull.reviews = [review]
    found.issues = {1: issue, 2: talk}
    done = CheckRun(20, found, APP, 1, "tests", head, "completed", "failure", title="2 failed", summary="`boom`")
    found.check_runs = {
        19: CheckRun(19, found, APP, 1, "tests", head, "completed", "success"),
        20: done,
        21: CheckRun(21, found, APP, 1, "lint", head, "in_progress"),
        22: CheckRun(22, found, APP, 1, "elsewhere", base, "completed", "success"),
    }
    return found


@pytest.fixture
def client(repository: Repository) -> FlaskClient:
    app = Flask(__name__)
    known = {("sam", "tally"): repository}
    app.register_blueprint(pages(lambda owner, name: known.get((owner, name)), threading.RLock()))
    return app.test_client()


def test_an_issue_shows_its_conversation_without_hidden_marks(client: FlaskClient) -> None:
    answer = client.get("/sam/tally/issues/1")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for shown in ("<strong>bold</strong>", "added the label blueprint", "planning", "cadence[bot]"):
        assert shown in answer.text
    assert "cadence:status" not in answer.text
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_a_pull_request_shows_reviews_checks_commits_and_the_diff(client: FlaskClient) -> None:
    text = client.get("/sam/tally/pull/2").text
    for shown in ("<strong>rejected</strong>", "a.py:2", "too <em>slow</em>", "cadence/issue-1", "b.py", "Change"):
        assert shown in text
    assert '<span class="plus">+&lt;script&gt;' in text
    assert '<span class="minus">-two</span>' in text
    assert "<script" not in text


def test_only_the_newest_run_of_a_check_on_the_head_counts(client: FlaskClient) -> None:
    text = client.get("/sam/tally/pull/2").text
    assert '<b class="bad">failure</b>' in text
    assert '<b class="busy">in progress</b>' in text
    assert '<b class="good">' not in text
    assert "elsewhere" not in text


def test_the_overview_links_both(client: FlaskClient) -> None:
    text = client.get("/sam/tally").text
    assert 'href="/sam/tally/issues/1"' in text
    assert 'href="/sam/tally/pull/2"' in text
    assert "First" in text
    assert "elsewhere" in text


@pytest.mark.parametrize("path", ["/sam/other", "/sam/tally/pull/1", "/sam/tally/issues/9"])
def test_what_is_not_there_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_merged_pull_request_says_so_and_stops_reloading(client: FlaskClient, repository: Repository) -> None:
    talk = repository.issues[2]
    assert talk.pull is not None
    assert 'http-equiv="refresh"' in client.get("/sam/tally/pull/2").text
    talk.state, talk.pull.merged_at, talk.pull.merge_commit_sha = "closed", at(9), "f" * 40
    text = client.get("/sam/tally/pull/2").text
    assert '<span class="state merged">merged</span>' in text
    assert "fffffff" in text
    assert 'http-equiv="refresh"' not in text


def test_the_conversation_is_in_order_of_time(repository: Repository) -> None:
    assert [turn.at for turn in conversation(repository.issues[1])] == [START, at(1), at(2)]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (None, ""),
        ("<!-- cadence:status run=1 -->", ""),
        ("a <!-- hidden\nstill --> b", "<p>a  b</p>"),
        ("`<!-- code -->`", "<p><code>&lt;!-- code --&gt;</code></p>"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ("x <b onclick=y>z</b>", "<p>x &lt;b onclick=y&gt;z&lt;/b&gt;</p>"),
        ("<details open onclick=x>", "&lt;details open onclick=x&gt;"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("<details><summary>more</summary>\n\ntext\n\n</details>", None),
    ],
)
def test_markdown_lets_no_markup_through(text: str | None, html: str | None) -> None:
    made = rendered(text)
    if html is None:
        assert "<details><summary>more</summary>" in made
        assert made.rstrip().endswith("</details>")
    else:
        assert made == html


def test_pictures_are_not_fetched() -> None:
    assert "<img" not in rendered("![x](http://elsewhere/p.png)")


def test_a_number_links_to_its_issue_where_there_is_one(repository: Repository) -> None:
    repository.issues[1].body = "See #2 and `#2`, not #99, a#2 or [#2](https://example.org)."
    html = conversation(repository.issues[1])[0].body
    assert html == (
        '<p>See <a href="/sam/tally/issues/2">#2</a> and <code>#2</code>, not #99, a#2 or '
        '<a href="https://example.org">#2</a>.</p>'
    )


def test_the_number_of_a_pull_request_leads_to_its_page(client: FlaskClient) -> None:
    answer = client.get("/sam/tally/issues/2")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sam/tally/pull/2")


@pytest.fixture
def owner_client(tmp_path: Path) -> FlaskClient:
    github = SandboxGitHub(tmp_path)
    github.create_user("sam")
    github.create_repository("sam", "tally")
    world = github.world
    github.app.register_blueprint(
        pages(world.repository, world.lock, lambda found: SandboxRepository(world, found)), name="forms"
    )
    client = github.app.test_client()
    client.github = github  # type: ignore[attr-defined]
    return client


def test_the_owner_opens_labels_and_comments_by_form(owner_client: FlaskClient) -> None:
    made = owner_client.post("/sam/tally/issues", data={"title": "Wish", "body": "a\r\nb", "label": "blueprint"})
    assert (made.status_code, made.headers["Location"]) == (303, "/sam/tally/issues/1")
    owner_client.post("/sam/tally/issues/1/labels", data={"label": "urgent"})
    owner_client.post("/sam/tally/issues/1/comments", data={"body": "/cadence status"})
    issue = owner_client.github.repository("sam/tally").issue(1)  # type: ignore[attr-defined]
    assert ([one.name for one in issue.labels], issue.body, issue.user.login) == (
        ["blueprint", "urgent"],
        "a\nb",
        "sam",
    )
    assert [(one.user.login, one.body) for one in issue.comments] == [("sam", "/cadence status")]
    for page in ("issues/new", "issues/1/comment", "issues/1"):
        answer = owner_client.get(f"/sam/tally/{page}")
        assert b'<form method="post"' in answer.data
        assert "form-action 'self'" in answer.headers["Content-Security-Policy"]


def test_forms_refuse_other_sites_and_senseless_input(owner_client: FlaskClient) -> None:
    form = {"title": "Wish", "label": "x", "body": "b"}
    assert (
        owner_client.post("/sam/tally/issues", data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    )
    assert owner_client.post("/sam/tally/issues", data=form, headers={"Host": "evil.example"}).status_code == 403
    assert owner_client.post("/sam/tally/issues", data={"body": "no title"}).status_code == 400
    assert owner_client.post("/sam/tally/issues", data={"title": "x" * 70_000}).status_code == 400
    assert owner_client.post("/sam/tally/issues/9/labels", data=form).status_code == 404
    assert owner_client.post("/sam/none/issues", data=form).status_code == 404
    good = owner_client.post("/sam/tally/issues", data=form, headers={"Origin": "http://localhost"})
    assert good.status_code == 303


def test_pages_without_forms_only_show(client: FlaskClient) -> None:
    assert client.post("/sam/tally/issues/1/labels", data={"label": "x"}).status_code == 404
    assert b"<form" not in client.get("/sam/tally/issues/1").data
