"""Settings of test runners and CI tools that decide what runs and what a failure means, as one table.

A row names the files of a tool, the path of a key in them and the direction in which it weakens. Keys are compared in
lower case with underscores, joined by dots (`coverageThreshold.global.lines` is `coverage_threshold.global.lines`).
Another tool is another row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum


class Direction(Enum):
    """In which direction a setting asks for less."""

    GROWS = "a list of what is left out grows"
    SHRINKS = "a list of what is run gets shorter"
    FALLS = "a number falls"
    RISES = "a number rises"
    OFF = "a switch that makes failures count goes off"
    ON = "a switch that drops failures or tests goes on"
    APPEARS = "a key or text that narrows what runs appears"
    FLAGS = "command line flags that select less appear"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """`files` is searched in the path, `key` in the key's path; `code` is what a finding says."""

    tool: str
    files: re.Pattern[str]
    key: re.Pattern[str]
    direction: Direction
    code: str
    stated: bool = False
    """Only a value that both sides state is compared."""


def _rows(tool: str, files: str, *keys: tuple[str, Direction, str], under: str = "") -> tuple[SettingRow, ...]:
    """`under`: the first key of the path, for a file that holds the settings of several tools."""
    where, start = re.compile(files), rf"^(?:{under})\.(?:.*\.)?" if under else r"(?:^|\.)"
    return tuple(SettingRow(tool, where, re.compile(rf"{start}(?:{key})$"), way, code) for key, way, code in keys)


def _stated(tool: str, *keys: tuple[str, Direction, str]) -> tuple[SettingRow, ...]:
    return tuple(replace(row, stated=True) for row in _rows(tool, "", *keys))


_FAILURE, _NARROWED, _LIMIT, _STRICT = "ci.failure_ignored", "ci.tests_narrowed", "ci.threshold", "ci.lint_relaxed"
_ON, _OFF, _GROWS, _SHRINKS = Direction.ON, Direction.OFF, Direction.GROWS, Direction.SHRINKS
_FALLS, _RISES, _APPEARS, _FLAGS = Direction.FALLS, Direction.RISES, Direction.APPEARS, Direction.FLAGS

_JEST = (
    (r"test_match|test_regex|roots|projects|collect_coverage_from", _SHRINKS, _NARROWED),
    (r"test_path_ignore_patterns|module_path_ignore_patterns|coverage_path_ignore_patterns", _GROWS, _NARROWED),
    (r"coverage_threshold(?:\.[^.]+)*\.(?:lines|branches|functions|statements)", _FALLS, _LIMIT),
    (r"pass_with_no_tests|only_changed|force_exit_zero", _ON, _FAILURE),
    (r"test_failure_exit_code", _FALLS, _FAILURE),
    (r"collect_coverage|error_on_deprecated", _OFF, _STRICT),
    (r"test_name_pattern|filter|only_failures", _APPEARS, _NARROWED),
)
_MOCHA = (
    (r"spec|files|include|test_regex", _SHRINKS, _NARROWED),
    (r"ignore|exclude|ignored_by_watcher", _GROWS, _NARROWED),
    (r"grep|fgrep|g|f", _APPEARS, _NARROWED),
    (r"forbid_only|forbid_pending|fail_zero|check_leaks|fail_without_assertions|check_coverage", _OFF, _STRICT),
    (r"dry_run|invert|allow_uncaught|pass_on_failing_test_suite|allow_empty_coverage|allow_incomplete_coverage"
     r"|disable_coverage", _ON, _FAILURE),
    (r"retries", _RISES, _LIMIT),
    (r"retries", _APPEARS, _LIMIT),
    (r"lines|branches|functions|statements", _FALLS, _LIMIT),
)  # fmt: skip
"""Of mocha, AVA, tap, nyc and c8, which each have a file of their own or a key of package.json."""

TABLE: tuple[SettingRow, ...] = (
    # https://maven.apache.org/surefire/maven-surefire-plugin/test-mojo.html
    *_rows("maven", r"(?:^|/)(?:pom\.xml|maven\.config|jvm\.config|settings\.xml)$",
           (r"maven_test_failure_ignore|test_failure_ignore|test_error_ignore|fail_never"
            r"|maven_test_error_ignore", _ON, _FAILURE),
           (r"maven_test_skip(?:_exec)?|skip_tests|skip_its|skip_i_ts|skip_exec|skip_unit_tests|skip_integration_tests"
            r"|(?:surefire|failsafe|jacoco|checkstyle|pmd|spotbugs|cpd|enforcer|animal_sniffer|revapi|japicmp"
            r"|spotless_check|license|rat|dependency_check|pitest|git_code_format)_skip|plugin\.configuration\.skip"
            r"|execution\.configuration\.skip", _ON, _NARROWED),
           (r"configuration\.excludes\.exclude|exclude_junit5_engines\.\w+|excluded_groups|excludes_file"
            r"|exclude_categories", _GROWS, _NARROWED),
           (r"configuration\.includes\.include|include_junit5_engines\.\w+", _SHRINKS, _NARROWED),
           (r"configuration\.(?:test|groups|included_groups|includes_file)|it_test", _APPEARS, _NARROWED),
           (r"fail_if_no_(?:tests|specified_tests)|halt_on_failure|fail_on_(?:error|violation|warning|missing_report"
            r"|flake_count)|fails_on_error|fail_build_on_cvss|fail_fast_on_error|print_failing_errors", _OFF, _STRICT),
           (r"rerun_failing_tests_count", _APPEARS, _LIMIT),
           (r"rerun_failing_tests_count|max_allowed_violations|skip_after_failure_count", _RISES, _LIMIT),
           (r"limit\.minimum|mutation_threshold|coverage_threshold|line_rate|branch_rate"
            r"|total_line_rate", _FALLS, _LIMIT),
           (r"modules\.module", _SHRINKS, _NARROWED),
           (r"^d?(?:maven_config|jvm_config)", _FLAGS, _NARROWED)),
    # https://docs.gradle.org/current/dsl/org.gradle.api.tasks.testing.Test.html
    *_rows("gradle", r"(?:\.gradle(?:\.kts)?|(?:^|/)gradle\.properties)$",
           (r"(?:is_|set_)?ignore_failures|ignore_test_failures|continue_on_failure", _ON, _FAILURE),
           (r"(?:\w*test\w*|check|jacoco\w*|detekt|ktlint|checkstyle\w*|pmd\w*|spotbugs\w*"
            r"|spotless\w*)(?:\.\w+)*\.(?:is_)?enabled", _OFF, _NARROWED),
           (r"fail_on_no_(?:discovered|matching)_tests|fail_on_violation|is_?fail_on_\w+|halt_on_failure"
            r"|all_rules", _OFF, _STRICT),
           (r"(?:\w*test\w*|tasks|filter|use_junit_platform|subprojects|allprojects)(?:\.\w+)*\.(?:exclude"
            r"|exclude_tags|exclude_tests_matching|exclude_test\w*|exclude_engines|exclude_categories|exclude_groups)"
            r"|exclude_tests_matching", _GROWS, _NARROWED),
           (r"(?:filter\.)(?:include_tests_matching|include_test)|(?:use_junit_platform"
            r"|use_test_ng)(?:\.\w+)*\.(?:include_tags|include_groups|include_engines)"
            r"|\w*test\w*\.include", _APPEARS, _NARROWED),
           (r"(?:\w*test\w*|check|jacoco\w*)(?:\.\w+)*\.only_if|depends_on_remove"
            r"|\w+_exclude_task_names\w*", _APPEARS, "ci.condition"),
           (r"(?:minimum|min_?bound|minimum_line_coverage|minvalue|min_value)", _FALLS, _LIMIT),
           (r"(?:test_?)?retry\.max_retries", _APPEARS, _LIMIT),
           (r"max_(?:warnings|errors|failures|issues|retries)|(?:test_?)?retry\.max_\w+", _RISES, _LIMIT),
           (r"include", _SHRINKS, "ci.job_removed")),
    # https://jestjs.io/docs/configuration
    *_rows("jest", r"(?:^|/)jest[\w.-]*\.(?:[cm]?[jt]s|json)$", *_JEST),
    *_rows("jest", r"(?:^|/)package\.json$", *_JEST, under="jest"),
    # https://vitest.dev/config/
    *_rows("vitest", r"(?:^|/)(?:vitest|vite)[\w.-]*\.[cm]?[jt]s$",
           (r"test(?:\.\w+)*\.(?:include|projects|dir)|coverage\.include|workspace", _SHRINKS, _NARROWED),
           (r"test(?:\.\w+)*\.exclude|coverage\.exclude|coverage_exclude", _GROWS, _NARROWED),
           (r"(?:coverage|thresholds?)(?:\.[^.]+)*\.(?:lines|branches|functions|statements)", _FALLS, _LIMIT),
           (r"pass_with_no_tests|dangerously_ignore_unhandled_errors|ignore_source_errors|allow_only", _ON, _FAILURE),
           (r"(?:typecheck|coverage)\.enabled|check_coverage", _OFF, _STRICT),
           (r"test(?:\.\w+)*\.retry", _RISES, _LIMIT),
           (r"test(?:\.\w+)*\.retry", _APPEARS, _LIMIT),
           (r"test\.test_name_pattern|test\.changed", _APPEARS, _NARROWED)),
    # https://playwright.dev/docs/api/class-testconfig
    *_rows("playwright", r"(?:^|/)(?:playwright|cypress|wdio)[\w.-]*\.[cm]?[jt]s(?:on)?$",
           (r"test_match|projects\.(?:name|test_match)|specs?|e2e\.spec_pattern|spec_pattern"
            r"|browsers", _SHRINKS, _NARROWED),
           (r"test_ignore|exclude_spec_pattern|exclude", _GROWS, _NARROWED),
           (r"grep|grep_invert|test_dir_filter", _APPEARS, _NARROWED),
           (r"forbid_only|fail_on_flaky_tests", _OFF, _STRICT),
           (r"ignore_snapshots|pass_with_no_tests", _ON, _FAILURE),
           (r"retries|max_diff_pixels|max_diff_pixel_ratio|threshold|run_mode", _RISES, _LIMIT)),
    # https://mochajs.org/#configuring-mocha-nodejs
    *_rows("mocha", r"(?:^|/)(?:\.mocharc\.\w+|mocha\.opts|\.taprc|karma[\w.-]*\.[jt]s|ava\.config\.\w+"
           r"|\.?c8rc(?:\.json)?|\.nycrc(?:\.\w+)?)$", *_MOCHA),
    *_rows("mocha", r"(?:^|/)package\.json$", *_MOCHA, under="mocha|ava|tap|nyc|c8"),
    # https://docs.pytest.org/en/stable/reference/reference.html#configuration-options
    *_rows("pytest", r"(?:^|/)(?:\.?pytest\.(?:ini|toml)|pyproject\.toml|tox\.ini|setup\.cfg)$",
           (r"(?:ini_options|pytest|tool:pytest)\.(?:testpaths|python_files|python_classes|python_functions"
            r"|required_plugins|usefixtures)", _SHRINKS, _NARROWED),
           (r"(?:ini_options|pytest|tool:pytest)\.(?:norecursedirs|collect_ignore\w*)", _GROWS, _NARROWED),
           (r"(?:ini_options|pytest|tool:pytest)\.addopts", _FLAGS, _NARROWED),
           (r"(?:ini_options|pytest|tool:pytest)\.(?:xfail_strict|strict\w*|faulthandler_\w+_fail"
            r"|asyncio_mode_auto)", _OFF, _STRICT),
           (r"(?:ini_options|pytest|tool:pytest)\.(?:reruns|flaky_\w+)", _RISES, _LIMIT)),
    # https://coverage.readthedocs.io/en/latest/config.html#run-source
    *_rows("coverage", r"(?:^|/)(?:\.coveragerc|coverage\.toml|pyproject\.toml|setup\.cfg|tox\.ini)$",
           (r"(?:coverage:)?run\.source(?:_pkgs|_dirs)?", _SHRINKS, "ci.lint_ignored")),
    # https://tox.wiki/en/latest/config.html, https://nox.thea.codes/en/stable/config.html
    *_rows("tox and nox", r"(?:^|/)(?:tox\.(?:ini|toml)|setup\.cfg|pyproject\.toml|noxfile\.py)$",
           (r"(?:tox\.)?(?:envlist|env_list)|nox_options_sessions|nox_options_keywords|gh_actions\.python"
            r"|tox\.requires_envs", _SHRINKS, _NARROWED),
           (r"(?:testenv[^.]*|env_run_base|env\.\w+)\.(?:ignore_outcome|ignore_errors)|skip_missing_interpreters"
            r"|nox_options_error_on_missing_interpreters_off", _ON, _FAILURE),
           (r"nox_options_(?:error_on_missing_interpreters|error_on_external_run|stop_on_first_error)", _OFF, _STRICT),
           (r"(?:testenv[^.]*|env_run_base|env\.\w+)\.platform", _APPEARS, "ci.condition"),
           (r"(?:setenv|set_env|pass_env_value)\.?(?:pytest_addopts)?", _FLAGS, _NARROWED)),
    # https://doc.rust-lang.org/cargo/reference/cargo-targets.html, https://nexte.st/docs/configuration/
    *_rows("cargo", r"(?:^|/)(?:Cargo\.toml|\.?config/nextest\.toml|nextest\.toml|\.cargo/config(?:\.toml)?)$",
           (r"(?:lib|bin|test|bench|example)\.(?:test|doctest|harness)|package\.autotests|autotests"
            r"|profile\.\w+\.(?:debug_assertions|overflow_checks)", _OFF, _NARROWED),
           (r"workspace\.(?:members|default_members)", _SHRINKS, _NARROWED),
           (r"workspace\.exclude", _GROWS, _NARROWED),
           (r"profile\.[\w-]+\.default_filter|test\.required_features", _APPEARS, _NARROWED),
           (r"profile\.[\w-]+\.retries(?:\.count)?", _RISES, _LIMIT),
           (r"(?:build|target\.[^.]+)\.rustflags", _SHRINKS, _STRICT)),
    # https://golangci-lint.run/docs/configuration/file/
    *_rows("golangci-lint", r"(?:^|/)\.golangci\.(?:ya?ml|toml|json)$",
           (r"run\.(?:tests)", _OFF, _NARROWED),
           (r"run\.issues_exit_code", _FALLS, _FAILURE),
           (r"issues\.new|issues\.whole_files_off|run\.allow_parallel_skip", _ON, _STRICT),
           (r"issues\.(?:new_from_rev|new_from_patch|new_from_merge_base)", _APPEARS, _STRICT),
           (r"run\.(?:skip_dirs|skip_files)|(?:linters|issues|formatters)\.exclusions?\.(?:paths|presets|rules\.\w+)"
            r"|issues\.exclude_rules\.\w+|issues\.(?:exclude_dirs|exclude_files|exclude)", _GROWS, "ci.lint_ignored"),
           (r"issues\.max_(?:issues_per_linter|same_issues)", _FALLS, _STRICT)),
    # https://rspec.info/features/3-13/rspec-core/configuration/read-options-from-file/
    *_rows("rspec", r"(?:^|/)\.rspec(?:-local)?$", (r"flags", _FLAGS, _NARROWED)),
    # https://ruby.github.io/rake/Rake/TestTask.html
    *_rows("rake", r"(?:^|/)Rakefile$", (r"\w+_(?:pattern|test_files)", _SHRINKS, _NARROWED)),
    *_rows("make", r"(?:^|/)(?:GNUm|[Mm])akefile$|\.mk$",
           (r"\.?(?:ignore)", _APPEARS, _FAILURE), (r"makeflags|gnumakeflags", _FLAGS, _FAILURE),
           (r"(?:pytest_addopts|pytest_args|pytest_opts|pytest_flags|testflags|test_flags|test_args|testargs|goflags"
            r"|gotestflags|go_test_flags|cargo_test_flags|mvn_opts|jest_opts)", _FLAGS, _NARROWED)),
    # Environment variables that test runners read, in any pipeline
    *_rows("environment", r"\.ya?ml$|(?:^|/)(?:tox\.ini|\.env(?:\.\w+)?|Dockerfile)$",
           (r"(?:env|environment|variables|setenv|vars)\.(?:pytest_addopts|goflags|maven_opts|maven_args"
            r"|maven_cli_opts|gradle_opts|spec_opts|testopts|cargo_test_args|jest_args|java_tool_options|toxenv"
            r"|tox_testenv_passenv|makeflags)", _FLAGS, _NARROWED),
           (r"(?:env|environment|variables|setenv|vars)\.(?:pythonoptimize|skip_tests?|no_tests?|ci_skip\w*"
            r"|skip_\w*tests?|mavenskip\w*|pip_no_test)", _ON, _NARROWED),
           (r"(?:env|environment|variables|setenv|vars)\.(?:rustflags|rustdocflags|cflags|cxxflags|pythonwarnings"
            r"|perl5opt|node_options)", _SHRINKS, _STRICT),
           (r"(?:env|environment|variables)\.skip", _GROWS, "ci.lint_ignored")),
    # https://cmake.org/cmake/help/latest/command/add_test.html
    *_rows("ctest", r"(?:^|/)(?:CMakeLists\.txt|CTestCustom\.cmake)$",
           (r"will_fail|disabled", _ON, _FAILURE), (r"build_testing", _OFF, _NARROWED),
           (r"ctest_custom_tests_ignore", _GROWS, _NARROWED)),
    # https://docs.codecov.com/docs/commit-status
    *_rows("codecov", r"(?:^|/)\.?codecov\.ya?ml$",
           (r"informational|if_not_found_success|carryforward_only", _ON, _FAILURE),
           (r"threshold", _APPEARS, _LIMIT)),
    # Keys that linters and coverage tools share, in whatever file they are; only what the base states is compared,
    # since a key that appears or goes may be one that was written elsewhere.
    *_rows("linter", r"",
           (
               r"(?:cov_)?fail_under|minimum_coverage|coveragethreshold", _FALLS, _LIMIT)),
    *_stated("linter",
           (r"fail_?on|min(?:imum)?_?coverage|minimum|target|branches|functions|lines|statements|per_file"
            r"|coverage_threshold|minimum_?score|score_?threshold|min_?score|break|mutation_?threshold"
            r"|(?:min_?)?covered_?ratio|ratchet\w*|instruction|line_coverage|branch_coverage", _FALLS, _LIMIT),
           (r"max_(?!parallel|supported|python|version|line_?len_?doc|workers|retries|old_?space|jobs|procs|iterations"
            r"|concurrency|attempts)\w+|maximum\w*|max|threshold|line_?length|\w*complexity\w*|cyclop|gocyclo|funlen"
            r"|gocognit|lll|line_?limit|size_?limit|limit|budget|maxwarnings|minimum_?alert_?level"
            r"|if_error_threshold", _RISES, _LIMIT),
           (r"strict\w*|warn_(?!unused_configs)\w+|disallow_\w+|no_?implicit_?\w+|check_untyped_defs|extra_checks"
            r"|xfail_strict|fail_on_\w+|fail_?ci_?if_?error|branch|error_on_\w+|no_?unused\w+|no_?unchecked\w+"
            r"|fails?_?on_?error|fail_?on_?violations?|warnings_?as_?errors|all_?warnings_?as_?errors|check_?coverage"
            r"|require_ci_to_pass|enabled|check_?js|break_?build|violation_?fail\w*|parallel_coverage|enforce\w*"
            r"|exact_?optional\w*|use_unknown_in_catch\w*|report_unused_\w+|error_?summary", _OFF, _STRICT),
           (r"ignore_?(?:errors|missing_imports|outcome|failures?|test_?failures?)|informational|skip_?lib_?check"
            r"|continue_on_error|allow_failure|follow_untyped|implicit_reexport|allow_(?:untyped|redefinition|any)\w*"
            r"|test_?failure_?ignore|skip_?tests|skip_?its|skip_?i_?ts|only_new_issues|new|pass_?with_?no_?tests"
            r"|exit_zero|fix_only|skip|disabled?|allow_empty|soft_fail|if_ci_failed_success"
            r"|disable_\w+", _ON, _STRICT)),
)  # fmt: skip
"""The rows of a tool come first: what one of them finds, the shared keys do not find again."""


@dataclass(frozen=True, slots=True)
class TextRow:
    """A file of commands or code: `pattern` is looked for in each of its lines, and more hits than before weaken."""

    tool: str
    files: re.Pattern[str]
    pattern: re.Pattern[str]
    code: str
    says: str
    gone: bool = False
    """What weakens is that there are fewer hits than before."""


def _text(tool: str, files: str, pattern: str, code: str, says: str, gone: bool = False) -> TextRow:
    return TextRow(tool, re.compile(files), re.compile(pattern), code, says, gone)


TEXTS: tuple[TextRow, ...] = (
    #
    # https://www.jenkins.io/doc/pipeline/steps/workflow-basic-steps/#catcherror-catch-error-and-set-build-result-to-failure
    _text("jenkins", r"(?:^|/)Jenkinsfile|\.jenkinsfile$", 
        r"\bcatchError\b(?!.*buildResult:\s*['\"]FAILURE)|\bwarnError\b|returnStatus:\s*true|currentBuild\.(?:result"
        r"|currentResult)\s*=\s*['\"](?:SUCCESS|UNSTABLE)|\bunstable\s*\(|propagate:\s*false"
        r"|\bcatch\s*\(", _FAILURE, "a failure no longer fails the build"),
    _text("jenkins", r"(?:^|/)Jenkinsfile|\.jenkinsfile$", 
        r"allowEmptyResults:\s*true|skipMarkingBuildUnstable:\s*true|(?:un(?:stable|healthy)"
        r"|failed)\w*Threshold", _FAILURE, 
        "missing or failed tests no longer fail the build"),
    _text("jenkins", r"(?:^|/)Jenkinsfile|\.jenkinsfile$", 
        r"\bwhen\s*\{|\bexpression\s*\{|\bif\s*\((?!.*fail)|-DskipTests|\binput\s*\("
        r"|\binput\s+['\"]", "ci.condition", "a stage runs only under a condition"),
    _text("nox", r"(?:^|/)noxfile\.py$", r"^\s*except\b|\bsuppress\(", _FAILURE, "a failure of a session is caught"),
    _text("nox", r"(?:^|/)noxfile\.py$", r"^nox\.options\.(?:sessions|keywords|tags)\s*=", _NARROWED,
          "fewer sessions run by default"),
    _text("nox", r"(?:^|/)noxfile\.py$", r"success_codes\s*=\s*(?:\[|range)", _FAILURE,
    "other exit codes count as success"),
    _text("nox", r"(?:^|/)noxfile\.py$", 
        r"\bsession\.skip\(|\bdefault\s*=\s*False|(?:^|\s)if\b.*:\s*return$", "ci.condition", 
        "a session is skipped or runs only when asked for"),
    _text("make", r"(?:^|/)(?:GNUm|[Mm])akefile$|\.mk$", 
        r"^\.IGNORE\b|^\s*(?:MAKEFLAGS\s*[+:?]?=|[@+]?\$[({]MAKE[)}]\s).*(?:-i\b|-k\b|--ignore-errors"
        r"|--keep-going)", _FAILURE, "make goes on after a failure"),
    _text("ctest", r"(?:^|/)CMakeLists\.txt$", 
        r"\bWILL_FAIL\b|\bDISABLED\s+(?:TRUE|ON|1)\b|\bSKIP_RETURN_CODE\b"
        r"|\bSKIP_REGULAR_EXPRESSION\b", _FAILURE, "a test may fail or is disabled"),
    # https://cmake.org/cmake/help/latest/command/enable_testing.html
    _text("ctest", r"(?:^|/)CMakeLists\.txt$", r"\badd_test\s*\(|\b(?:gtest|catch|doctest)_discover_tests\s*\("
          r"|\benable_testing\s*\(|\boption\s*\(\s*BUILD_TESTING\b.*\bON\b", _NARROWED,
          "a test is no longer run", True),
    _text("compiler", r"(?:^|/)(?:CMakeLists\.txt|(?:GNUm|[Mm])akefile|meson\.build)$", r"-Werror\b|/WX\b", _STRICT,
          "warnings are no longer errors", True),
    # https://maven.apache.org/surefire/maven-failsafe-plugin/verify-mojo.html
    _text("maven", r"(?:^|/)pom\.xml$", r"<goal>\s*(?:verify|check|test|integration-test)\s*</goal>", _FAILURE,
          "a goal that checks is no longer run", True),
    # https://maven.apache.org/guides/mini/guide-configuring-plugins.html: a phase without a meaning runs nothing.
    _text("maven", r"(?:^|/)pom\.xml$", r"<phase>\s*(?:none|never|skip|off)?\s*</phase>", _NARROWED,
          "an execution is bound to no phase"),
    _text("gradle", r"\.gradle(?:\.kts)?$", r"\bcheck\b.*\bdependsOn\b(?!\.remove)", _NARROWED,
          "`check` no longer runs a task", True),
    # https://www.gnu.org/software/bash/manual/bash.html#The-Set-Builtin
    _text("shell", r"\.sh$|(?:^|/)\.?ci/|(?:^|/)scripts?/[\w-]+$",
          r"^\s*set\s+-\w*e|^\s*set\s+-o\s+errexit|^#!.*\s-\w*e",
          _FAILURE, "the script goes on after a failure", True),
    _text("shell", r"\.sh$|(?:^|/)\.?ci/|(?:^|/)scripts?/[\w-]+$", r"^\s*trap\b.*\bexit\s+0", _FAILURE,
          "the exit code no longer reports failures"),
    _text("rspec", r"(?:^|/)Rakefile$", 
        r"fail_on_error\s*=\s*false|\.exclude_pattern\s*=|\bexclude_pattern\b", _FAILURE,
        "failures or files are left out"),
    _text("gradle", r"\.gradle(?:\.kts)?$", 
        r"\btasks?\b.*\btest\b.*\benabled\s*=\s*false|\bdependsOn\.remove|\bexcludedTaskNames"
        r"|\benabled\s*=\s*false\s*//|onlyIf\s*\{\s*false", _NARROWED, "a task of checks is left out"),
)  # fmt: skip
"""What has no key: lines of scripts and build files."""
