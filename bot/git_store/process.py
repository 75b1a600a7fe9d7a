"""Running git: a minimal environment, limits on time and on output, and the token only where it must be."""

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

from bot.core.errors import GitFailed
from bot.git_store.failures import last_lines
from bot.git_store.pipes import TooMuch, close, communicate

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
LOCAL_SECONDS = 120.0
MOST_OUTPUT = 256 * 1024 * 1024
"""Bytes that one command may write to standard output. A diff or a blob beyond it cannot be judged anyway."""

_INHERITED = (
    *("PATH", "TMPDIR", "LANG", "SYSTEMROOT"),
    # How this machine reaches the network, and whom it trusts there.
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"),
)
"""All that a child gets of this process's environment: no keys, and none of git's own switches."""

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


def too_large(command: str) -> GitFailed:
    """The error for a command that reads or writes more than its limit. Trying again cannot help."""
    return GitFailed(
        f"git {command} gives or takes more data than Cadence handles.",
        code="git.too_large",
        remedy="Work on a smaller change or repository.",
        retry=False,
    )


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
        most_written: int | None = None,
    ) -> Finished:
        """Run to the end whatever the status.

        `timeout` is for the whole command, in seconds; `most_written` limits every file it writes, in bytes.
        Raises GitTimeout, and GitFailed `git.too_large` when it prints more than MOST_OUTPUT bytes.
        """
        with self.start(*args, stdin=stdin is not None, credential=credential, most_written=most_written) as process:
            try:
                out, err = communicate(process, stdin, timeout=timeout, most=MOST_OUTPUT)
            except TimeoutError:
                _kill_group(process)
                raise GitTimeout from None
            except TooMuch:
                _kill_group(process)
                raise too_large(args[0]) from None
        return Finished(process.returncode, out, err.decode("utf-8", "replace"))

    def check(self, *args: str, stdin: bytes | None = None) -> bytes:
        """Run a local command that has no reason to fail. Raises GitFailed."""
        try:
            done = self.run(*args, stdin=stdin)
        except GitTimeout:
            raise GitFailed(f"git {args[0]} did not end within {LOCAL_SECONDS:g} seconds.") from None
        if done.status:
            raise GitFailed(f"git {args[0]} failed with status {done.status}.", log_lines=last_lines(done.err))
        return done.out

    @contextmanager
    def start(
        self,
        *args: str,
        stdin: bool = False,
        credential: Credential | None = None,
        most_written: int | None = None,
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A running process, ended and its pipes closed when the block ends."""
        process = self.spawn(*args, stdin=stdin, credential=credential, most_written=most_written)
        try:
            yield process
        finally:
            end(process)

    def spawn(
        self,
        *args: str,
        stdin: bool = False,
        credential: Credential | None = None,
        most_written: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """A running process that the caller ends with `end`. Raises GitFailed when git cannot be started."""
        command = [Git.GIT_PYTHON_GIT_EXECUTABLE or "git", f"--git-dir={self.git_dir}", *args]
        if most_written is not None:
            # POSIX counts `ulimit -f` in blocks of 512 bytes; some shells count 1024.
            command = ["sh", "-c", 'ulimit -f "$0" && exec "$@"', str(max(1, most_written // 512)), *command]
        try:
            # Not GitPython's `execute`: it hands its child this process's whole environment, with every key in it.
            return subprocess.Popen(
                command,
                cwd=self.git_dir.parent,
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment(credential),
                # Its own group, so that a time limit also ends git's transport children.
                start_new_session=True,
            )
        except OSError as error:
            raise GitFailed(
                f"git {args[0]} could not be started.", log_lines=(f"{type(error).__name__}: {error.strerror}",)
            ) from None

    def _environment(self, credential: Credential | None) -> Mapping[str, str]:
        config = list(_CONFIG)
        if credential:
            # In the environment and not in an argument or a file: neither `ps` nor the mirror's config shows it.
            config.append((f"http.{credential.origin}.extraHeader", f"Authorization: Basic {credential.basic()}"))
        home = str(self.git_dir.parent)
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        fixed = inherited | {
            "GIT_CONFIG_COUNT": str(len(config)),
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
            # A reader never fetches what a partial clone left out.
            "GIT_NO_LAZY_FETCH": "1",
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
            close(pipe)
    process.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
