"""Puts the recognizers of a file in Presidio's format in their place in a detector, with the lines they stand in.

What a recognizer may say is `detectors.pii.recognizer_params`'s; here is only what the file says of all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from policies.check import Place, check_node
from policies.document import MAX_FILE_BYTES, ListNode, MappingNode, parse
from policies.layers import RECOGNIZERS_PARAMETER, Given
from policies.sources import Source, SourceError, SourceFile, digest_of, read_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.layers import Entry
    from policies.problems import Problem
    from policies.sources import Reader

LIST = "recognizers"
_FLAGS = "global_regex_flags"


class RecognizersFile(BaseModel):
    """A configuration of recognizers as Presidio reads one."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)

    recognizers: Annotated[list[Any], Field(min_length=1)]
    global_regex_flags: int | None = None
    """For those that say none of their own."""
    supported_languages: list[str] | None = None
    """Presidio's: here a recognizer looks at every text, and the detector says which languages' words count."""


class Inlined(NamedTuple):
    """A detector's parameters after its file was read."""

    given: Mapping[str, Any]
    files: Sequence[SourceFile] = ()
    problems: Sequence[Problem] = ()


def inline_recognizers(entry: Entry, given: Mapping[str, Any], read: Reader) -> Inlined:
    """Return parameters with the recognizers of the file behind the policy's; `entry` is told their lines."""
    named = given.get(RECOGNIZERS_PARAMETER)
    own = given.get(LIST, [])
    if not isinstance(named, str) or not isinstance(own, list):
        return Inlined(given)
    path, place = Path(named), entry.fields[RECOGNIZERS_PARAMETER].place
    try:
        text = read_source(Source(path, named), read)
    except SourceError as error:
        problem = place.problem(f"{named!r}: {error}", keys=RECOGNIZERS_PARAMETER)
        return Inlined(given, [SourceFile(path, "", MAX_FILE_BYTES)], [problem])
    files = [SourceFile(path, digest_of(text), MAX_FILE_BYTES)]
    node, problems = parse(text, named)
    if node is not None:
        checked = check_node(RecognizersFile, node, named, place.trail)
        problems += checked.problems
    if problems or node is None or checked.value is None or not isinstance(node, MappingNode):
        return Inlined(given, files, problems)
    found = checked.value
    listed = node.members[LIST].node
    assert isinstance(listed, ListNode)  # noqa: S101 - it was checked to be one
    entry.later[LIST] = (len(own), Given(found.recognizers, Place(named, listed.mark, place.trail), listed))
    kept = {key: value for key, value in given.items() if key != RECOGNIZERS_PARAMETER}
    return Inlined({**kept, LIST: [*own, *(_with_flags(one, found) for one in found.recognizers)]}, files)


def _with_flags(one: object, found: RecognizersFile) -> object:
    if not isinstance(one, dict) or found.global_regex_flags is None:
        return one
    return {_FLAGS: found.global_regex_flags, **one}
