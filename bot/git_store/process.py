"""Runs git with a minimal environment, limits on time and output, and a token only where it is needed."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from git.cmd import Git

from bot.core.errors import GitFailed
from bot.git_store.git_errors import last_lines
from bot.git_store.pipes import TooMuch, close, communicate

# git has this tree built in: the hash of a tree without entries.
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
LOCAL_SECONDS = 120.0
MOST_OUTPUT = 256 * 1024 * 1024
"""Bytes that one command may write to standard output. A larger diff or blob cannot be reviewed anyway."""

# All that git gets of this process's environment: none of its secrets, and none of git's own variables.
# https://git-scm.com/docs/git#_environment_variables
_INHERITED = (
    *("PATH", "TMPDIR", "LANG", "SYSTEMROOT"),
    # The proxy of this machine and the certificates that it trusts.
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"),
)

# Given to every command through the environment, which takes precedence over the repository's own configuration.
# https://git-scm.com/docs/git-config#_environment
_CONFIG = (
    # A hook of a person's repository would run with Cadence's rights. https://git-scm.com/docs/githooks
    ("core.hooksPath", "/dev/null"),
    ("core.quotePath", "false"),
    # The value may name a program that git then runs.
    ("core.fsmonitor", "false"),
    # An empty value clears the list, so that no helper stores the token. https://git-scm.com/docs/gitcredentials
    ("credential.helper", ""),
    # A submodule's URL comes from the tree: nothing of it is fetched. https://git-scm.com/docs/gitsubmodules
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("push.recurseSubmodules", "no"),
    ("commit.gpgSign", "false"),
    ("push.gpgSign", "false"),
    ("i18n.commitEncoding", "utf-8"),
    ("i18n.logOutputEncoding", "utf-8"),
    # Packing happens in `Mirror.tidy` alone, under the mirror's lock.
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    # A tree's own .gitattributes could call a file binary, and so hide it from a reviewer. No attributes are read.
    # https://git-scm.com/docs/git-config#Documentation/git-config.txt-attrtree
    ("attr.tree", EMPTY_TREE),
    # git sends the extra header with the token also after a redirect to another host (seen with 2.39).
    # https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpfollowRedirects
    ("http.followRedirects", "false"),
    # Bytes per second, and for how many seconds, before a transfer is given up.
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
        """The credential for the origin of a URL."""
        parts = urlsplit(url)
        return cls(f"{parts.scheme}://{parts.netloc}/", token)

    def basic(self) -> str:
        """The value of a Basic authorization header."""
        # Any user name serves; GitHub's documentation uses this one.
        # https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
        return base64.b64encode(f"x-access-token:{self.token}".encode()).decode()

    def secrets(self) -> tuple[str, str]:
        """Every form in which the token could appear in an error message."""
        return self.token, self.basic()


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended: its status, its standard output as bytes and its standard error as text."""

    status: int
    out: bytes
    err: str


@dataclass(frozen=True, slots=True)
class Hooks:
    """A directory of hooks of our own for one command, and the pipes (file descriptors) that they use."""

    directory: Path
    pipes: tuple[int, ...]


class GitTimeout(Exception):
    """The command did not end in time and was killed with its children."""


def too_large(command: str) -> GitFailed:
    """The error for a command that reads or writes more than its limit; it is not retried."""
    return GitFailed(
        f"git {command} returned or needs more data than Cadence handles.",
        code="git.too_large",
        remedy="Work on a smaller change or repository.",
        retry=False,
    )


class GitRunner:
    """Runs git on one bare repository. `protocols` are the transports that git may use, colon-separated."""

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
        hooks: Hooks | None = None,
    ) -> Finished:
        """Run to the end and return any status.

        `timeout` is for the whole command, in seconds; `most_written` limits every file that it writes, in bytes. Of
        hooks only `hooks` run.
        Raises GitTimeout, and GitFailed `git.too_large` when it prints more than MOST_OUTPUT bytes.
        """
        process = self.spawn(
            *args, stdin=stdin is not None, credential=credential, most_written=most_written, hooks=hooks
        )
        try:
            out, err = communicate(process, stdin, timeout=timeout, most=MOST_OUTPUT)
        except TimeoutError:
            _kill_group(process)
            raise GitTimeout from None
        except TooMuch:
            _kill_group(process)
            raise too_large(args[0]) from None
        finally:
            end(process)
        return Finished(process.returncode, out, err.decode("utf-8", "replace"))

    def check(self, *args: str, stdin: bytes | None = None) -> bytes:
        """Run a local command and return its output. Raises GitFailed for every status but 0."""
        try:
            done = self.run(*args, stdin=stdin)
        except GitTimeout:
            raise GitFailed(f"git {args[0]} did not end within {LOCAL_SECONDS:g} seconds.") from None
        if done.status:
            raise GitFailed(f"git {args[0]} failed with status {done.status}.", log_lines=last_lines(done.err))
        return done.out

    def spawn(
        self,
        *args: str,
        stdin: bool = False,
        credential: Credential | None = None,
        most_written: int | None = None,
        hooks: Hooks | None = None,
    ) -> subprocess.Popen[bytes]:
        """A running process that the caller ends with `end`. Raises GitFailed when git cannot be started."""
        command = [Git.GIT_PYTHON_GIT_EXECUTABLE or "git", f"--git-dir={self.git_dir}", *args]
        if most_written is not None:
            # Units of 512 bytes in POSIX; shells that count 1024 allow twice as much.
            # https://pubs.opengroup.org/onlinepubs/9799919799/utilities/ulimit.html
            command = ["sh", "-c", 'ulimit -f "$0" && exec "$@"', str(max(1, most_written // 512)), *command]
        try:
            # GitPython's `execute` would pass on this process's whole environment, with every secret in it.
            # https://gitpython.readthedocs.io/en/stable/reference.html#git.cmd.Git.execute
            return subprocess.Popen(
                command,
                cwd=self.git_dir.parent,
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment(credential, hooks),
                # Its own group, so that a time limit also ends git's transport children.
                start_new_session=True,
                pass_fds=hooks.pipes if hooks is not None else (),
            )
        except OSError as error:
            raise GitFailed(
                f"git {args[0]} could not be started.", log_lines=(f"{type(error).__name__}: {error.strerror}",)
            ) from None

    def _environment(self, credential: Credential | None, hooks: Hooks | None) -> Mapping[str, str]:
        config = list(_CONFIG)
        if hooks is not None:
            # The last value counts.
            config.append(("core.hooksPath", str(hooks.directory)))
        if credential:
            # In the environment: an argument would be visible to every process of the machine, a file would remain.
            # The key limits the header to one origin.
            # https://git-scm.com/docs/git-config#Documentation/git-config.txt-httplturlgt
            config.append((f"http.{credential.origin}.extraHeader", f"Authorization: Basic {credential.basic()}"))
        home = str(self.git_dir.parent)
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        fixed = inherited | {
            "GIT_CONFIG_COUNT": str(len(config)),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1",
            # Nothing is read from a home directory: neither ~/.netrc nor ~/.config/git/attributes.
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            # A refused token must fail, not wait for a person to type.
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS": "",
            "GIT_LFS_SKIP_SMUDGE": "1",
            # https://git-scm.com/docs/git#Documentation/git.txt-GITALLOWPROTOCOL
            "GIT_ALLOW_PROTOCOL": self._protocols,
            # When Cadence runs in a git hook, the environment names the index and objects of that repository.
            # https://git-scm.com/docs/githooks#_description
            "GIT_INDEX_FILE": str(self.git_dir / "index"),
            "GIT_OBJECT_DIRECTORY": str(self.git_dir / "objects"),
            # What a partial clone left out is never fetched by a read.
            "GIT_NO_LAZY_FETCH": "1",
            # A replacement ref would show other content under a commit's sha. https://git-scm.com/docs/git-replace
            "GIT_NO_REPLACE_OBJECTS": "1",
            # git_errors.py matches git's English messages.
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
    # git's transport (`git-remote-https`) is a child of git and would go on after git is killed.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
