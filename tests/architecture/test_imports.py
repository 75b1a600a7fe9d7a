"""Who may import whom: packages import downwards only, pure modules stay pure, one library has one home.

Each test holds one rule for the whole tree and lists every offender.
"""

import ast
from pathlib import Path

from tools.layers import LAYERS, LOOSE, Import, circles, imports, level_of, modules, upward, upward_in_flow

ROOT = Path(__file__).resolve().parents[2]
BOT = ROOT / "bot"

HOMES = {
    "github": ("bot/github_api/",),
    "jwt": ("bot/github_api/", "bot/sandbox/"),
    "git": ("bot/git_store/",),
    "cryptography": ("bot/core/signing.py", "bot/sandbox/"),
    "openai": ("bot/llm/connection.py", "bot/llm/openai_model.py", "bot/llm/openai_errors.py"),
    "dbos": ("bot/engine/",),
    "sqlalchemy": ("bot/ledger/", "bot/engine/executor_locks.py"),
    "alembic": ("bot/ledger/",),
    "flask": ("bot/intake/webhook.py", "bot/web/", "bot/sandbox/", "bot/app.py"),
    "waitress": ("bot/app.py", "bot/cli/serve.py", "bot/sandbox/"),
    "graphql": ("bot/sandbox/github/",),
    "ruamel": ("bot/config/", "bot/changeset/", "bot/weakening/"),
    "unidiff": ("bot/review/", "bot/publish/", "bot/gate/"),
    "bpe_openai": ("bot/llm/", "bot/plan/context/"),
    "lizard": ("bot/review/figures.py",),
    "lizard_ext": ("bot/review/figures.py",),
    "typer": ("bot/__main__.py", "bot/cli/"),
    "detect_secrets": ("bot/changeset/guards/secret.py",),
    "re2": ("bot/core/patterns.py",),
    "filelock": ("bot/git_store/", "bot/ledger/", "bot/engine/executor_locks.py", "bot/llm/slots.py"),
    "pydantic_settings": ("bot/settings.py",),
    "tree_sitter": ("bot/syntax/",),
}
"""The only places that may import a library."""

PURE_PACKAGES = ("core", "config", "changeset", "weakening", "syntax")
IMPURE_CORE = {"core.clock", "core.deadline", "core.pace", "core.signing"}
"""core.clock reads the clock, core.deadline cuts a network exchange off, core.pace waits, core.signing keeps the key
in a file."""

PURE_MODULES = {
    "cli.doctor_lines", "cli.submitted", "cli.evaluate_text", "cli.patch_edits", "cli.published_schemas",
    "cli.selftest_planner_text",
    "intake.signature", "intake.events", "intake.parse", "intake.command_text", "intake.authority",
    "plan.acceptance", "plan.blueprint", "plan.plan_prompt", "plan.fences",
    "plan.answer.assemble", "plan.answer.blocks", "plan.answer.definitions", "plan.answer.envelope",
    "plan.answer.locate", "plan.answer.reading",
    "plan.context.analysis", "plan.context.outlines", "plan.context.pack", "plan.context.packing",
    "plan.context.paths", "plan.context.pieces", "plan.context.question", "plan.context.ranking", "plan.context.words",
    "plan.explore.citations", "plan.explore.explore_prompt",
    "plan.selftest.samples", "plan.selftest.mutation", "plan.selftest.wording", "plan.selftest.tasks",
    "plan.selftest.score", "plan.selftest.answers", "plan.selftest.mistakes", "plan.selftest.mistakes_json",
    "plan.selftest.mistakes_text", "plan.selftest.operators.definitions",
    "plan.selftest.operators.statements", "plan.selftest.operators.values", "plan.selftest.operators.documents",
    "plan.context.imports", "plan.context.retrieval",
    "publish.pull_request_text", "publish.status_comment_text", "publish.proof_text",
    "review.review_kinds", "review.diff", "review.figures", "review.parts", "review.rules",
    "review.review_prompt", "review.verdict", "review.report",
    "review.selftest.changes", "review.selftest.seeds", "review.selftest.score",
    "gate.config_tests", "gate.config_tests_text", "gate.reasons", "gate.snapshot", "gate.branch", "gate.whatif",
    "gate.ci", "gate.decide", "gate.explain", "gate.pushed",
    "ledger.entries", "ledger.chain", "ledger.signed_documents",
    "proof.statements", "proof.bundle", "proof.checklist", "proof.rebuild", "proof.verify",
    "github_api.records", "github_api.issue_records", "github_api.json_fields", "github_api.urls",
    "llm.model", "llm.answers", "llm.chat_api", "llm.responses_api", "llm.roles", "llm.ways",
    "effects.kinds", "engine.protocol",
}  # fmt: skip
"""Modules that take values and return values: no I/O, clock, randomness or environment."""

IMPURE_LIBRARIES = {
    "os", "sys", "time", "random", "secrets", "socket", "subprocess", "threading", "tempfile", "shutil", "logging",
    "requests", "urllib.request", "http.client", "sqlite3", "uuid", "structlog", "asyncio",
}  # fmt: skip
ADAPTERS = ("bot.github_api.client", "bot.git_store.mirror", "bot.git_store.store", "bot.ledger.ledger",
            "bot.llm.openai_model", "bot.engine.durable", "bot.app")  # fmt: skip


def imported(path: Path) -> set[str]:
    """Every module a file imports at run time, dotted; `if TYPE_CHECKING` blocks do not count."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text("utf-8")))
    return found


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def pure() -> dict[str, Path]:
    known = modules()
    packages = {n: p for n, p in known.items() if n.split(".")[0] in PURE_PACKAGES and n not in IMPURE_CORE}
    return packages | {name: known[name] for name in PURE_MODULES}


def test_every_package_has_a_layer_and_only_three_modules_lie_at_the_top() -> None:
    tops = {name.split(".")[0] for name in modules() if name}
    assert [name for name in sorted(tops) if level_of(name) is None] == [], "add it to tools/layers.py"
    loose = {path.stem for path in BOT.glob("*.py")} - {"__init__"}
    assert loose == set(LOOSE)
    assert len([name for layer in LAYERS for name in layer]) == len({name for layer in LAYERS for name in layer})


def test_no_package_imports_upwards() -> None:
    assert [f"bot.{one.by}:{one.line} imports bot.{one.of}" for one in upward(imports())] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles((one.by, one.of) for one in imports()) == []


def test_pure_modules_do_nothing_impure() -> None:
    wrong = []
    for name, path in pure().items():
        text, found = path.read_text("utf-8"), imported(path)
        # The list of the standard library's modules is a constant of the interpreter.
        found -= {"sys"} if "sys.stdlib_module_names" in found and "import sys" not in text else set()
        bad = sorted(found & IMPURE_LIBRARIES) + sorted(one for one in found if one.startswith(ADAPTERS))
        bad += [word for word in ("datetime.now(", "open(") if word == "datetime.now(" and word in text]
        bad += ["bot.core.clock"] if "bot.core.clock" in found else []
        wrong += [f"{name}: {one}" for one in bad]
    assert wrong == []


def test_one_library_has_one_home() -> None:
    wrong = [
        f"{name} does not belong in {relative(path)}"
        for path in modules().values()
        for name in sorted(imported(path))
        if (homes := HOMES.get(name.split(".")[0])) and not relative(path).startswith(homes)
    ]
    assert wrong == []


def test_time_and_environment_come_from_their_homes() -> None:
    wrong = []
    for path in modules().values():
        text, where = path.read_text("utf-8"), relative(path)
        if where.startswith("bot/sandbox/"):
            continue
        if where != "bot/core/clock.py" and ("time.sleep(" in text or "datetime.now(" in text):
            wrong.append(f"{where}: the clock")
        # A child of git needs this machine's PATH and proxies, and gets nothing else of the environment.
        if where not in ("bot/settings.py", "bot/git_store/process.py") and (
            "os.environ" in text or "os.getenv" in text
        ):
            wrong.append(f"{where}: the environment")
    assert wrong == []


def test_only_the_command_line_needs_the_composition_root_and_the_sandbox() -> None:
    allowed = ("app", "__main__", "cli.", "sandbox")
    by_others = [one for one in imports() if not one.by.startswith(allowed)]
    assert [f"bot.{one.by} imports bot.{one.of}" for one in by_others if one.of.startswith(("app", "sandbox"))] == []


def test_the_parts_of_flow_import_downwards_only() -> None:
    assert [f"{one.by} line {one.line} imports {one.of}" for one in upward_in_flow(imports())] == []
    assert upward_in_flow([Import("flow.gate.look", "flow.after.watch", 1), Import("flow.new", "flow.context", 2)])
