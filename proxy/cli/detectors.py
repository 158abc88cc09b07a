"""The command `sluicegate detectors`: what detectors exist, and how each is set up."""

from __future__ import annotations

from difflib import get_close_matches
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from detectors.registry import DETECTOR_TYPES, detector_type
from detectors.types import DetectorConfigError
from proxy.cli.errors import CommandError, ExitCode
from proxy.cli.terminal import console, write, write_json

if TYPE_CHECKING:
    from detectors.registry import DetectorType
    from detectors.types import CostClass, Detector, Stability

FROM_POLICY = "named in the policy"

MODEL_TYPE = "toxicity"
"""The type with a bundled model, whose card is shown as well."""

SMALLEST_PARAMETERS: dict[str, dict[str, Any]] = {
    "keywords": {"words": ["example"]},
    "patterns": {"patterns": {"EXAMPLE": "example"}},
}
"""What types are built with to be asked about themselves, where they have parameters without a default."""


def run_detectors(name: str | None, *, as_json: bool) -> int:
    """Show all detector types, or one with its parameters. Raises `CommandError` for an unknown name."""
    if name is not None and name not in DETECTOR_TYPES:
        known = ", ".join(DETECTOR_TYPES)
        close = get_close_matches(name, DETECTOR_TYPES, 1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise CommandError(f"There is no detector type '{name}'. Known are {known}.{hint}")
    described = [describe(detector_type(one)) for one in ([name] if name is not None else DETECTOR_TYPES)]
    if name == MODEL_TYPE:
        from detectors.toxicity import sources  # noqa: PLC0415 - only for this type
        from proxy.cli.model_card import measured  # noqa: PLC0415

        described[0]["measured"] = measured(sources.BUNDLED)
    if as_json:
        write_json(described if name is None else described[0], indent=2)
    elif name is None:
        _show_all(described)
    else:
        _show_one(described[0])
    return ExitCode.OK


def describe(kind: DetectorType) -> dict[str, Any]:
    """Return what there is to know about a detector type, as JSON values.

    `categories` is null for a type whose categories the policy names, such as `patterns`.
    """
    about: dict[str, Any] = {"name": kind.name, "summary": kind.summary, **_as_built(kind)}
    schema = kind.params.model_json_schema()
    required = set(schema.get("required", ()))
    about["parameters"] = [
        _parameter(kind, name, entry, schema.get("$defs", {}), required=name in required)
        for name, entry in schema.get("properties", {}).items()
    ]
    return about


def _as_built(kind: DetectorType) -> dict[str, Any]:
    """Return what one says of itself when it is built, with as few parameters as it takes."""
    sample = SMALLEST_PARAMETERS.get(kind.name)
    try:
        detector = kind.build(kind.name, kind.params.model_validate(sample or {}))
    except DetectorConfigError as error:  # a model that is not installed: the parameters are of use all the same
        if kind.detector is None:
            raise
        return {**_nature(kind.detector), "categories": None, "problem": str(error)}
    return {**_nature(detector), "categories": list(detector.categories) if sample is None else None}


def _nature(detector: Detector | type[Detector]) -> dict[str, Any]:
    return {
        "stability": cast("Stability", detector.stability).value,
        "cost_class": cast("CostClass", detector.cost_class).value,
    }


def _parameter(
    kind: DetectorType, name: str, entry: dict[str, Any], defs: dict[str, Any], *, required: bool
) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": name, "type": type_words(entry, defs), "required": required}
    if not required:
        default = kind.params.model_fields[name].get_default(call_default_factory=True, validated_data={})
        shown["default"] = default.value if isinstance(default, Enum) else default
    shown["description"] = " ".join(str(entry.get("description", "")).split())
    return shown


def type_words(entry: dict[str, Any], defs: dict[str, Any]) -> str:
    """Say a JSON Schema type in words: `list of string`, `integer or null`."""
    if "$ref" in entry:
        return type_words(defs[entry["$ref"].rpartition("/")[2]], defs)
    if "enum" in entry:
        return " | ".join(str(value) for value in entry["enum"])
    if "const" in entry:
        return str(entry["const"])
    for union in ("anyOf", "oneOf", "allOf"):
        if union in entry:
            return " or ".join(dict.fromkeys(type_words(one, defs) for one in entry[union]))
    return _plain_type_words(entry, defs)


def _plain_type_words(entry: dict[str, Any], defs: dict[str, Any]) -> str:
    kind = str(entry.get("type", "any"))
    values = entry.get("additionalProperties")
    if kind == "array":
        return f"list of {type_words(entry.get('items', {}), defs)}"
    if kind == "object":
        return f"mapping of {type_words(values, defs)}" if isinstance(values, dict) else "mapping"
    return kind


def _show_all(described: list[dict[str, Any]]) -> None:
    from rich.table import Table  # noqa: PLC0415 - only where a table is drawn

    table = Table(
        "type", "cost class", "categories", "what it finds", box=None, header_style="bold", padding=(0, 2, 1, 0)
    )
    for about in described:
        table.add_row(about["name"], about["cost_class"], _category_words(about), about["summary"])
    console().print(table)
    write("`sluicegate detectors NAME` shows the parameters of one.\n")


def _category_words(about: dict[str, Any]) -> str:
    categories = about["categories"]
    if "problem" in about:
        return "needs an extra"
    return FROM_POLICY if not categories else str(len(categories))


def _show_one(about: dict[str, Any]) -> None:
    from rich.table import Column, Table  # noqa: PLC0415 - only where a table is drawn

    out = console()
    out.print(f"{about['name']}: {about['summary']}", soft_wrap=False)
    if "problem" in about:
        out.print(f"without parameters it cannot be built: {about['problem']}")
    out.print(f"stability: {about['stability']}; cost class: {about['cost_class']}")
    out.print(f"categories: {', '.join(about['categories']) if about['categories'] else FROM_POLICY}")
    widest = max(len(one["name"]) for one in about["parameters"])
    first = Column("parameter", no_wrap=True, min_width=widest)
    table = Table(first, "type", "default", "meaning", box=None, header_style="bold", padding=(0, 2, 0, 0))
    for one in about["parameters"]:
        default = "(required)" if one["required"] else _default_words(one["default"])
        table.add_row(one["name"], one["type"], default, one["description"])
    out.print()
    out.print(table)
    if about.get("measured"):
        from proxy.cli.model_card import show_measured  # noqa: PLC0415 - only for a model

        show_measured(about["measured"])


def _default_words(value: object) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
