"""Running git: one environment for every command, a time limit, and the token only where it must be."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from git.cmd import Git

from bot.errors import GitFailed
from bot.git_store.failures import last_lines

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
LOCAL_SECONDS = 120.0

_CONFIG = (
    ("core.hooksPath", "/dev/null"),
    ("core.quotePath", "false"),
    ("core.fsmonitor", "false"),
    ("credential.helper", ""),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("push.recurseSubmodules", "no"),
    ("commit.gpgSign", "false"),
    ("push.gpgSign", "false"),
    ("i18n.commitEncoding", "utf-8"),
    ("i18n.logOutputEncoding", "utf-8"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    # A tree's own .gitattributes could call a file binary or give it a diff driver, and so hide it from a reviewer.
    ("attr.tree", EMPTY_TREE),
    # git keeps sending the extra header after a redirect to another host (seen with 2.39): none is followed.
    ("http.followRedirects", "false"),
    ("http.lowSpeedLimit", "1000"),
    ("http.lowSpeedTime", "60"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """An installation token and the one origin (`https://host[:port]/`) it may be sent to."""

    origin: str
    token: str

    @classmethod
    def for_url(cls, url: str, token: str) -> Credential:
        parts = urlsplit(url)
        return cls(f"{parts.scheme}://{parts.netloc}/", token)

    def basic(self) -> str:
        return base64.b64encode(f"x-access-token:{self.token}".encode()).decode()

    def secrets(self) -> tuple[str, str]:
        """Every form in which the token could show up in an error text."""
        return self.token, self.basic()


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended by itself: its status, its output as bytes and its complaints as text."""

    status: int
    out: bytes
    err: str


class GitTimeout(Exception):
    """The command did not end in time and was killed with its children."""


class GitRunner:
    """Runs git on one bare repository. `protocols` is git's allow-list of transports, colon-separated."""

    def __init__(self, git_dir: Path, *, protocols: str) -> None:
        self.git_dir = git_dir.absolute()
        self._protocols = protocols

    def run(
        self,
        *args: str,
        stdin: bytes | None = None,
        timeout: float = LOCAL_SECONDS,
        credential: Credential | None = None,
    ) -> Finished:
        """Run to the end whatever the status. Raises GitTimeout."""
        with self.start(*args, stdin=stdin is not None, credential=credential) as process:
            try:
                out, err = process.communicate(stdin, timeout=timeout)
            except subprocess.TimeoutExpired:
                _kill_group(process)
                process.communicate()
                raise GitTimeout from None
        return Finished(process.returncode, out, err.decode("utf-8", "replace"))

    def check(self, *args: str, stdin: bytes | None = None) -> bytes:
        """Run a local command that has no reason to fail. Raises GitFailed."""
        try:
            done = self.run(*args, stdin=stdin)
        except GitTimeout:
            raise GitFailed(f"git {args[0]} did not end within {LOCAL_SECONDS:g} seconds.") from None
        if done.status:
            raise GitFailed(f"git {args[0]} failed with status {done.status}.", details=last_lines(done.err))
        return done.out

    @contextmanager
    def start(
        self, *args: str, stdin: bool = False, credential: Credential | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A running process, ended and its pipes closed when the block ends."""
        process = self.spawn(*args, stdin=stdin, credential=credential)
        try:
            yield process
        finally:
            end(process)

    def spawn(self, *args: str, stdin: bool = False, credential: Credential | None = None) -> subprocess.Popen[bytes]:
        """A running process that the caller ends with `end`."""
        interrupt = Git(str(self.git_dir.parent)).execute(
            [Git.GIT_PYTHON_GIT_EXECUTABLE or "git", f"--git-dir={self.git_dir}", *args],
            istream=subprocess.PIPE if stdin else None,
            as_process=True,
            env=self._environment(credential),
            # Its own group, so that a time limit also ends git's transport children.
            start_new_session=True,
        )
        process = interrupt.proc
        if process is None:
            raise GitFailed(f"git {args[0]} did not start.")
        # GitPython would end the process when its wrapper is collected; from here on `end` does.
        interrupt.proc = None
        return process

    def _environment(self, credential: Credential | None) -> Mapping[str, str]:
        config = list(_CONFIG)
        if credential:
            # In the environment and not in an argument or a file: neither `ps` nor the mirror's config shows it.
            config.append((f"http.{credential.origin}.extraHeader", f"Authorization: Basic {credential.basic()}"))
        home = str(self.git_dir.parent)
        fixed = {
            "GIT_CONFIG_COUNT": str(len(config)),
            "GIT_CONFIG_PARAMETERS": "",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1",
            # Nothing from a home directory: neither ~/.netrc nor ~/.config/git/attributes.
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS": "",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_ALLOW_PROTOCOL": self._protocols,
            # A hook of git's hands its children the index of the repository it runs in; ours is another.
            "GIT_INDEX_FILE": str(self.git_dir / "index"),
            "GIT_OBJECT_DIRECTORY": str(self.git_dir / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
            # A reader never fetches what a partial clone left out.
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NAMESPACE": "",
            "GIT_TRACE": "0",
            "GIT_TRACE_CURL": "0",
            "GIT_CURL_VERBOSE": "0",
            "GIT_TRACE_PACKET": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "LC_ALL": "C",
        }
        for index, (key, value) in enumerate(config):
            fixed[f"GIT_CONFIG_KEY_{index}"] = key
            fixed[f"GIT_CONFIG_VALUE_{index}"] = value
        return fixed


def end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes, kill what still runs, and wait for it."""
    if process.poll() is None:
        process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue
    process.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
