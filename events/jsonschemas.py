"""JSON Schemas of the events: made from the classes, shipped as `schemas/*.json`, compared with older ones.

`python -m events.jsonschemas` writes the files anew.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from dataclasses import is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from events.schema.envelope import EVENT_TYPES

if TYPE_CHECKING:
    from events.schema.envelope import EventType

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(kind: EventType) -> dict[str, Any]:
    """Return the JSON Schema of a whole event of one type. Unknown members are allowed: versions add some."""
    data = TypeAdapter(kind.data).json_schema(mode="serialization")
    definitions = data.pop("$defs", {})
    definitions[kind.data.__name__] = data
    _describe(kind.data, definitions)
    text = {"type": "string", "minLength": 1}
    return {
        "$schema": _DRAFT,
        "$id": kind.dataschema,
        "title": kind.type,
        "description": (sys.modules[kind.data.__module__].__doc__ or "").partition(": ")[2].strip(),
        "type": "object",
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$"},
            "source": text,
            "type": {"const": kind.type},
            "subject": text,
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "dataschema": {"type": "string", "pattern": f"^urn:sluicegate:schema:{kind.name}:1\\."},
            "partitionkey": text,
            "traceparent": {"type": "string"},
            "data": {"$ref": f"#/$defs/{kind.data.__name__}"},
        },
        "required": ["specversion", "id", "source", "type", "subject", "time", "partitionkey", "data"],
        "$defs": dict(sorted(definitions.items())),
    }


def load_schema(name: str) -> dict[str, Any]:
    """Return the schema file of a type, by its short name. Raises KeyError."""
    if name not in EVENT_TYPES:
        raise KeyError(name)
    loaded: dict[str, Any] = json.loads(files("events").joinpath("schemas", f"{name}.json").read_text("utf-8"))
    return loaded


def breaks(old: Any, new: Any, at: str = "event") -> list[str]:  # noqa: ANN401 - any node of a schema
    """Return what a consumer of `old` could not bear in events of `new`: one sentence for each place.

    Members may be added. None may go, change its type, stop being required, or get a value that was not listed.
    """
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [] if old == new else [f"{at}: {old!r} became {new!r}"]
    found = [
        f"{at}: {key} was {old.get(key)!r} and is {new.get(key)!r}"
        for key in ("type", "const", "pattern", "format", "$ref")
        if old.get(key) != new.get(key)
    ]
    if "enum" in old and (added := set(new.get("enum", ())) - set(old["enum"])):
        found.append(f"{at}: may now be {sorted(map(str, added))}")
    if gone := set(old.get("required", ())) - set(new.get("required", ())):
        found.append(f"{at}: {sorted(gone)} may now be missing")
    for key in ("properties", "$defs"):
        for name, before in old.get(key, {}).items():
            if name not in new.get(key, {}):
                found.append(f"{at}: {name} is gone")
            else:
                found += breaks(before, new[key][name], f"{at}.{name}")
    for key in ("items", "additionalProperties"):
        if key in old:
            found += breaks(old[key], new.get(key, {}), f"{at}[]")
    if "anyOf" in old:
        known = _forms(old)
        found += [f"{at}: may now be {form}" for form in _forms(new) if form not in known]
    return found


def _forms(node: dict[str, Any]) -> list[str]:
    """Return the forms that a member may have, without what is only said about them."""
    words = {"description", "title", "default"}
    forms = [{key: value for key, value in form.items() if key not in words} for form in node.get("anyOf", ())]
    return [json.dumps(form, sort_keys=True) for form in forms]


def _describe(data: type, definitions: dict[str, Any]) -> None:
    """Take the strings under the fields over as descriptions."""
    modules = {sys.modules[one.__module__] for one in _classes(data)}
    for module in modules:
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.ClassDef):
                texts = field_docs(node)
                for definition in _definitions(node.name, definitions):
                    for name, text in texts.items():
                        if name in definition["properties"]:
                            definition["properties"][name].setdefault("description", text)


def _definitions(name: str, definitions: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the definition of a class, or for a base class those that inherit from it."""
    if name in definitions:
        return [definitions[name]]
    return [one for one in definitions.values() if "properties" in one] if name == "PolicyBlock" else []


def _classes(data: type) -> set[type]:
    bases = {base for base in data.__mro__ if is_dataclass(base)}
    hints = inspect.get_annotations(data, eval_str=True).values()
    inner = {part for hint in hints for part in (hint, *getattr(hint, "__args__", ())) if is_dataclass(part)}
    return bases | {one for part in inner if isinstance(part, type) for one in _classes(part)}


def field_docs(node: ast.ClassDef) -> dict[str, str]:
    """Return by field the string that stands under it, on one line."""
    texts = {}
    for field, after in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            texts[field.target.id] = " ".join(str(after.value.value).split())
    return texts


def write_all(folder: Path) -> None:
    """Write the schema file of every type."""
    for name, kind in EVENT_TYPES.items():
        text = json.dumps(schema_of(kind), indent=2) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_all(Path(__file__).parent / "schemas")
