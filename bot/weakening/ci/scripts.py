"""Jobs of files that are not pipelines: tox, hatch, Makefiles, Rakefiles, nox, shell scripts."""

from __future__ import annotations

import re

from bot.weakening.ci.config import Config
from bot.weakening.ci.steps import Job, Step


def plain(path: str, name: str, lines: list[str]) -> Job:
    """A job of bare command lines; `sh -c` looks at the last command of a pipe and does not stop at a failure."""
    return Job(path, name, [Step((line,)) for line in lines if line], pipefail=False, stops=False)


def tasks(config: Config) -> list[Job]:
    """What tox, hatch, pdm, poe and taskipy keep in a TOML file."""
    lines: dict[str, list[str]] = {}
    for setting in config.settings:
        tools = re.match(
            r"^(?:tool\.)?(?:tox|hatch\.envs|pdm\.scripts|poe\.tasks|taskipy\.tasks|envs?|env_run_base|thx)\b",
            setting.dotted,
        )
        if tools and re.search(r"commands|scripts|tasks|cmd|jobs", setting.dotted):
            lines.setdefault(setting.dotted, []).append(setting.value)
    return [
        Job(config.path, name, [Step((value if " " in value else " ".join(values),)) for value in values])
        for name, values in lines.items()
    ]


def tox(config: Config) -> list[Job]:
    found = []
    for section, keys in config.data.items():
        if not section.startswith(("testenv", "tox")):
            continue
        job = plain(config.path, section, [])
        for line in keys.get("commands", ()):
            # https://tox.wiki/en/latest/config.html#commands: a leading dash ignores the exit code.
            job.steps.append(Step((line.lstrip("-! "),), lenient=line.startswith("-")))
        job.lenient = any(
            str(value).lower() in ("true", "1")
            for key in ("ignore_outcome", "ignore_errors")
            for value in keys.get(key, ())
        )
        found.append(job)
    return found


def targets(config: Config) -> list[Job]:
    """The targets of a Makefile or Justfile, each recipe line a step."""
    found: list[Job] = []
    # https://www.gnu.org/software/make/manual/make.html#Choosing-the-Shell: each line runs in `sh -c`.
    strict = bool(
        re.search(r"(?m)^(?:export\s+)?\.?SHELL(?:FLAGS)?\s*[:?]?=.*pipefail|^set -[a-z]*o pipefail", config.text)
    )
    # https://www.gnu.org/software/make/manual/make.html#Reference
    named = dict(re.findall(r"(?m)^(\w+)\s*[:?]?=\s*(\S.*)$", config.text))
    for raw in config.text.split("\n"):
        line = re.sub(r"\$[({](\w+)[)}]", lambda hit: named.get(hit[1], hit[0]), raw)
        head = re.match(r"^([\w./-]+)\s*:(?!=)(.*)$", line)
        if head:
            found.append(Job(config.path, head[1], pipefail=strict, stops=False))
            if head[2].strip() and not head[1].startswith("."):
                found[-1].steps.append(Step(tuple(f"make {word}" for word in head[2].split("#")[0].split())))
        elif found and line[:1] in "\t " and line.strip() and not line.strip().startswith("#"):
            command = line.strip()
            found[-1].steps.append(Step((command.lstrip("@-+"),), lenient=command.lstrip("@+").startswith("-")))
    return found


def sessions(config: Config) -> list[Job]:
    found: list[Job] = []
    for name, body in re.findall(r"^def (\w+)\(.*?\).*?:\n((?:[ \t]+.*\n?|\n)+)", config.text, re.MULTILINE):
        calls = re.findall(r"session\.run\((.*?)\)\s*$", body, re.MULTILINE | re.DOTALL)
        words = [re.findall(r"\"([^\"]*)\"|'([^']*)'", call) for call in calls]
        lines = [" ".join(one or two for one, two in call) for call in words]
        found.append(plain(config.path, name, lines))
    return found


def rake(config: Config) -> list[Job]:
    """What each task calls for, and the shell commands in its block."""
    found: list[Job] = []
    for line in config.text.split("\n"):
        head = re.match(r"^\s*task\s*\(?\s*:?[\"']?(?P<name>\w+)[\"']?\s*(?:=>|:)?\s*(?P<needs>[^#]*)", line)
        command = re.match(r"^\s*sh\s*\(?\s*[\"'](?P<command>[^\"']+)[\"']", line)
        if head:
            needs = re.findall(r"[:\"'](\w+)", head["needs"])
            # https://ruby.github.io/rake/doc/rakefile_rdoc.html: a task names those that run before it.
            found.append(Job(config.path, head["name"], [Step((f"rake {need}",)) for need in needs]))
        elif command and found:
            found[-1].steps.append(Step((command["command"],)))
    return found
