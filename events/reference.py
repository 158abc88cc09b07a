"""The reference of the events in the docs, made from the JSON Schemas.

`python -m events.reference PAGE` renews it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from events.jsonschemas import load_schema
from events.schema.envelope import EVENT_TYPES

BEGIN: Final = "<!-- reference: made by python -m events.reference -->"
END: Final = "<!-- end of reference -->"


def render() -> str:
    """Return the reference in Markdown: a table for each type of event."""
    parts = []
    for name, kind in EVENT_TYPES.items():
        schema = load_schema(name)
        rows = "\n".join(_rows(schema["$defs"], kind.data.__name__, ""))
        parts.append(
            f"### {name}\n\n`type` is `{kind.type}`, the topic `sluicegate.{kind.topic}`:"
            f" {schema['description']}\n\n| member of `data` | type | meaning |\n|---|---|---|\n{rows}\n"
        )
    return "\n".join(parts)


def renewed(page: str) -> str:
    """Return a page with its reference made anew. Raises ValueError when one of the two marks is missing."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} or no {END}")
    return f"{head}{BEGIN}\n\n{render()}\n{END}{tail}"


def _rows(definitions: dict[str, Any], name: str, prefix: str) -> list[str]:
    rows = []
    for key, node in definitions[name]["properties"].items():
        reference = _reference(node)
        if reference is None:
            rows.append(f"| `{prefix}{key}` | {_type(node)} | {node.get('description', '')} |")
            continue
        inner, suffix = reference
        text = node.get("description") or definitions[inner].get("description", "")
        rows.append(f"| `{prefix}{key}{suffix}` | {_type(node)} | {text} |")
        rows += _rows(definitions, inner, f"{prefix}{key}{suffix}.")
    return rows


def _reference(node: dict[str, Any]) -> tuple[str, str] | None:
    """Return the name of the definition that a member points at, and `[]` for a list."""
    for form in (node, *node.get("anyOf", ())):
        if "$ref" in form:
            return form["$ref"].rpartition("/")[2], ""
    item = node.get("items", {})
    return (item["$ref"].rpartition("/")[2], "[]") if "$ref" in item else None


def _type(node: dict[str, Any]) -> str:
    if "anyOf" in node:
        return " or ".join(_type(form) for form in node["anyOf"])
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "$ref" in node:
        return "object"
    return str(node.get("type", "any"))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(renewed(path.read_text("utf-8")), "utf-8")
