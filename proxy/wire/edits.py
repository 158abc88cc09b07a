"""Applies a guard's edits to a parsed payload: the one place that knows what `drop` and `dependents` mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.wire.jsontext import Editor, Json, loads
from proxy.wire.types import WireError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from proxy.wire.types import Slot


def apply_edits(payload: Json, slots: Sequence[Slot], edits: Mapping[int, str | None]) -> Json:
    """Return the payload with the slots numbered in `edits` changed; the original stays as it is.

    A text becomes the edited text, the empty string for None; that of a JSON value the value it writes. Slots
    to drop lose their member instead. Whatever repeats an edited text in another form becomes an empty list or
    null. Slots outside the payload (no path) are not looked at.
    """
    editor = Editor(payload)
    chosen = [(slots[number], text) for number, text in edits.items() if slots[number].path]
    for slot, text in chosen:
        if slot.is_json:
            editor.set(slot.path, _parsed(text or ""))
        elif not slot.drop:
            editor.set(slot.path, text or "")
    for slot, _ in chosen:
        if slot.empties:
            editor.set(slot.path, [])
        elif slot.drop:
            editor.drop(slot.path)
        for dependent in slot.dependents:
            editor.set(dependent, [] if isinstance(editor.get(dependent), list) else None)
    return editor.value


def _parsed(text: str) -> Json:
    """Return the JSON value that an edited text writes; an empty object for one that was cut by a block."""
    try:
        return loads(text.encode("utf-8")).value
    except WireError:
        return {}
