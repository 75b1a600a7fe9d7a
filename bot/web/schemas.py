"""`/schemas/cadence.json`: the JSON Schema of `.github/cadence.yml`, for editors."""

from __future__ import annotations

import json

from flask import Blueprint, Response

from bot.config.schema import config_schema

PATH = "/schemas/cadence.json"


def schemas_blueprint() -> Blueprint:
    """The page: the schema of this version, the same in every installation."""
    blueprint = Blueprint("schemas", __name__)
    body = json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"

    @blueprint.get(PATH)
    def published() -> Response:
        # The media type that JSON Schema defines: https://json-schema.org/draft/2020-12/json-schema-core#section-14
        shown = Response(body, mimetype="application/schema+json")
        # It says nothing about this installation, so a page of any origin may read it:
        # https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Access-Control-Allow-Origin
        shown.headers["Access-Control-Allow-Origin"] = "*"
        # Editors ask for it with every file that they open, and it changes only with a new version.
        shown.headers["Cache-Control"] = "public, max-age=3600"
        return shown

    return blueprint
