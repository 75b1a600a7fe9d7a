"""Forms on the pages: open an issue, label one, comment. The reader acts as the repository's owner.

The same addresses take `curl -d`, for people without a browser at hand.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from bot.sandbox.github.answers import MAX_BODY
from bot.sandbox.github.people import SandboxRepository
from bot.sandbox.github.state import Repository

Find = Callable[[str, str], Repository | None]
ActAs = Callable[[Repository], SandboxRepository]


def add_forms(blueprint: Blueprint, find: Find, act_as: ActAs) -> None:
    """Add the forms' pages and the addresses that they post to."""

    def acting(owner: str, name: str, number: int | None = None) -> SandboxRepository:
        found = find(owner, name)
        if found is None or (number is not None and number not in found.issues):
            abort(404)
        return act_as(found)

    blueprint.before_request(_only_from_these_pages)

    @blueprint.get("/<owner>/<name>/issues/new")
    def new_issue(owner: str, name: str) -> str:
        return render_template("sandbox_form.html", repository=acting(owner, name).full_name, number=None)

    @blueprint.get("/<owner>/<name>/issues/<int:number>/comment")
    def new_comment(owner: str, name: str, number: int) -> str:
        return render_template("sandbox_form.html", repository=acting(owner, name, number).full_name, number=number)

    @blueprint.post("/<owner>/<name>/issues")
    def file_issue(owner: str, name: str) -> ResponseReturnValue:
        repository = acting(owner, name)
        labels = [label] if (label := _text("label", required=False)) else []
        number = repository.file_issue(_text("title"), _text("body", required=False), by=owner, labels=labels)
        return redirect(f"/{repository.full_name}/issues/{number}", 303)

    @blueprint.post("/<owner>/<name>/issues/<int:number>/labels")
    def label_issue(owner: str, name: str, number: int) -> ResponseReturnValue:
        repository = acting(owner, name, number)
        repository.label(number, _text("label"), by=owner)
        return redirect(f"/{repository.full_name}/issues/{number}", 303)

    @blueprint.post("/<owner>/<name>/issues/<int:number>/comments")
    def comment(owner: str, name: str, number: int) -> ResponseReturnValue:
        repository = acting(owner, name, number)
        repository.comment(number, _text("body"), by=owner)
        return redirect(f"/{repository.full_name}/issues/{number}", 303)


def _only_from_these_pages() -> None:
    # A page of another site, or a name that was made to point at 127.0.0.1, must not act here. Browsers send `Origin`
    # with every POST (https://fetch.spec.whatwg.org/#origin-header); curl sends none.
    if request.method == "GET":
        return
    local = urlsplit(f"//{request.host}").hostname in ("127.0.0.1", "localhost")
    if not local or request.headers.get("Origin", f"http://{request.host}") != f"http://{request.host}":
        abort(403)


def _text(field: str, *, required: bool = True) -> str:
    """A field of the form; ends the request with 400 where it is missing and required, or too long for GitHub."""
    text = request.form.get(field, "").replace("\r\n", "\n").strip()
    if (required and not text) or len(text) > MAX_BODY:
        abort(400, f"The form needs `{field}`, of at most {MAX_BODY} characters.")
    return text
