"""The JSON Schemas: as the classes, true of events, and compatible with every older one."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from events.codec import encode
from events.jsonschemas import breaks, load_schema, schema_of, write_all
from events.schema.envelope import EVENT_TYPES, Event
from tests.support.events import all_events

OLDER = sorted(Path(__file__).parent.glob("schemas_*/*.json"))


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_the_files_are_as_the_classes(name: str, tmp_path: Path) -> None:
    """After a change: python -m events.jsonschemas."""
    write_all(tmp_path)
    assert json.loads((tmp_path / f"{name}.json").read_text()) == load_schema(name)
    Draft202012Validator.check_schema(load_schema(name))


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_member_is_described(name: str) -> None:
    schema = schema_of(EVENT_TYPES[name])
    missing = [
        f"{owner}.{key}"
        for owner, definition in schema["$defs"].items()
        for key, node in definition["properties"].items()
        if "$ref" not in node and "description" not in node
    ]
    assert missing == []


@pytest.mark.parametrize("event", all_events(), ids=lambda event: event.kind.name)
def test_events_are_valid_and_broken_ones_are_not(event: Event) -> None:
    validator = Draft202012Validator(load_schema(event.kind.name))
    wire = orjson.loads(encode(event))
    assert list(validator.iter_errors(wire)) == []
    wire["data"]["schema_version"] = 1
    assert len(list(validator.iter_errors(wire))) == 1


@pytest.mark.parametrize("path", OLDER, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_consumers_of_older_schemas_can_read_new_events(path: Path) -> None:
    """Within one `type`, members are only added."""
    assert len(OLDER) >= len(EVENT_TYPES)
    assert breaks(json.loads(path.read_text()), load_schema(path.stem)) == []


def _change(path: str, value: Any) -> dict[str, Any]:
    schema = copy.deepcopy(load_schema("incident"))
    *way, last = path.split("/")
    node: Any = schema
    for key in way:
        node = node[key]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return schema


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("$defs/FindingBlock/properties/category", None, "category is gone"),
        ("$defs/FindingBlock/properties/category/type", "integer", "type was 'string' and is 'integer'"),
        ("$defs/FindingBlock/required", ["category"], "may now be missing"),
        ("$defs/ActionBlock/properties/type/enum", ["allow", "vanish"], "may now be ['vanish']"),
        ("$defs/FindingBlock/properties/score/anyOf", [{"type": "string"}], "may now be"),
        ("properties/type/const", "dev.sluicegate.incident.v2", "const was"),
    ],
)
def test_a_change_that_breaks_consumers_is_found(path: str, value: Any, said: str) -> None:
    found = breaks(load_schema("incident"), _change(path, value))
    assert len(found) >= 1
    assert said in found[0]


def test_an_addition_breaks_nobody() -> None:
    schema = _change("$defs/FindingBlock/properties/invented", {"type": "string"})
    assert breaks(load_schema("incident"), schema) == []


def test_there_is_no_schema_of_another_name() -> None:
    with pytest.raises(KeyError):
        load_schema("../../secrets")
