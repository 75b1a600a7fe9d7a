"""Webhook deliveries: signed as GitHub signs, sent from a background thread, recorded, never repeated automatically."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from bot.core.clock import Clock
from bot.core.json_types import JsonDict
from bot.sandbox.github.accounts import App

TIMEOUT = 10.0


@dataclass(eq=False)
class HookDelivery:
    """One attempt to deliver one event. `status` is `pending`, `held`, `dropped`, `OK` or why it failed."""

    id: int
    guid: str
    app: App
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    payload: JsonDict = field(repr=False)
    queued_at: datetime
    redelivery: bool = False
    status: str = "pending"
    status_code: int = 0
    delivered_at: datetime | None = None
    duration: float = 0.0

    @property
    def raw(self) -> bytes:
        """The exact bytes that are signed and sent."""
        return json.dumps(self.payload, separators=(",", ":"), ensure_ascii=False).encode()

    def headers(self) -> dict[str, str]:
        made = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/5a4db0d",
            "X-GitHub-Delivery": self.guid,
            "X-GitHub-Event": self.event,
            "X-GitHub-Hook-ID": str(self.app.hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str(self.app.id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
        }
        if self.app.webhook_secret:
            key = self.app.webhook_secret.encode()
            made["X-Hub-Signature"] = "sha1=" + hmac.new(key, self.raw, hashlib.sha1).hexdigest()
            made["X-Hub-Signature-256"] = "sha256=" + hmac.new(key, self.raw, hashlib.sha256).hexdigest()
        return made


class Hooks:
    """The outgoing queue. Tests may pause, reorder, hold back and drop; `flush` waits until all is sent."""

    def __init__(self, clock: Clock, ids: Iterator[int]) -> None:
        self._clock = clock
        self._ids = ids
        self._wake = threading.Condition()
        self._pending: list[HookDelivery] = []
        self._sent: list[HookDelivery] = []
        self._hold: Callable[[HookDelivery], bool] | None = None
        self._drop: Callable[[HookDelivery], bool] | None = None
        self._sending = 0
        self._paused = False
        self._thread: threading.Thread | None = None
        self._closing = False

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="sandbox-hooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        if self._thread:
            self._thread.join(TIMEOUT + 1)

    def enqueue(
        self,
        app: App,
        event: str,
        payload: JsonDict,
        *,
        installation_id: int | None,
        repository_id: int | None,
    ) -> None:
        """Queue one event for one App; an App without a webhook URL gets none."""
        if app.webhook_url is None:
            return
        action = payload.get("action")
        made = HookDelivery(
            id=next(self._ids),
            guid=str(uuid.uuid4()),
            app=app,
            event=event,
            action=action,
            installation_id=installation_id,
            repository_id=repository_id,
            payload=json.loads(json.dumps(payload)),
            queued_at=self._clock.now(),
        )
        self._take(made)

    def _take(self, made: HookDelivery) -> None:
        with self._wake:
            if self._drop and self._drop(made):
                made.status = "dropped"
                self._sent.append(made)
                return
            if self._hold and self._hold(made):
                made.status = "held"
            self._pending.append(made)
            self._wake.notify_all()

    def deliveries(self) -> list[HookDelivery]:
        """Every delivery so far, sent or not, in the order they were queued or finished."""
        with self._wake:
            return [*self._sent, *self._pending]

    def redeliver(self, guid: str) -> HookDelivery:
        """Send the newest delivery of that GUID again, under the same GUID. Raises KeyError when unknown."""
        with self._wake:
            found = [one for one in self._sent if one.guid == guid]
            if not found:
                raise KeyError(guid)
            old = found[-1]
            again = HookDelivery(
                id=next(self._ids),
                guid=guid,
                app=old.app,
                event=old.event,
                action=old.action,
                installation_id=old.installation_id,
                repository_id=old.repository_id,
                payload=old.payload,
                queued_at=self._clock.now(),
                redelivery=True,
            )
            self._pending.append(again)
            self._wake.notify_all()
            return again

    def pause(self) -> None:
        """Queue everything, send nothing, until `resume`."""
        with self._wake:
            self._paused = True

    def resume(self) -> None:
        with self._wake:
            self._paused = False
            self._wake.notify_all()

    def reverse(self) -> None:
        """Turn the waiting queue round: newest first."""
        with self._wake:
            self._pending.reverse()

    def hold_back(self, wanted: Callable[[HookDelivery], bool] | None) -> None:
        """Keep deliveries that match (present and future) until `release`; None holds no more from now on."""
        with self._wake:
            self._hold = wanted
            for one in self._pending:
                if wanted and wanted(one):
                    one.status = "held"

    def release(self) -> None:
        """Send what was held back, after everything that waits already."""
        with self._wake:
            self._hold = None
            held = [one for one in self._pending if one.status == "held"]
            self._pending = [one for one in self._pending if one.status != "held"] + held
            for one in held:
                one.status = "pending"
            self._wake.notify_all()

    def drop(self, wanted: Callable[[HookDelivery], bool] | None) -> None:
        """Lose deliveries that match (present and future), as a network may; None loses no more."""
        with self._wake:
            self._drop = wanted
            lost = [one for one in self._pending if wanted and wanted(one)]
            for one in lost:
                one.status = "dropped"
                self._pending.remove(one)
                self._sent.append(one)

    def flush(self, timeout: float = 30.0) -> None:
        """Wait until nothing that may be sent is waiting. Raises TimeoutError."""
        with self._wake:
            if not self._wake.wait_for(lambda: not self._next_ready() and self._sending == 0, timeout):
                raise TimeoutError("webhook deliveries are still waiting")

    def _next_ready(self) -> HookDelivery | None:
        if self._paused or self._closing:
            return None
        return next((one for one in self._pending if one.status == "pending"), None)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closing or self._next_ready() is not None)
                ready = self._next_ready()
                if ready is None:
                    return
                self._pending.remove(ready)
                self._sending += 1
            send(ready, self._clock)
            with self._wake:
                self._sent.append(ready)
                self._sending -= 1
                self._wake.notify_all()


def send(delivery: HookDelivery, clock: Clock) -> None:
    """One POST; the outcome is written into the delivery and nothing is raised."""
    parts = urlsplit(delivery.app.webhook_url or "")
    started = clock.monotonic()
    made = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = made(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        connection.request("POST", parts.path or "/", body=delivery.raw, headers=delivery.headers())
        answer = connection.getresponse()
        answer.read()
        delivery.status_code = answer.status
        delivery.status = "OK" if 200 <= answer.status < 300 else f"Invalid HTTP Response: {answer.status}"
    except TimeoutError:
        delivery.status = "timed out"
    except (OSError, http.client.HTTPException):
        delivery.status = "failed to connect to host"
    finally:
        connection.close()
        delivery.duration = round(clock.monotonic() - started, 3)
        delivery.delivered_at = clock.now()
