"""The JSON Schema of job files, for editors: the spec's, with a template wherever a value may stand."""

from typing import Any

from shoal.jobs.file.spec import Spec

TEMPLATE = {"type": "string", "pattern": r"\{\{"}
_SAID_NOT_ASKED = ("default", "examples", "title", "description", "required")


def job_file_schema() -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_with_templates(Spec.model_json_schema())}


def _with_templates(schema: Any) -> Any:
    """Text and objects stay as they are: a template is text already, and an object's values may be templates."""
    if isinstance(schema, list):
        return [_with_templates(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: item if key in _SAID_NOT_ASKED else _with_templates(item) for key, item in schema.items()}
    if inner.get("type") in ("integer", "number", "boolean", "array") or "oneOf" in inner or "enum" in inner:
        return {"anyOf": [inner, TEMPLATE]}
    return inner
