"""Who may import whom: pure modules stay pure, one library has one home, shells do not know each other."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOT = ROOT / "bot"

HOMES = {
    "github": ("bot/github_api/",),
    "jwt": ("bot/github_api/", "bot/sandbox/"),
    "git": ("bot/git_store/",),
    "cryptography": ("bot/signing.py", "bot/sandbox/"),
    "openai": ("bot/llm/openai_model.py",),
    "dbos": ("bot/engine.py",),
    "sqlalchemy": ("bot/record/",),
    "alembic": ("bot/record/",),
    "flask": ("bot/intake/webhook.py", "bot/web/", "bot/sandbox/", "bot/app.py"),
    "waitress": ("bot/serving.py", "bot/sandbox/"),
    "graphql": ("bot/sandbox/",),
    "tree_sitter": ("bot/syntax/", "bot/weakening/"),
    "ruamel": ("bot/repo_config.py", "bot/config_text.py", "bot/changeset/", "bot/weakening/ci/config.py"),
    "unidiff": ("bot/review/", "bot/publish/", "bot/gate/"),
    "bm25s": ("bot/plan/context/",),
    "bpe_openai": ("bot/llm/", "bot/plan/context/"),
    "lizard": ("bot/review/figures.py",),
    "lizard_ext": ("bot/review/figures.py",),
    "typer": ("bot/__main__.py", "bot/cli/"),
    "detect_secrets": ("bot/changeset/guards/secret.py",),
    "re2": ("bot/patterns.py",),
    "filelock": ("bot/git_store/", "bot/record/"),
    "pydantic_settings": ("bot/settings.py",),
}

PURE = [
    "names.py",
    "errors.py",
    "states.py",
    "quiet.py",
    "shown_text.py",
    "foreign_text.py",
    "patterns.py",
    "policy.py",
    "repo_config.py",
    "config_text.py",
    "config_tests.py",
    "config_mistakes.py",
    "config_schema.py",
    "policy_tests.py",
    "reason_codes.py",
    "schemas.py",
    "cli/handed_in.py",
    "cli/judged_text.py",
    "cli/patch_edits.py",
    "intake/signature.py",
    "intake/events.py",
    "intake/parse.py",
    "intake/commands.py",
    "intake/authority.py",
    "plan/acceptance.py",
    "plan/blueprint.py",
    "plan/prompt.py",
    "publish/pull_text.py",
    "publish/config_text.py",
    "publish/status_text.py",
    "publish/proof_text.py",
    "review/kinds.py",
    "review/diff.py",
    "review/figures.py",
    "review/parts.py",
    "review/rules.py",
    "review/prompt.py",
    "review/verdict.py",
    "review/report.py",
    "gate/codes.py",
    "gate/reasons.py",
    "review/selftest/changes.py",
    "review/selftest/seeds.py",
    "review/selftest/score.py",
    "gate/snapshot.py",
    "gate/branch.py",
    "gate/whatif.py",
    "gate/ci.py",
    "gate/decide.py",
    "gate/explain.py",
    "record/entries.py",
    "record/chain.py",
    "record/manifest.py",
    "record/bundle.py",
    "record/checklist.py",
    "record/remaking.py",
    "record/verifying.py",
    "github_api/records.py",
    "github_api/urls.py",
    "llm/model.py",
]

IMPURE_MODULES = {
    "os", "sys", "time", "random", "secrets", "socket", "subprocess", "threading", "tempfile", "shutil", "logging",
    "requests", "urllib.request", "http.client", "sqlite3", "uuid", "structlog", "asyncio",
}  # fmt: skip
ADAPTERS = (
    "bot.github_api.client",
    "bot.git_store",
    "bot.record.ledger",
    "bot.llm.openai_model",
    "bot.engine",
    "bot.app",
)
SHELLS = {
    "bot.plan.planner", "bot.publish.publisher", "bot.publish.status", "bot.review.reviewer", "bot.review.poster",
    "bot.gate.observer", "bot.gate.merger", "bot.intake.webhook",
}  # fmt: skip


def modules() -> list[Path]:
    return sorted(BOT.rglob("*.py"))


def imports(path: Path) -> set[str]:
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

    visit(ast.parse(path.read_text()))
    return found


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def pure_files() -> list[Path]:
    return (
        [BOT / name for name in PURE]
        + sorted((BOT / "changeset").rglob("*.py"))
        + sorted((BOT / "weakening").rglob("*.py"))
    )


@pytest.mark.parametrize("path", pure_files(), ids=relative)
def test_pure_modules_do_nothing_impure(path: Path) -> None:
    found = imports(path)
    # The list of the standard library's modules is a constant of the interpreter.
    found -= {"sys"} if "sys.stdlib_module_names" in found and "import sys" not in path.read_text() else set()
    assert not found & IMPURE_MODULES
    assert not [name for name in found if name.startswith(ADAPTERS) or name in SHELLS]
    assert "datetime.now(" not in path.read_text()
    assert "bot.clock" not in found


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_one_library_has_one_home(path: Path) -> None:
    for name in imports(path):
        homes = HOMES.get(name.split(".")[0])
        if homes is not None:
            assert relative(path).startswith(homes), f"{name} does not belong in {relative(path)}"


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_no_shell_imports_another(path: Path) -> None:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    if name in SHELLS:
        assert not imports(path) & (SHELLS - {name})


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_time_and_environment_come_from_their_homes(path: Path) -> None:
    text, where = path.read_text(), relative(path)
    if where != "bot/clock.py" and not where.startswith("bot/sandbox/"):
        assert "time.sleep(" not in text and "datetime.now(" not in text
    # A child of git needs this machine's PATH and proxies, and gets nothing else of the environment.
    if where not in ("bot/settings.py", "bot/git_store/process.py") and not where.startswith("bot/sandbox/"):
        assert "os.environ" not in text and "os.getenv" not in text


def test_only_the_composition_root_wires() -> None:
    for path in modules():
        wires = relative(path) in ("bot/app.py", "bot/serving.py", "bot/__main__.py")
        if not wires and not relative(path).startswith("bot/cli/"):
            assert "bot.app" not in imports(path), relative(path)


def test_the_product_never_needs_the_sandbox() -> None:
    allowed = ("bot/sandbox/", "bot/__main__.py", "bot/cli/")
    for path in modules():
        if not relative(path).startswith(allowed):
            assert not any(name.startswith("bot.sandbox") for name in imports(path)), relative(path)
