"""Jobs and steps of any pipeline, and of the files whose commands pipelines run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.weakening.ci import conditions
from bot.weakening.ci.config import Config, is_pipeline
from bot.weakening.ci.scripts import plain, rake, sessions, targets, tasks, tox
from bot.weakening.ci.steps import Job, Step

_RUN_KEYS = (
    "run", "script", "bash", "powershell", "pwsh", "command", "commands", "inlineScript", "before_script",
    "after_success", "after_script", "test_script",
)  # fmt: skip
_NO_PIPEFAIL = r"^\.github/|azure|\.azure|travis|appveyor|drone|woodpecker|cirrus|buildkite|bitbucket|action\.ya?ml$"
"""CI whose default shell looks at the last command of a pipe only. GitHub: without `shell: bash` it is `bash -e {0}`,
https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell. GitLab's and
CircleCI's runners set pipefail."""
LENIENT_KEYS = (
    "continue-on-error", "continueOnError", "allow_failure", "ignore_outcome", "soft_fail", "ignore_errors",
)  # fmt: skip
"""With these a job or step may fail, in GitHub's, Azure's, GitLab's, tox's and Buildkite's words."""


def jobs(config: Config) -> list[Job]:
    """Every job of the file; a file of another kind has none."""
    name = config.path.rsplit("/", 1)[-1]
    if is_pipeline(config.path) or name in ("Taskfile.yml", "Taskfile.yaml"):
        found = list(_pipeline(config.path, config.data, ())) if config.data is not None else []
        return conditions.of_workflows(config, _gitlab(config, found) if "gitlab-ci" in config.path else found)
    if name == "package.json" and isinstance(config.data, dict):
        scripts = config.data.get("scripts")
        return (
            [plain(config.path, key, [str(value)]) for key, value in scripts.items()]
            if isinstance(scripts, dict)
            else []
        )
    if name in ("tox.ini", "setup.cfg") and isinstance(config.data, dict):
        return tox(config)
    if name in ("pyproject.toml", "hatch.toml", "tox.toml"):
        return tasks(config)
    if name == "Rakefile":
        return rake(config)
    if re.search(r"akefile$|[Jj]ustfile$", name):
        return targets(config)
    if name == "noxfile.py":
        return sessions(config)
    if re.search(r"\.sh$|(?:^|/)\.?ci/", config.path) or name == "Jenkinsfile":
        return [
            plain(
                config.path,
                name,
                [line.strip() for line in config.text.split("\n") if not line.strip().startswith(("#", "//"))],
            )
        ]
    return []


def _gitlab(config: Config, found: list[Job]) -> list[Job]:
    """Without the hidden jobs that no other one extends; the rules of the whole pipeline are those of each job."""
    workflow = config.data.get("workflow") if isinstance(config.data, dict) else None
    around = conditions.of_job(config.path, workflow) if isinstance(workflow, dict) else ""
    # https://docs.gitlab.com/ci/jobs/#hide-a-job: a name that begins with a dot is never run as such.
    shown = [job for job in found if not job.name.startswith(".") or config.text.count(job.name) > 1]
    for job in shown:
        job.condition = "&&".join(one for one in (around, job.condition) if one)
    return shown


def _pipeline(path: str, node: Any, keys: tuple[str, ...]) -> Iterator[Job]:
    """Every mapping that holds steps or a script is a job; what it holds is not looked at for further ones."""
    if isinstance(node, dict):
        if any(key in node for key in ("steps", *_RUN_KEYS)):
            yield _job(path, node, keys)
            node = {key: value for key, value in node.items() if key in ("jobs", "matrix", "stages")}
        elif isinstance(node.get("uses"), str) and keys[:1] == ("jobs",):
            yield Job(path, keys[-1], [Step((), uses=str(node["uses"]).partition("@")[0])])
            return
        for key, value in node.items():
            yield from _pipeline(path, value, (*keys, str(key)))
    elif isinstance(node, list):
        for number, value in enumerate(node):
            label = (
                str(value.get("job") or value.get("stage") or value.get("name") or number)
                if isinstance(value, dict)
                else str(number)
            )
            yield from _pipeline(path, value, (*keys, label))


def _job(path: str, node: dict[str, Any], keys: tuple[str, ...]) -> Job:
    needs = node.get("needs", node.get("dependsOn", ()))
    job = Job(
        path,
        keys[-1] if keys else path.rsplit("/", 1)[-1],
        lenient=_lenient(node),
        off=_off(node),
        condition=conditions.of_job(path, node),
        needs=tuple(map(str, needs)) if isinstance(needs, list) else (str(needs),) if isinstance(needs, str) else (),
        pipefail=not re.search(_NO_PIPEFAIL, path),
    )
    own = {key: node[key] for key in _RUN_KEYS if key in node}
    for key, value in own.items():
        # https://docs.gitlab.com/ci/yaml/#after_script: its exit code does not count.
        job.steps += [Step((line,), lenient=key == "after_script") for line in _lines(value)]
    steps = node.get("steps")
    for step in steps if isinstance(steps, list) else []:
        job.steps += list(_steps(step))
    strategy = node.get("strategy")
    matrix = strategy.get("matrix") if isinstance(strategy, dict) else node.get("matrix")
    if isinstance(matrix, dict):
        _matrix(job, matrix)
    return job


_IMPLEMENTATION = re.compile(
    r"(?<![a-z])(pypy|jruby|truffleruby|graalpy|graalvm|osx|macos|windows)(?![a-z])", re.IGNORECASE
)


def implementations(value: str) -> list[str]:
    """Implementations of a language, and systems, that a value of a matrix names: more than another version."""
    return [name.lower().replace("osx", "macos") for name in _IMPLEMENTATION.findall(value)]


def _matrix(job: Job, matrix: dict[str, Any]) -> None:
    # What is excluded is not run, so it names no implementation.
    named = {key: value for key, value in matrix.items() if key != "exclude"}
    job.matrix["implementation"] = [name for value in map(str, _leaves(named)) for name in implementations(value)]
    for key, values in matrix.items():
        if key == "exclude" and isinstance(values, list):
            job.excluded = [tuple(map(str, _leaves(one))) for one in values]
        elif isinstance(values, list) and key != "include":
            job.matrix[str(key)] = [" ".join(map(str, _leaves(one))) for one in values]
        elif key == "include" and isinstance(values, list):
            for one in values:
                for name, value in one.items() if isinstance(one, dict) else ():
                    if str(name) in ("os", "runs-on", "platform", "image", "target", "arch"):
                        job.matrix.setdefault(str(name), []).append(str(value))


def _leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _leaves(value)
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(value)
    else:
        yield node


def _steps(node: Any) -> Iterator[Step]:
    if isinstance(node, str):
        yield Step((), uses=node)
        return
    if not isinstance(node, dict):
        return
    if "uses" in node:
        # `owner/action@v1`: another version is the same action.
        name, _, pin = str(node["uses"]).partition("@")
        extra = (
            tuple(f"{key} {value}" for key, value in (node.get("with") or {}).items())
            if isinstance(node.get("with"), dict)
            else ()
        )
        yield Step(
            tuple(line for line in extra if "arg" in line or "command" in line),
            name,
            pin,
            _lenient(node),
            _off(node),
            conditions.of_step(node),
        )
        return
    if "task" in node:
        yield Step(
            (),
            uses=str(node["task"]).split("@")[0],
            lenient=_lenient(node),
            off=_off(node),
            condition=conditions.of_step(node),
        )
        return
    lines: list[str] = []
    for key in _RUN_KEYS:
        value = node.get(key)
        lines += _lines(value.get("command", "") if isinstance(value, dict) else value)
    if lines:
        lines = [*_shell(node), *lines]
        yield Step(tuple(lines), lenient=_lenient(node), off=_off(node), condition=conditions.of_step(node))


def _shell(node: dict[str, Any]) -> list[str]:
    """The options of a shell that is named, as the line that would set them."""
    shell, run = node.get("shell"), node.get("run")
    # CircleCI's default is `/bin/bash -eo pipefail`, https://circleci.com/docs/configuration-reference/#default-shell-options
    named = run.get("shell") if isinstance(run, dict) else None
    if isinstance(named, str) and not re.search(r"\s-\w*e", named):
        return [f"set +e # {named}"]
    # `shell: bash` runs `bash --noprofile --norc -eo pipefail {0}`,
    # https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#defaultsrunshell
    if shell == "bash":
        return ["set -eo pipefail"]
    return (
        [f"set +e # {shell}"] if isinstance(shell, str) and "{0}" in shell and "-e" not in shell.split("{0}")[0] else []
    )


def _lines(value: Any) -> list[str]:
    if isinstance(value, list):
        return [line for one in value for line in _lines(one)]
    if not isinstance(value, str):
        return []
    # A backslash at the end of a line goes on in the next one.
    joined = re.sub(r"\\\n\s*", " ", value)
    return [" ".join(line.split()) for line in joined.split("\n") if line.strip() and not line.strip().startswith("#")]


def _lenient(node: dict[str, Any]) -> bool:
    """Whether a failure always passes; an expression depends on the matrix and does not count."""
    values = [node.get(key) for key in LENIENT_KEYS]
    return any(value is True or (isinstance(value, str) and value.lower() == "true") for value in values) or isinstance(
        values[2], dict
    )


def _off(node: dict[str, Any]) -> bool:
    condition = str(node.get("if", node.get("condition", ""))).replace(" ", "").lower()
    return (
        condition in ("false", "${{false}}", "never()", "0")
        or "false&&" in condition
        or node.get("when") in ("never", "manual")
        # https://support.atlassian.com/bitbucket-cloud/docs/step-options/
        or node.get("trigger") == "manual"
        or node.get("enabled") is False
    )
