"""What the command line prints when a command fails: one line with the code, the cause and the next step."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable

from bot.core.errors import CadenceError, SettingsInvalid, Unavailable, WrongUse


def run_command(command: Callable[[], object]) -> int:
    """Run the command line; returns the exit code: 2 for wrong use or settings, 130 for Ctrl-C, 1 for other failures.

    An unexpected exception is shown in one line. With CADENCE_TRACEBACK=1 its traceback is shown too, for a report.
    """
    try:
        command()
    except CadenceError as error:
        if isinstance(error, Unavailable):
            # The error's own remedy is true for the service, which tries again; a command ends here.
            error.remedy = "Check the network and CADENCE_GITHUB_URL. Run the command again."
        lines = "".join(f"\n  {line}" for line in error.log_lines)
        return _print_error(f"{error}{lines}", 2 if isinstance(error, SettingsInvalid | WrongUse) else 1)
    except KeyboardInterrupt:
        # 128 and the number of SIGINT, as shells report it:
        # https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html
        return _print_error("stopped.", 130)
    except BrokenPipeError:
        # `cadence runs | head` closes the pipe early. Python flushes stdout again at exit, so it must not be the pipe:
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - a person at the command line must never see a traceback
        from bot.settings import traceback_wanted

        if traceback_wanted():
            traceback.print_exc()
        return _print_error(str(describe(error)), 1)
    return 0


def describe(error: Exception) -> CadenceError:
    """What an exception of a library or of the operating system means: the code, the cause and the next step."""
    from bot.ledger.database import database_failure

    if (cause := database_failure(error)) is not None:
        return CadenceError(
            f"The database does not answer: {_first_line(cause)}.",
            code="database.unavailable",
            remedy="Check CADENCE_DATABASE_URL, and that the server runs and accepts connections.",
        )
    if isinstance(error, OSError):
        return _operating_system(error)
    return CadenceError(
        f"{type(error).__name__}: {_first_line(error)}.",
        code="internal",
        remedy="This is a defect in Cadence: please report it with the output of the same command under "
        "CADENCE_TRACEBACK=1.",
    )


def _operating_system(error: OSError) -> CadenceError:
    cause = error.strerror or _first_line(error)
    if error.errno == errno.EADDRINUSE:
        return CadenceError(
            "Another process listens on this address.",
            code="port.in_use",
            remedy="Stop it, or choose another CADENCE_PORT.",
        )
    # A port below 1024 without the right to it; an error of a file has its name.
    # https://man7.org/linux/man-pages/man2/bind.2.html
    if error.errno == errno.EACCES and not error.filename:
        return CadenceError(
            f"This address cannot be used: {cause}.",
            code="port.refused",
            remedy="Choose another CADENCE_HOST or CADENCE_PORT.",
        )
    place = f"{error.filename}: " if error.filename else ""
    return CadenceError(f"{place}{cause}.", code="files", remedy="Check the path, its permissions and the free space.")


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    # SQLAlchemy repeats the statement and its parameters, which may be private, on the next lines:
    # https://docs.sqlalchemy.org/en/20/core/exceptions.html
    return text.partition("\n")[0].strip().rstrip(".")[:300]


def _print_error(text: str, code: int) -> int:
    sys.stderr.write(f"cadence: {text}\n")
    return code
