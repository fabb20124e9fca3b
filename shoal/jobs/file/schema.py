"""The JSON Schema of job files, for editors. A template is allowed wherever a value is."""

from typing import Any

from shoal.jobs.file.spec import Spec

TEMPLATE = {"type": "string", "pattern": r"\{\{"}
_ANNOTATIONS = ("default", "examples", "title", "description", "required")  # their values are no schemas


def job_file_schema() -> dict[str, Any]:
    schema = _with_templates(Spec.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_required_without_include(schema)}


def _required_without_include(schema: dict[str, Any]) -> dict[str, Any]:
    """Ask for the job, its pool and stages only where no included file may have them."""
    whole = {
        "required": schema.pop("required"),
        "properties": {"job": {"required": schema["$defs"]["Job"].pop("required")}},
    }
    return {**schema, "if": {"required": ["include"]}, "else": whole}


def _with_templates(schema: Any) -> Any:
    """Allow templates beside values, but not beside text, which they are, or objects, whose values they may be."""
    if isinstance(schema, list):
        return [_with_templates(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: item if key in _ANNOTATIONS else _with_templates(item) for key, item in schema.items()}
    if inner.get("type") in ("integer", "number", "boolean", "array") or "oneOf" in inner or "enum" in inner:
        # They are true of both forms, so they stay outside.
        annotations = {key: inner.pop(key) for key in ("title", "description", "default") if key in inner}
        return {"anyOf": [inner, TEMPLATE], **annotations}
    return inner
