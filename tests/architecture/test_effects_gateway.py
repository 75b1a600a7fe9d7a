"""Pushes, mutating GitHub calls and model calls have no way out but effects.perform."""

import ast
from pathlib import Path

import pytest

from bot.core.errors import CadenceError
from bot.effects.guard import effects_allowed, side_effect
from bot.github_api.transport import Transport

ROOT = Path(__file__).resolve().parents[2]
BOT = ROOT / "bot"
GITHUB_CALLS = sorted((BOT / "github_api").glob("*.py"))
MUTATING = {"POST", "PUT", "PATCH", "DELETE"}
READING_POSTS = {
    "graphql": "GraphQL queries are POSTs that read; mutations have a method of their own, which is locked",
    "mint": "a token is minted for a step; minting changes nothing that people see",
}


def functions(tree: ast.AST) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def is_guarded(function: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator) == "side_effect" for decorator in function.decorator_list)


def own_strings(function: ast.FunctionDef) -> set[str]:
    """String constants used as call arguments in the function itself."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            for argument in [*node.args, *(k.value for k in node.keywords)]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found.add(argument.value)
    return found


def unguarded(source: str) -> list[str]:
    """Functions that send a mutating request without being locked to the effect gateway."""
    return [
        function.name
        for function in functions(ast.parse(source))
        if own_strings(function) & MUTATING
        and not is_guarded(function)
        and not any(name in function.name for name in READING_POSTS)
    ]


def test_every_mutating_github_call_is_locked_to_the_door() -> None:
    assert GITHUB_CALLS
    assert [f"{path.name}: {name}" for path in GITHUB_CALLS for name in unguarded(path.read_text())] == []


def test_a_mutating_call_that_bypasses_the_door_is_found() -> None:
    planted = "def sneak(self):\n    return self._send('POST', '/repos/o/r/issues/1/comments', {})\n"
    assert unguarded(planted) == ["sneak"]
    assert unguarded("@side_effect\n" + planted) == []


def test_every_graphql_mutation_is_locked_to_the_door() -> None:
    found = []
    for path in GITHUB_CALLS:
        for function in functions(ast.parse(path.read_text())):
            calls = {ast.unparse(node.func).split(".")[-1] for node in ast.walk(function) if isinstance(node, ast.Call)}
            if (function.name == "mutate" or "mutate" in calls) and not is_guarded(function):
                found.append(f"{path.name}: {function.name}")
    assert found == []


def test_the_way_of_queries_takes_no_mutation() -> None:
    with pytest.raises(ValueError, match="mutate"):
        Transport.graphql(None, "\nmutation X { a }", {}, None)  # type: ignore[arg-type]


def test_the_push_is_locked_to_the_door() -> None:
    pushes = [
        (path.name, function)
        for path in sorted((BOT / "git_store").glob("*.py"))
        for function in functions(ast.parse(path.read_text()))
        if "push" in own_strings(function)
        or any(isinstance(n, ast.Constant) and n.value == "push" for n in ast.walk(function))
    ]
    assert pushes
    assert [name for name, function in pushes if not is_guarded(function)] == []


def test_the_model_call_is_locked_to_the_door() -> None:
    tree = ast.parse((BOT / "llm" / "openai_model.py").read_text())
    complete = [function for function in functions(tree) if function.name == "complete"]
    assert complete and all(is_guarded(function) for function in complete)


def test_only_perform_opens_the_door() -> None:
    users = [
        path.relative_to(ROOT).as_posix()
        for path in sorted(BOT.rglob("*.py"))
        if any(
            isinstance(node, ast.ImportFrom)
            and node.module == "bot.effects.guard"
            and any(alias.name in ("effects_allowed", "_open") for alias in node.names)
            for node in ast.walk(ast.parse(path.read_text()))
        )
    ]
    assert users == ["bot/effects/perform.py"]


def test_only_adapters_reach_the_network() -> None:
    """HTTP clients live in the adapters (and in the sandbox, which plays GitHub, its CI and its people)."""
    clients = {"requests", "httpx", "urllib.request", "http.client", "urllib3", "httpx2"}
    allowed = ("bot/github_api/", "bot/llm/connection.py", "bot/sandbox/")
    for path in sorted(BOT.rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            if any(name.split(".")[0] in clients or name in clients for name in names):
                assert where.startswith(allowed), where


def test_a_guarded_call_raises_unless_the_door_is_open() -> None:
    @side_effect
    def act() -> str:
        return "acted"

    with pytest.raises(CadenceError) as refused:
        act()
    assert refused.value.code == "door.closed"
    with effects_allowed():
        assert act() == "acted"
