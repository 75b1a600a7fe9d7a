"""`POST /webhooks/github`: check, keep, answer 202. No GitHub, engine or model call is made in the request."""

from __future__ import annotations

import json
import threading
from typing import Any

import structlog
from flask import Blueprint, Request, Response, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from bot.core.clock import Clock
from bot.core.errors import CadenceError
from bot.core.names import DeliveryId
from bot.intake.signature import is_signed
from bot.intake.urgency import subject_of, urgency_of
from bot.ledger.entries import Delivery
from bot.ledger.inbox import Inbox
from bot.settings import Settings

log = structlog.get_logger("cadence.webhook")

MAX_BYTES = 25 * 1024 * 1024
"""GitHub sends no larger payload (webhook events and payloads: 25 MB)."""
WITHOUT_INSTALLATION = frozenset(
    {"ping", "meta", "github_app_authorization", "marketplace_purchase", "security_advisory"}
)


class DeliveryRefused(CadenceError):
    """The delivery is refused; `status` is the HTTP status."""

    def __init__(self, status: int, code: str, summary: str, remedy: str) -> None:
        super().__init__(summary, code=code, remedy=remedy)
        self.status = status


def webhook_blueprint(settings: Settings, inbox: Inbox, wake: threading.Event, clock: Clock) -> Blueprint:
    """The receiver as a Flask blueprint. `wake` is set for each delivery, so that the workers look at the inbox."""
    blueprint = Blueprint("webhook", __name__)

    @blueprint.post("/webhooks/github")
    def receive() -> tuple[Response, int]:
        try:
            delivery = read_delivery(request, settings, clock)
        except DeliveryRefused as refused:
            log.warning("webhook.refused", code=refused.code, status=refused.status)
            body = {"code": refused.code, "error": refused.summary, "remedy": refused.remedy}
            return jsonify(body), refused.status
        is_new = inbox.take_in(delivery)
        wake.set()
        status = "accepted" if is_new else "duplicate"
        log.info(
            "webhook.received", delivery=delivery.guid, webhook=delivery.event, action=delivery.action, status=status
        )
        return jsonify({"delivery": delivery.guid, "status": status}), 202

    return blueprint


def read_delivery(asked: Request, settings: Settings, clock: Clock) -> Delivery:
    """The request as a delivery. Raises NotTaken with the reason; the signature is checked over the raw bytes."""
    if asked.mimetype != "application/json":
        raise DeliveryRefused(
            415, "webhook.content_type", "the content type is not application/json",
            "Set the webhook's content type to application/json.",
        )  # fmt: skip
    body = _raw(asked)
    if not is_signed(asked.headers.get("X-Hub-Signature-256"), body, settings.webhook_secrets):
        raise DeliveryRefused(
            401, "webhook.signature", "the signature does not match",
            "Set the same secret in the App's webhook and in CADENCE_WEBHOOK_SECRET.",
        )  # fmt: skip
    event, guid = asked.headers.get("X-GitHub-Event", ""), asked.headers.get("X-GitHub-Delivery", "")
    if not event or not guid or len(guid) > 100:
        raise DeliveryRefused(
            400, "webhook.headers", "X-GitHub-Event or X-GitHub-Delivery is missing",
            "Let GitHub send the delivery, or send its headers too.",
        )  # fmt: skip
    _check_signature(asked, settings)
    text, payload = _object(body)
    installation = _id_of(payload, "installation")
    if installation is None and event not in WITHOUT_INSTALLATION:
        raise DeliveryRefused(
            400, "webhook.installation", "the payload names no installation",
            "Use the App's own webhook, not a repository's or an organisation's.",
        )  # fmt: skip
    action = payload.get("action")
    return Delivery(
        guid=DeliveryId(guid),
        event=event[:100],
        action=action[:100] if isinstance(action, str) and action.isascii() and action.isprintable() else "",
        installation_id=installation,
        repository_id=_id_of(payload, "repository"),
        received_at=clock.now(),
        body=text,
        urgency=urgency_of(event, payload),
        subject=subject_of(event, payload),
    )


def _raw(asked: Request) -> bytes:
    """The body, read no further than the cap: a declared length can lie, and a chunked body declares none."""
    if asked.content_length is not None and asked.content_length > MAX_BYTES:
        raise _too_large()
    # One more than may be: a body without a declared length is cut at this limit, not refused.
    asked.max_content_length = MAX_BYTES + 1
    try:
        body = asked.get_data(cache=True)
    except RequestEntityTooLarge as error:
        raise _too_large() from error
    if len(body) > MAX_BYTES:
        raise _too_large()
    return body


def _too_large() -> DeliveryRefused:
    return DeliveryRefused(413, "webhook.size", "the payload is larger than 25 MB", "GitHub sends no such payload.")


def _check_signature(asked: Request, settings: Settings) -> None:
    """The hook has to be this App's: another App's deliveries may be signed with a secret that was reused."""
    kind = asked.headers.get("X-GitHub-Hook-Installation-Target-Type", "")
    target = asked.headers.get("X-GitHub-Hook-Installation-Target-ID", "")
    if kind != "integration" or target != str(settings.app_id):
        raise DeliveryRefused(
            403, "webhook.target", "the delivery is not from this App's own webhook",
            "Point only the webhook of the App named in CADENCE_APP_ID here.",
        )  # fmt: skip


def _object(body: bytes) -> tuple[str, dict[str, Any]]:
    """The body as text and as data; json would guess other encodings than UTF-8, which GitHub never uses."""
    try:
        text = body.decode("utf-8")
        payload = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DeliveryRefused(
            400, "webhook.json", "the body is not JSON", "Send the payload as GitHub made it."
        ) from error
    if not isinstance(payload, dict):
        raise DeliveryRefused(
            400, "webhook.json", "the body is not a JSON object", "Send the payload as GitHub made it."
        )
    return text, payload


def _id_of(payload: dict[str, Any], key: str) -> int | None:
    part = payload.get(key)
    value = part.get("id") if isinstance(part, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else None
