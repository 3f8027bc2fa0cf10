"""The JSON schema of a configuration, by which editors complete and check it."""

from __future__ import annotations

import json

from sopr_uq.workflow.config import Config

_ID = "sopr-uq configuration"


def schema() -> str:
    """Return the schema as JSON text."""
    tables = Config.model_json_schema()
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": _ID}
    return json.dumps({**tables, **head}, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
