"""Hooks of test runners as a table: code beside the tests that decides which run and what becomes of failures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.syntax.languages import language_of
from bot.syntax.trees import COMMENTS, parse, source, walk
from bot.weakening.files import FilePair
from bot.weakening.model import WeakeningFinding
from bot.weakening.paths import is_test_path


@dataclass(frozen=True, slots=True)
class HookRow:
    """`where`: the name of the function that is the hook, empty for any place; `acts`: what weakens; `says`: why."""

    languages: tuple[str, ...]
    where: re.Pattern[str] | None
    acts: re.Pattern[str]
    says: str


def _row(languages: str, where: str, acts: str, says: str) -> HookRow:
    return HookRow(tuple(languages.split()), re.compile(where) if where else None, re.compile(acts), says)


_SCRIPTS = "javascript typescript tsx"
HOOKS = (
    # https://docs.pytest.org/en/stable/reference/reference.html#hooks
    _row("python", 
        r"^pytest_(?:collection_modifyitems|itemcollected|runtest_setup|runtest_call|runtest_protocol|pyfunc_call"
        r"|pycollect_makeitem|generate_tests|collectstart|collection_finish)$",
         r"\b(?:skip|xfail)\w*|\bitems\[:\]\s*=|\bitems\.(?:clear|remove|pop)\(|\bdel\s+items\b|\bdeselect"
         r"|\breturn\s+(?:True|\[\])|\bparametrize\([^)]*,\s*(?:\[\]|\(\))|\bsuppress\(|except[^\n]*:\s*\n\s+(?:pass|return)|\.obj\s*=|\.runtest\s*=",
         "a collection hook skips or drops tests"),
    _row("python", 
        r"^pytest_(?:ignore_collect|collect_file|collect_directory)$", r"\breturn\b(?!\s+(?:None|False)\b)",
        "a collection hook leaves files out"),
    _row("python", 
        r"^pytest_(?:runtest_makereport|runtest_logreport|report_teststatus|exception_interact"
        r"|report_from_serializable|runtest_logfinish)$",
         r"\.(?:outcome|wasxfail|passed|failed|longrepr)\s*=(?!=)|\bexcinfo\s*=\s*None|force_result\("
         r"|return\s+[\"(]+passed|\"passed\"|'passed'", "a report hook changes results"),
    _row("python", 
        r"^pytest_(?:sessionfinish|unconfigure|terminal_summary|cmdline_main|runtestloop|sessionstart|configure)$",
         r"\bexitstatus\s*=|\bos\._exit\(|\bsys\.exit\(\s*(?:0|\))|testsfailed\s*=|\breturn\s+(?:0|True"
         r"|ExitCode\.OK)\b|\.testsfailed\b|addopts|option\.(?:keyword|markexpr|deselect|ignore\w*|collectonly)\s*="
         r"|pytest\.exit\([^)]*(?:returncode\s*=\s*)?0\)", 
             "a session hook changes the exit code or the selection"),
    _row("python", r"^pytest_load_initial_conftests$", r"\bargs(?:\[|\.(?:append|extend|insert)\(|\s*\+=)",
        "a hook adds options to the command line"),
    # https://github.com/pytest-dev/pytest-rerunfailures#re-run-individual-failures
    _row("python", "", r"^\s*@(?:pytest\.mark\.)?flaky\b", "a test that fails is run again"),
    _row("python", r"^load_tests$", r"\breturn\b", "`load_tests` chooses the tests"),
    _row("python", r"^autouse$", 
        r"\bpytest\.(?:skip|xfail)\(|\.skipTest\(|add_marker\("
        r"|setattr\([^)]*(?:TestCase|\.assert\w|pytest\.(?:fail|raises))", "an automatic fixture skips tests"),
    _row("python", "", 
        r"^collect_ignore(?:_glob)?\b.*[\"']|^collect_ignore(?:_glob)?(?:\s*\+=|\.(?:append"
        r"|extend))", "pytest leaves files out"),
    _row("python", "", 
        r"\b\w*(?:TestCase|Test)\.(?:assert\w+|fail)\s*=(?!=)|\bsetattr\([^,]*TestCase[^,]*,\s*[\"'](?:assert|fail)"
        r"|\bpytest\.(?:raises|fail)\s*=(?!=)|atexit\.register\(.*_exit\(\s*0|^\s*os\._exit\(\s*0\s*\)"
        r"|\bpytest\.exit\([^)]*returncode\s*=\s*0|unittest\.main\([^)]*exit\s*=\s*False",
        "what makes tests fail is replaced"),
    # https://jestjs.io/docs/configuration, https://mochajs.org/#root-hook-plugins
    _row(_SCRIPTS, "", 
        r"\bprocess\.exit\(\s*0?\s*\)|\bprocess\.(?:reallyExit|exitCode)\s*(?:\(\s*0|=\s*0)"
        r"|\bprocess\.on\(\s*[\"'](?:exit|beforeExit|uncaughtException|unhandledRejection)"
        r"(?!.*(?:\bthrow\b|exit\(\s*1))|\bprocess\.exit\s*=(?!=)",
        "the exit code no longer reports failures"),
    _row(_SCRIPTS, "", 
        r"\b(?:global|globalThis|window)\.(?:it|test|describe|expect|xit)\s*=(?!=)|^\s*(?:it|test|describe"
        r"|expect)\s*=\s*|\.(?:currentTest|test)\.(?:state|err)\s*=|\bfailures\s*=\s*0|\bAssertionError\.prototype"
        r"|\bassert\.\w+\s*=\s*(?:\(|function)|\bjest\.mock\(\s*[\"'](?:expect|@jest/globals|node:assert|assert"
        r"|chai)[\"']"
        r"|\bexpect\.extend\(\{\s*(?:async\s+)?to(?:Be|Equal|StrictEqual|Match|Throw|Contain|HaveBeenCalled)\s*[(:]",
        "the runner's own functions are replaced"),
    # https://jestjs.io/docs/jest-object#jestretrytimesnumretries-options, https://mochajs.org/#retry-tests
    _row(_SCRIPTS, "", r"\bthis\.retries\(\s*[1-9]|\bjest\.retryTimes\(\s*[1-9]", "a test that fails is run again"),
    # https://rspec.info/documentation/3.13/rspec-core/RSpec/Core/Configuration.html
    _row("ruby", "", 
        r"\bexit!?\s*\(?\s*(?:0|true)\b|\bat_exit\b.*\bexit!?|^\s*exit!\s*$|failure_exit_code\s*=\s*0"
        r"|Minitest\.after_run\b.*\bexit", 
        "the exit code no longer reports failures"),
    _row("ruby", "", 
        r"\.(?:filter_run_excluding|filter_run_including|filter_run|exclusion_filter|inclusion_filter|exclude_pattern"
        r"|pattern)\b\s*(?:=|:|\(|\w)(?!.*when_matching)"
        r"|define_derived_metadata\b", "RSpec is told to leave examples out"),
    _row("ruby", "", 
        r"\bexample\.(?:skip|pending|exception|instance_variable_set|set_exception)\b|\.run\s+rescue\b"
        r"|\bdef\s+(?:assert|refute|flunk|expect)\b|(?:before|around|prepend_before)\b[^\n]*\{[^}\n]*\bskip\b"
        r"|(?m:config\.(?:before|around)\b[^\n]*do[^\n]*\n\s*skip\b)", 
        "a hook skips examples or drops their failures"),
    # https://pkg.go.dev/testing#hdr-Main
    _row("go", r"^TestMain$", 
        r"os\.Exit\(\s*0\s*\)|^(?![\s\S]*\.Run\(\))[\s\S]+|_\s*=\s*m\.Run\(\)", "`TestMain` drops the exit code"),
    _row("go", r"^init$", r"os\.Exit\(\s*0\s*\)|flag\.Set\(\s*\"test\.(?:run|skip|short)", "`init` changes what runs"),
    _row("java", "", r"\bSystem\.exit\(\s*0\s*\)|\bhalt\(\s*0\s*\)", "the exit code no longer reports failures"),
    _row("java", 
        r"^(?:handleTestExecutionException|interceptTestMethod|handleBeforeEach\w*|evaluateExecutionCondition)$", 
        r"^(?![\s\S]*\bthrow\b|[\s\S]*proceed\(\);\s*\})[\s\S]+|\.disabled\(", 
        "an extension drops failures or disables tests"),
    _row("rust", "", r"\bprocess::exit\(\s*0\s*\)", "the exit code no longer reports failures"),
    _row("bash", "", 
        r"^\s*trap\b.*\bexit\s+0|^\s*set\s+\+(?:e|o\s+(?:errexit|pipefail))|^\s*exit\s+0\s*$", 
        "the exit code no longer reports failures"),
    # https://en.cppreference.com/w/c/error/assert: with NDEBUG no assert is compiled.
    _row("c cpp", "", r"^\s*#\s*define\s+NDEBUG\b|^\s*GTEST_ALLOW_UNINSTANTIATED",
        "checks are compiled away or never run"),
    _row("c cpp", r"^main$", 
        r"(?<!return )(?<!= )(?<!\()RUN_ALL_TESTS\(\)\s*;|UNITY_END\(\)\s*;\s*\n\s*return\s+0|GTEST_FLAG\w*\(filter"
        r"|_exit\(\s*0|exit\(\s*0\s*\)", "`main` drops the result of the tests"),
)  # fmt: skip
"""Which code of each runner can weaken tests, and what it does then. Counted on both sides: more than before is new."""

_SUPPORT = re.compile(
    r"(?:^|/)(?:conftest\.py|(?:jest|vitest|mocha|karma|test|playwright|cypress"
    r"|global)[\w.-]*(?:setup|teardown|config|helper|env\w*)[\w.-]*\.[cm]?[jt]sx?"
    r"|setup-?[jJ]est\.\w+|setupTests?\.\w+|\.?mocharc\.\w+|(?:spec|rails|test)_helper\.rb"
    r"|sitecustomize\.py|noxfile\.py|run-?tests?[\w.-]*)$"
)


def hook_findings(pairs: Sequence[FilePair]) -> Iterator[WeakeningFinding]:
    """`tests.runner_hook`: what the change adds to hooks that can keep tests from running or from failing."""
    for pair in pairs:
        if pair.gone or not (is_test_path(pair.path) or _SUPPORT.search(pair.path)):
            continue
        language = language_of(pair.path)
        if language is None or pair.before == pair.after:
            continue
        for row in HOOKS:
            if language not in row.languages:
                continue
            before = [shown for shown, _ in _acts(row, pair.before, language)]
            for shown, line in _acts(row, pair.after, language):
                if shown in before:
                    before.remove(shown)
                    continue
                message = f"{row.says[0].upper()}{row.says[1:]}: {shown.strip()[:80]}."
                yield WeakeningFinding("tests.runner_hook", pair.path, line, message)
                break


def _acts(row: HookRow, text: str | None, language: str) -> Iterator[tuple[str, int]]:
    """(what the row's pattern found, its line) in the code of a file."""
    if text is None:
        return
    if row.where is None:
        # Most files hold none of these words, so the tree is only asked about those that do.
        hits = [(number, line) for number, line in enumerate(text.split("\n"), 1) if row.acts.search(line)]
        hidden = _not_code(text, language) if hits else frozenset()
        yield from ((" ".join(line.split()), number) for number, line in hits if number not in hidden)
        return
    for name, body, first in _functions(text, language):
        if row.where.search(name):
            for hit in row.acts.finditer(body):
                yield " ".join(hit[0].split())[:80], first + body.count("\n", 0, hit.start())
                if hit.end() == len(body):
                    break


@lru_cache(maxsize=8)
def _not_code(text: str, language: str) -> frozenset[int]:
    """The lines that lie wholly inside comments or strings of several lines."""
    root = parse(text, language)
    found: set[int] = set()
    for node in walk(root) if root is not None else ():
        first, last = node.start_point.row, node.end_point.row
        if node.type in COMMENTS or ("string" in node.type and last > first):
            found.update(range(first + 1 + (node.type not in COMMENTS), last + 2))
    return frozenset(found)


_FUNCTIONS = frozenset({"function_definition", "function_declaration", "method_declaration"})
_HOOK_NAME = re.compile("|".join(row.where.pattern.strip("^$") for row in HOOKS if row.where is not None))
"""Whether a text names any hook at all: walking the tree of every changed file would cost more than all the rest."""


@lru_cache(maxsize=8)
def _functions(text: str, language: str) -> tuple[tuple[str, str, int], ...]:
    """(name, text, line) of every function of a text that names a hook; an automatic fixture of pytest is called
    `autouse`."""
    root = parse(text, language) if _HOOK_NAME.search(text) else None
    found = []
    for node in walk(root) if root is not None else ():
        if node.type not in _FUNCTIONS:
            continue
        name = source(node.child_by_field_name("name")) or source(node.child_by_field_name("declarator")).split("(")[0]
        parent = node.parent
        if (
            parent is not None
            and parent.type == "decorated_definition"
            and re.search(r"fixture\([^)]*autouse\s*=\s*True", source(parent))
        ):
            name = "autouse"
        body = node.child_by_field_name("body")
        found.append((name, source(body), (body or node).start_point.row + 1))
    return tuple(found)
