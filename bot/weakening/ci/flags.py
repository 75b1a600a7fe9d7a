"""Flags of test runners and linters as tables: which of them select less, or let more pass."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOOL_NAMES = (
    r"py\.?test|nosetests|unittest|jest|vitest|mocha|ava|tap|playwright(?:\s+test)?|cypress(?:\s+run)?|rspec|minitest|phpunit|go\s+test|gotestsum|ginkgo"
    r"|cargo\s+(?:test|nextest\s+run|llvm-cov)|\.?/?mvnw?|\.?/?gradlew?|tox|nox|ctest|bats|make|npm\s+(?:run\s+)?test|yarn\s+(?:run\s+)?test|pnpm\s+(?:run\s+)?test|rake|bazel\s+test|dotnet\s+test|karma|deno\s+test|bun\s+test"
)
RUNNER = re.compile(rf"(?<![\w./-])(?:{_TOOL_NAMES})(?![\w-])")
"""A test runner in a command line."""
_VALUE = r"(?:=|\s+)(?:\"[^\"]*\"|'[^']*'|[^\s\"']+)"
_SELECTOR = re.compile(
    r"(?<![\w-])(?:"
    rf"-k{_VALUE}|-k\w[\w.]*|-m{_VALUE}(?<!unittest)(?<!pytest)|--ignore(?:-glob)?{_VALUE}|--deselect{_VALUE}|-p\s*no:\S+|--co(?:llect-only)?(?![\w-])|--lf(?![\w-])|--last-failed|--sw(?![\w-])|--stepwise|--setup-(?:only|plan)"
    rf"|--no-cov(?![\w-])|--reruns{_VALUE}|--maxfail=0|--exitstatus\S*|--suppress-no-test-exit-code|--suppress-tests-failed-exit-code|--testmon|--picked|-O(?![\w-])|-OO(?![\w-])"
    rf"|-run{_VALUE}|-skip{_VALUE}|-short(?![\w-])|-list{_VALUE}|--?skip{_VALUE}|--skip-\w+|--no-run|--lib(?![\w-])|--bins?(?![\w-])|--doc(?![\w-])|--test{_VALUE}|--exclude{_VALUE}|-E{_VALUE}|--exact(?![\w-])|--ignored(?![\w-])"
    rf"|-t{_VALUE}|--testNamePattern{_VALUE}|--testPathPatterns?{_VALUE}|--testPathIgnorePatterns?{_VALUE}|--only-?[cC]hanged|--onlyFailures|--listTests|--findRelatedTests|--passWithNoTests|--changed(?:Since)?\S*|--shard{_VALUE}|--bail=0|--dangerouslyIgnoreUnhandledErrors"
    rf"|-g{_VALUE}|--f?grep(?:-invert)?{_VALUE}|-gv{_VALUE}|--invert|--dry-run|--retries{_VALUE}|--project{_VALUE}|--list(?![\w-])|--ignore-snapshots|--spec{_VALUE}|--pass-on-failing-test-suite|--pass-with-no-tests|--allow-empty"
    rf"|--tag{_VALUE}|-e{_VALUE}|--example{_VALUE}|--pattern{_VALUE}|-P{_VALUE}|--exclude-pattern{_VALUE}|--only-failures|--next-failure|--failure-exit-code{_VALUE}|--error-exit-code{_VALUE}|--no-fail-fast-off|-n\s+/\S+"
    rf"|-D(?:maven\.test\.\w+|skip\w+|test|it\.test|groups|excludedGroups|surefire\.\w+|failsafe\.\w+|checkstyle\.skip|jacoco\.skip|[\w.]+\.skip|testFailureIgnore)(?:=\S+)?|-fn(?![\w-])|-fae(?![\w-])|--fail-never|--fail-at-end|-pl{_VALUE}|--projects{_VALUE}"
    rf"|-x\s+\w*(?:[tT]est|check|lint|[vV]erif|detekt|spotless)\w*|--exclude-task{_VALUE}|--tests{_VALUE}|--continue(?![\w-])|-PskipTests\S*|-PexcludeTags\S*"
    rf"|-i(?![\w-])|--ignore-errors|--keep-going|--label-exclude{_VALUE}|-L{_VALUE}|-LE{_VALUE}|-R{_VALUE}|--skip-missing-interpreters(?:\s+true)?|--test_tag_filters{_VALUE}|--test_filter{_VALUE}|--build_tests_only|--filter{_VALUE}|-f{_VALUE}|--version|--help"
    r")"
)
_MEANT = {
    "-k": r"test", "-m": r"test", "-p": r"py\.?test", "-t": r"jest|vitest|npm|yarn|pnpm|bun", "-g":
    r"mocha|playwright|npm|yarn|pnpm",
    "-e": r"rspec|tox|nox", "-E": r"nextest|ctest", "-P": r"rspec", "-n": r"minitest|ruby|rake", "-i": r"make",
    "-R": r"ctest",
    "-L": r"ctest", "-f": r"bats", "-O": r"python|PYTHON", "-x": r"gradle", "--list": r"playwright|test",
    "--project": r"playwright|vitest|jest",
    "--skip": r"cargo|test", "--exclude": r"cargo|vitest|mocha|test", "--filter": r"dotnet|bats|phpunit|nextest",
    "--continue": r"gradle",
    "--lib": r"cargo", "--bin": r"cargo", "--bins": r"cargo", "--doc": r"cargo", "--test": r"cargo", "--version":
    r"test|tox|jest|rspec|mocha", "--help": r"test|jest|rspec|mocha",
    "--tag": r"rspec|flags", "--pattern": r"rspec|flags", "--shard": r"jest|vitest|playwright", "--keep-going":
    r"make", "-short": r"go\s", "-run": r"go\s", "-skip": r"go\s", "-list": r"go\s",
    "--ignored": r"cargo", "--exact": r"cargo",
}  # fmt: skip
"""Flags that are a selection only after a command of some runners: what is looked for before the flag."""


@dataclass(frozen=True, slots=True)
class _ToolFlags:
    """Flags that only one tool has: after a command that `tool` finds, `flags` select less or forgive."""

    tool: re.Pattern[str]
    flags: re.Pattern[str]


def _tool(tool: str, flags: str) -> _ToolFlags:
    return _ToolFlags(re.compile(tool), re.compile(rf"(?<![\w-])(?:{flags})(?![\w-])"))


_OF_TOOL = (
    # https://docs.python.org/3/using/cmdline.html#cmdoption-O: no assert statement runs.
    _tool(r"\bpython[\d.]*\b", r"-OO?(?=\s.*(?:test|nose))"),
    _tool(r"py\.?test", rf"(?:-W|--pythonwarnings){_VALUE}(?<=ignore)|--no-doctest\S*"),
    _tool(r"test|jest|rspec|mocha", r"\$\(git\s+diff[^)]*\)"),
    _tool(r"\bunittest\b", rf"-k{_VALUE}"),
    _tool(r"\bgo\s+test|gotestsum", r"-c|-exec[=\s]+true|-n"),
    # https://doc.rust-lang.org/cargo/commands/cargo-test.html#package-selection
    _tool(r"\bcargo\s", rf"(?:-p|--package){_VALUE}|--retries{_VALUE}"),
    _tool(r"\bmvnw?\b", rf"-fn|-fae|-pl{_VALUE}|-P\s*['\"]?[!-][\w.'\"-]+"),
    _tool(r"\bgradlew?\b", r"-m|--dry-run"),
    _tool(r"\b(?:jest|vitest)\b", rf"-u|--update(?:Snapshot)?|--retry{_VALUE}"),
    _tool(r"\b(?:npm|yarn|pnpm)\b", r"--if-present"),
    _tool(r"\brake\b", r"-n|-P|-T|TEST=\S+|TESTOPTS=\S+|SPEC=\S+"),
    _tool(r"\bbats\b", rf"-c|--count|--filter-\w+{_VALUE}"),
    # https://cmake.org/cmake/help/latest/manual/ctest.1.html
    _tool(r"\bctest\b", rf"-N|--show-only\S*|--repeat{_VALUE}|--test-dir{_VALUE}(?=never)"),
    _tool(r"\S", rf"--gtest_(?:filter|list_tests|repeat)(?:{_VALUE})?"),
    _tool(r"\bmake\b", r"-n|-t|-q|--just-print|--touch|--question"),
    _tool(r"\btox\b", r"--notest|-l|--listenvs"),
    _tool(r"\bnox\b", rf"-s{_VALUE}|--sessions?{_VALUE}|-l|--list"),
    _tool(r"\bphpunit\b", rf"--exclude-group{_VALUE}|--group{_VALUE}|--testsuite{_VALUE}|--list-tests"),
)

_LOOSENS = (
    # https://golangci-lint.run/docs/configuration/cli/
    _tool(
        r"golangci-lint",
        rf"--issues-exit-code[=\s]0|--new(?:-from-\S+)?|--tests=false|--disable-all|--fast(?:-only)?"
        rf"|--skip-\w+{_VALUE}",
    ),
    _tool(r"\brubocop\b", rf"--fail-level{_VALUE}|--only{_VALUE}|--except{_VALUE}|--lint|--safe"),
    _tool(r"\bshellcheck\b", rf"(?:-S|--severity){_VALUE}(?<=error|rning)"),
    # https://docs.npmjs.com/cli/commands/npm-audit#audit-level
    _tool(r"\baudit\b", r"--audit-level[=\s](?:high|critical|none)|--omit[=\s]\w+"),
    _tool(r"\bmypy\b", r"--ignore-missing-imports|--follow-imports[=\s](?:skip|silent)|--allow-\S+|--no-strict-\w+"),
    _tool(r"\btsc\b", r"--skipLibCheck|--noCheck|--strict[=\s]false"),
    _tool(r"\b(?:bandit|semgrep|trivy)\b", rf"--severity-level{_VALUE}|--exit-code[=\s]0|--confidence-level{_VALUE}"),
)


def loosened(was: str, now: str) -> list[str]:
    """Flags of linters in `now` that let more pass, and that `was` had in no form."""
    return [
        hit[0]
        for row in _LOOSENS
        if row.tool.search(now)
        for hit in row.flags.finditer(now)
        if not row.flags.search(was)
    ]


def selectors(command: str) -> list[str]:
    """Flags with which a test runner runs less than everything, or forgives; the text may be flags alone."""
    found = []
    # `addopts` and `.rspec` hold flags without a command: any of them selects.
    alone = command.lstrip().startswith("-") or not re.search(r"\s", command.strip())
    for hit in _SELECTOR.finditer(command):
        flag = re.split(r"[=\s]", hit[0], maxsplit=1)[0]
        meant = _MEANT.get(flag if flag in _MEANT else flag[:2] if not flag.startswith("--") else flag)
        before = command[: hit.start()]
        # A plugin that only reports keeps every test: https://docs.pytest.org/en/stable/how-to/plugins.html#findpluginname
        if re.search(r"no:(?:cacheprovider|warnings|sugar|randomly|xdist|pastebin|nose|html|metadata)", hit[0]):
            continue
        if meant is None or alone or (RUNNER.search(before) and re.search(meant, before)):
            found.append(" ".join(hit[0].replace('"', "'").split()))
    for row in _OF_TOOL:
        tool = row.tool.search(command)
        for hit in row.flags.finditer(command, tool.end()) if tool else ():
            if hit[0] not in found:
                found.append(" ".join(hit[0].replace('"', "'").split()))
    return found


def targets_of(command: str) -> list[str]:
    """Paths and packages that a command gives to a test runner; empty where it runs all."""
    hit = RUNNER.search(command)
    if hit is None or re.search(r"mvnw?|gradlew?|make|tox|nox|rake|npm|yarn|pnpm|ctest", hit[0]):
        return []
    rest = re.split(r"\s(?:\||&&|;|\d?>|--(?=\s|$))", command[hit.end() :], maxsplit=1)[0]
    bare = re.sub(
        rf"(?<!\S)-{{1,2}}(?:k|m|c|n|p|o|run|timeout|junitxml|cov|cov-report|config|reporter|coverprofile|tags|count|parallel|durations|maxfail|tb){_VALUE}",
        " ",
        rest,
    )
    return [
        word.strip("\"'")
        for word in bare.split()
        if word != "discover" and not word.startswith(("-", "$", "{", "<", ">", "|"))
    ]
