"""`/schemas/cadence.json`: the JSON Schema of `.github/cadence.yml`, for editors."""

from __future__ import annotations

import json

from flask import Blueprint, Response

from bot.config.schema import config_schema

PATH = "/schemas/cadence.json"


def schemas_blueprint() -> Blueprint:
    """The page. It says nothing about this installation, so a page of any origin may read it.

    https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Access-Control-Allow-Origin
    """
    blueprint = Blueprint("schemas", __name__)
    body = json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"

    @blueprint.get(PATH)
    def published() -> Response:
        shown = Response(body, mimetype="application/schema+json")
        shown.headers["Access-Control-Allow-Origin"] = "*"
        shown.headers["Cache-Control"] = "public, max-age=3600"
        return shown

    return blueprint
