"""Writes docs/leak-surface.md: every field in which an SDK reads text, and how it is guarded.

Run as `python -m tests.leaks.surface`, by `make leak-surface`.
"""

from __future__ import annotations

from pathlib import Path

from tests.leaks.subjects import REQUESTS, SUBJECTS
from tests.leaks.sweep import fields_of, is_credential, passing, treatment

_HEAD = """# Leak surface

Every field in which an official SDK can read text of an answer, and how the proxy reads it.
Written by `make leak-surface` from the types of the SDKs; a test fails when it is out of date.

Each field is swept with a canary as text, as an id, as base64, as bytes, and in an object where text should be.
Each object is swept with members that nobody knows.
A canary that comes out without having been judged fails the build.

What the second column says:

- the kind of the channel that the text is judged in;
- whether it is a piece of a growing text (`append`), the whole of an earlier text once more (`repeat`),
  or complete in itself (`constant`);
- *goes when it is edited*: a finding takes the whole member out;
- *taken out*: the member never reaches a client.
"""


_REQUESTS = """## Requests

Each field of a request is swept in the same way, under a rule that blocks.
What is listed here goes on to the model without having been judged:
settings that look like an id (letters, digits and a few signs, no blank),
lists of token ids, which only the model can read,
and keys with which the model API is to use other services for the client.
"""


def surface() -> str:
    """Return the whole page."""
    parts = [_HEAD]
    for name, subject in SUBJECTS.items():
        rows = sorted({(field.name, treatment(subject, field)) for field in fields_of(subject)})
        parts.append(f"## {name}\n\nDialect `{subject.dialect}`, {subject.fields} fields.\n")
        parts.append("| field | read as |\n|---|---|")
        parts += [f"| `{field}` | {how} |" for field, how in rows]
        parts.append("")
    parts.append(_REQUESTS)
    for name, subject in REQUESTS.items():
        found = passing(subject)
        keys = sorted({place for places in found.values() for place in places if is_credential(place)})
        settings = ", ".join(f"`{place}`" for place in found.get("id", []) if place not in keys) or "none"
        tokens = ", ".join(f"`{place}`" for place in found.get("bytes", [])) or "none"
        parts.append(f"### {name}\n\nDialect `{subject.dialect}`, {subject.fields} fields.\n")
        parts.append(f"- Settings: {settings}.\n- Token ids: {tokens}.\n")
        if keys:
            parts.append(f"- Keys for other services: {', '.join(f'`{key}`' for key in keys)}.\n")
    return "\n".join(parts)


if __name__ == "__main__":
    Path("docs/leak-surface.md").write_text(surface(), encoding="utf-8")
