"""The workflows that dbos runs, and the client that enqueues them. Module state, as dbos is one per process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import structlog
from dbos import DBOS, DBOSClient
from dbos._serialization import DefaultSerializer

from bot.core.errors import CadenceError
from bot.core.names import CommitSha, HeadSha, PullNumber, RepositoryId, RunId
from bot.core.pace import Pace

T = TypeVar("T")
log = structlog.get_logger("cadence.engine")

BUILDS, REVIEWS, RECONCILES = "builds", "reviews", "reconciles"
QUEUES = (BUILDS, REVIEWS, RECONCILES)
BUILD_ATTEMPTS = 3


def _refuse_pickle(_serializer: DefaultSerializer, _text: str) -> Any:
    raise ValueError("a row of the engine's database is a pickle; Cadence writes none and reads none")


# dbos reads a row by the serializer that the row names, whatever serializer is configured (seen with 3.4.0), and a
# pickle runs code when it is read. Without this, write access to the database would be code execution in this process.
# https://docs.python.org/3/library/pickle.html
DefaultSerializer.deserialize = _refuse_pickle  # type: ignore[method-assign, assignment]


class Handlers(Protocol):
    """What the workflows call; `flow.Flow` in production. Every method may run again after a crash."""

    def build(self, run_id: RunId) -> None: ...
    def review(self, run_id: RunId, head: HeadSha, attempts: Mapping[str, int], base_tip: str) -> None: ...
    def reconcile(self, repository_id: RepositoryId, pull: PullNumber) -> None: ...
    def sweep(self) -> None: ...
    def purge(self) -> None: ...
    def errand(self, name: str, arguments: Sequence[str | int]) -> None: ...
    def crashed(self, run_id: RunId, error: Exception) -> None: ...


_handlers: Handlers | None = None
_pace: Pace | None = None
_client: DBOSClient | None = None


def connect(handlers: Handlers, pace: Pace) -> None:
    """Let the workflows call these handlers. Called before dbos starts, which at once runs what it recovers."""
    global _handlers, _pace
    _handlers, _pace = handlers, pace


def set_client(client: DBOSClient) -> None:
    """Use this client to enqueue and list workflows."""
    global _client
    _client = client


def disconnect() -> None:
    """Close the client and forget the handlers."""
    global _handlers, _pace, _client
    if _client is not None:
        _client.destroy()
    _handlers, _pace, _client = None, None, None


def step(name: str, work: Callable[[], T]) -> T:
    """Run one step of the current workflow and return its result; a finished step is not run again.

    A crash before the result is stored runs the step again from its start, so `work` must be safe to repeat.
    """
    # https://docs.dbos.dev/python/tutorials/step-tutorial
    _note_work()
    result: T = DBOS.run_step({"name": name}, work)
    return result


def client(*, is_work: bool = True) -> DBOSClient:
    """The client; `is_work` makes the queues be polled often for a while. Raises CadenceError before `launch`."""
    if is_work:
        _note_work()
    if _client is None:
        raise CadenceError("the engine is not open", code="internal")
    return _client


def _note_work() -> None:
    if _pace is not None:
        _pace.worked()


def _call() -> Handlers:
    if _handlers is None:
        raise CadenceError("the engine has no handlers yet", code="internal")
    return _handlers


# dbos finds the function of a stored workflow by this name, so the names stay. The body runs again from its start after
# a crash, so that only steps may write, or read a clock. https://docs.dbos.dev/python/tutorials/workflow-tutorial
@DBOS.workflow(name="deliver")
def _deliver(guid: str) -> None:
    """From an earlier version, which may have left some in the queue. The inbox has the delivery itself."""
    log.info("deliver.left_to_the_inbox", delivery=guid)


@DBOS.workflow(name="build")
def _build(run_id: str, attempt: int) -> None:
    run = RunId(run_id)
    try:
        _call().build(run)
    except Exception as error:
        log.exception("build.crashed", run=run_id, attempt=attempt)
        # A workflow that ends in an error is not run again by dbos, so another one is enqueued.
        if attempt < BUILD_ATTEMPTS:
            enqueue_build(f"{DBOS.workflow_id}~{attempt + 1}", run, attempt + 1, delay=5.0)
        else:
            _call().crashed(run, error)


@DBOS.workflow(name="review")
def _review(run_id: str, head: str, attempts: dict[str, int], base_tip: str = "") -> None:
    step("review", lambda: _call().review(RunId(run_id), HeadSha(CommitSha(head)), attempts, base_tip))


@DBOS.workflow(name="errand")
def _errand(name: str, arguments: list[str | int]) -> None:
    step("errand", lambda: _call().errand(name, arguments))


@DBOS.workflow(name="reconcile")
def _reconcile(repository_id: int, pull: int) -> None:
    step("reconcile", lambda: _call().reconcile(RepositoryId(repository_id), PullNumber(pull)))


@DBOS.workflow(name="sweep")
def _sweep() -> None:
    step("sweep", lambda: _call().sweep())


@DBOS.workflow(name="purge")
def _purge() -> None:
    step("purge", lambda: _call().purge())


def enqueue(name: str, queue: str, *arguments: Any, delay: float = 0.0, **options: str) -> None:
    """Enqueue a workflow, once per `workflow_id`, to start after `delay` seconds.

    `options` are dbos's `workflow_id` and `queue_partition_key`; workflows of one partition run one after the other.
    """
    # An id that exists is not enqueued again. An enqueue without a key on a queue with partitions would be accepted and
    # never run (seen with 3.4.0). https://docs.dbos.dev/python/reference/client
    given: Any = {"workflow_name": name, "queue_name": queue, **options}
    client().enqueue(given | ({"delay_seconds": delay} if delay > 0 else {}), *arguments)


def enqueue_build(workflow_id: str, run_id: RunId, attempt: int, *, delay: float = 0.0) -> None:
    """Enqueue one attempt of a run's build. Builds of one issue run one after the other."""
    issue = str(run_id).rpartition("-")[0]
    enqueue("build", BUILDS, run_id, attempt, delay=delay, workflow_id=workflow_id, queue_partition_key=issue)
