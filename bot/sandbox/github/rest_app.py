"""Endpoints of the App itself: identity, installations, tokens, webhook deliveries; and users."""

from __future__ import annotations

from bot.core.json_types import JsonDict
from bot.sandbox.github import payloads
from bot.sandbox.github.accounts import stamp
from bot.sandbox.github.answers import RestAnswer, not_found
from bot.sandbox.github.hooks import HookDelivery
from bot.sandbox.github.permissions import mint_token
from bot.sandbox.github.routing import RestCall, Routes
from bot.sandbox.github.state import Installation

routes = Routes()


@routes.on("GET", "/app", auth="app")
def get_app(call: RestCall) -> RestAnswer:
    app = call.caller.app
    if app is None:
        raise not_found()
    return RestAnswer(200, payloads.app(call.world.site, app, own=True))


def _installations(call: RestCall) -> list[Installation]:
    return [i for i in call.world.installations.values() if i.app is call.caller.app and not i.deleted]


def _installation(call: RestCall) -> Installation:
    wanted = call.number("installation_id")
    found = next((one for one in _installations(call) if one.id == wanted), None)
    if found is None:
        raise not_found()
    return found


@routes.on("GET", "/app/installations", auth="app", paged="")
def list_installations(call: RestCall) -> RestAnswer:
    return RestAnswer(200, [payloads.installation(call.world.site, one) for one in _installations(call)])


@routes.on("GET", "/app/installations/{installation_id}", auth="app")
def get_installation(call: RestCall) -> RestAnswer:
    return RestAnswer(200, payloads.installation(call.world.site, _installation(call)))


@routes.on("GET", "/repos/{owner}/{repo}/installation", auth="app")
def get_repository_installation(call: RestCall) -> RestAnswer:
    app = call.caller.app
    found = call.world.installation_of(app, call.repo) if app else None
    if found is None:
        raise not_found()
    return RestAnswer(200, payloads.installation(call.world.site, found))


@routes.on("POST", "/app/installations/{installation_id}/access_tokens", auth="app")
def create_token(call: RestCall) -> RestAnswer:
    token = mint_token(call.world, _installation(call), call.body)
    body: JsonDict = {
        "token": token.value,
        "expires_at": stamp(token.expires_at),
        "permissions": token.permissions,
        "repository_selection": "selected",
    }
    if token.repository_ids is not None:
        chosen = [repo for repo in token.installation.repositories if repo.id in token.repository_ids]
        body["repositories"] = [payloads.repository(call.world.site, repo) for repo in chosen]
    return RestAnswer(201, body)


@routes.on("DELETE", "/installation/token")
def revoke_token(call: RestCall) -> RestAnswer:
    if call.caller.token:
        call.world.tokens.pop(call.caller.token.value, None)
    return RestAnswer(204)


@routes.on("GET", "/installation/repositories", "metadata=read", paged="repositories")
def list_repositories(call: RestCall) -> RestAnswer:
    seen = [payloads.repository(call.world.site, repo) for repo in call.world.repositories if call.caller.sees(repo)]
    return RestAnswer(200, {"total_count": len(seen), "repository_selection": "selected", "repositories": seen})


def _deliveries(call: RestCall) -> list[HookDelivery]:
    done = [one for one in call.world.hooks.deliveries() if one.app is call.caller.app and one.delivered_at]
    return sorted(done, key=lambda one: one.id, reverse=True)


def _delivery(one: HookDelivery) -> JsonDict:
    return {
        "id": one.id,
        "guid": one.guid,
        "delivered_at": stamp(one.delivered_at or one.queued_at),
        "redelivery": one.redelivery,
        "duration": one.duration,
        "status": one.status,
        "status_code": one.status_code,
        "event": one.event,
        "action": one.action,
        "installation_id": one.installation_id,
        "repository_id": one.repository_id,
        "throttled_at": None,
    }


@routes.on("GET", "/app/hook/deliveries", auth="app")
def list_deliveries(call: RestCall) -> RestAnswer:
    size = min(int(call.query.get("per_page", 30)), 100)
    before = call.query.get("cursor")
    listed = [one for one in _deliveries(call) if before is None or one.id < int(before)]
    page, more = listed[:size], len(listed) > size
    url = f"{call.world.site.api}/app/hook/deliveries?per_page={size}"
    headers = {"Link": f'<{url}&cursor={page[-1].id}>; rel="next"'} if more else {}
    return RestAnswer(200, [_delivery(one) for one in page], headers)


@routes.on("GET", "/app/hook/deliveries/{delivery_id}", auth="app")
def get_delivery(call: RestCall) -> RestAnswer:
    wanted = call.number("delivery_id")
    one = next((one for one in _deliveries(call) if one.id == wanted), None)
    if one is None:
        raise not_found()
    request = {"headers": one.headers(), "payload": one.payload}
    response = {"headers": {}, "payload": ""}
    return RestAnswer(
        200, {**_delivery(one), "url": one.app.webhook_url or "", "request": request, "response": response}
    )


@routes.on("POST", "/app/hook/deliveries/{delivery_id}/attempts", auth="app")
def redeliver(call: RestCall) -> RestAnswer:
    wanted = call.number("delivery_id")
    one = next((one for one in _deliveries(call) if one.id == wanted), None)
    if one is None:
        raise not_found()
    call.world.hooks.redeliver(one.guid)
    return RestAnswer(202, {})


@routes.on("GET", "/users/{username}", auth="any")
def get_user(call: RestCall) -> RestAnswer:
    found = call.world.accounts.get(call.params["username"].casefold())
    if found is None:
        raise not_found()
    return RestAnswer(200, payloads.public_user(call.world.site, found))


@routes.on("GET", "/rate_limit", auth="any")
def get_rate_limit(call: RestCall) -> RestAnswer:
    world = call.world
    hour = int(world.now().timestamp()) // 3600
    part = {"limit": world.rate_limit, "used": 0, "remaining": world.rate_limit, "reset": (hour + 1) * 3600}
    return RestAnswer(200, {"resources": {"core": part, "search": part, "graphql": part}, "rate": part})
