"""Reads a policy file and all that it extends, and lays them on top of each other.

The outcome still is what the files say, each value with its place: what it means is `policies.resolver`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from policies.check import Place, check_node
from policies.document import MAX_FILE_BYTES, MappingNode, Node, ScalarNode, parse, plain
from policies.problems import Problem, did_you_mean, shown
from policies.schema import DetectorFile, LimitsFile, PolicyFile, RuleFile, TestFile
from policies.sources import Source, SourceError, SourceFile, digest_of, find_source, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from policies.sources import Reader

MAX_LAYERS = 10
"""Longest chain of `extends`: beyond it nobody can say what a policy does."""

FILE_PARAMETER = "file"
"""The parameter of detectors that names a file; its path is taken from the folder of the policy."""

RECOGNIZERS_PARAMETER = "recognizers_file"
"""The parameter that names a file of recognizers, which are read with the policy; its path is taken as above."""

WAYS = {
    "replacement": frozenset[str](),
    "mask": frozenset({"keep_first", "keep_last"}),
    "hash": frozenset[str](),
    "encrypt": frozenset[str](),
    "fake": frozenset[str](),
    "restore": frozenset[str](),
}
"""Fields of a rule that say what is written, with those that say more of it. A rule has one of them: giving one
forgets the inherited others and what belongs to these."""
_OF_WAYS = frozenset(WAYS).union(*WAYS.values())
_OF_ACTION = _OF_WAYS | {"message"}
"""Fields that belong to an action: a new action forgets those that are inherited."""


@dataclass(slots=True)
class Given:
    """One value of a file and where it is."""

    value: Any
    place: Place
    node: Node


@dataclass(slots=True)
class Entry:
    """A detector or rule, put together from all layers that mention it."""

    place: Place
    """Of its last mention."""
    fields: dict[str, Given] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Fields with a value that cannot be used; the problem is known already."""
    enabled: bool = True
    later: dict[str, tuple[int, Given]] = field(default_factory=dict)
    """Elements of a list that stand in a file of their own: from which index on, and where."""


@dataclass(slots=True)
class Layers:
    """A policy as its files say it."""

    top: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    detectors: dict[str, Entry] = field(default_factory=dict)
    rules: dict[str, Entry] = field(default_factory=dict)
    tests: list[tuple[TestFile, Place]] = field(default_factory=list)
    """Of the last layer only: what holds for a parent need not hold for its child."""
    problems: list[Problem] = field(default_factory=list)
    files: list[SourceFile] = field(default_factory=list)
    has_rules: bool = False


def read_layers(source: Source, read: Reader, text: bytes | None = None) -> Layers:
    """Read `source`, or take `text` for it, and what it extends. Nothing is raised: see `Layers.problems`."""
    layers = Layers()
    chain: list[tuple[Source, MappingNode]] = []
    wanted: tuple[Source, Place] | None = (source, Place(source.display))
    while wanted is not None:
        current, place = wanted
        node = _read_node(current, place, layers, read, text if not chain else None)
        if node is None:
            break
        chain.append((current, node))
        wanted = _parent(chain, layers)
    for depth, (current, node) in reversed(list(enumerate(chain))):
        _merge(layers, current, node, is_last=depth == 0)
    return layers


def _read_node(
    source: Source, place: Place, layers: Layers, read: Reader, text: bytes | None
) -> MappingNode | None:
    if text is None:
        try:
            text = read_source(source, read)
            layers.files.append(SourceFile(source.path, digest_of(text), MAX_FILE_BYTES))
        except SourceError as error:
            layers.files.append(SourceFile(source.path, "", MAX_FILE_BYTES))
            at_child = place.path != source.display
            said = f"{source.display!r}: {error}" if at_child else str(error)
            layers.problems.append(place.problem(said, keys="extends" if at_child else ""))
            return None
    node, problems = parse(text, source.display)
    layers.problems += problems
    if node is None or isinstance(node, MappingNode):
        return node
    message = "holds no mapping. A policy begins with 'version: 1'."
    layers.problems.append(Place(source.display, node.mark).problem(message))
    return None


def _parent(chain: list[tuple[Source, MappingNode]], layers: Layers) -> tuple[Source, Place] | None:
    """Return what the last file of the chain extends."""
    source, node = chain[-1]
    member = node.members.get("extends")
    if member is None or not isinstance(member.node, ScalarNode) or not isinstance(member.node.value, str):
        return None
    place = Place(source.display, member.key_mark)
    try:
        parent = find_source(member.node.value, source.path.parent)
    except SourceError as error:
        layers.problems.append(place.problem(str(error), keys="extends"))
        return None
    if parent.path.resolve() in [one.path.resolve() for one, _ in chain]:
        trail = " -> ".join([*(one.display for one, _ in chain), parent.display])
        layers.problems.append(place.problem(f"goes round in a circle: {trail}.", keys="extends"))
        return None
    if len(chain) == MAX_LAYERS:
        layers.problems.append(place.problem(f"is the {MAX_LAYERS}th in a row; that is too many.", keys="extends"))
        return None
    return parent, place


def _merge(layers: Layers, source: Source, node: MappingNode, *, is_last: bool) -> None:
    """Lay one file on top of what is there."""
    path = source.display
    checked = check_node(PolicyFile, node, path)
    layers.problems += checked.problems
    for key in checked.given - {"extends", "limits", "detectors", "rules", "tests", "version"}:
        if key != "name" or is_last:
            layers.top[key] = getattr(checked.value, key)
    layers.has_rules |= "rules" in node.members
    sections = {key: member.node for key, member in node.members.items() if key not in checked.broken}
    if (limits := sections.get("limits")) is not None:
        found = check_node(LimitsFile, limits, path, "limits")
        layers.problems += found.problems
        layers.limits.update({key: getattr(found.value, key) for key in found.given})
    _merge_detectors(layers, source, sections.get("detectors"))
    _merge_rules(layers, path, sections.get("rules"))
    if is_last:
        _take_tests(layers, path, sections.get("tests"))


def _merge_detectors(layers: Layers, source: Source, section: Node | None) -> None:
    members = section.members if isinstance(section, MappingNode) else {}
    for name, (mark, node) in members.items():
        place = Place(source.display, mark, f'detector "{name}"')
        if not isinstance(node, MappingNode):
            message = f"{shown(plain(node))} is not a mapping. Write {{type: ...}}."
            layers.problems.append(place.problem(message))
            layers.detectors.setdefault(name, Entry(place)).broken.add("type")
            continue
        common = MappingNode({k: m for k, m in node.members.items() if k in DetectorFile.model_fields}, node.mark)
        checked = check_node(DetectorFile, common, source.display, place.trail)
        layers.problems += checked.problems
        entry = layers.detectors.get(name)
        is_known, changes_type = entry is not None, "type" in checked.given
        if entry is None or (changes_type and not _has_type(entry, checked.value)):
            entry = layers.detectors[name] = Entry(place)
        entry.place = place
        entry.broken |= checked.broken
        entry.enabled = checked.value.enabled if checked.value is not None else True
        if not entry.enabled and not is_known and not changes_type:
            layers.problems.append(place.problem(_drops_nothing("detector", name, layers.detectors)))
        entry.fields.update(_given(node, source.display, place.trail, skip={"enabled"}, folder=source.path.parent))


def _has_type(entry: Entry, found: DetectorFile | None) -> bool:
    return found is not None and "type" in entry.fields and entry.fields["type"].value == found.type


def _merge_rules(layers: Layers, path: str, section: Node | None) -> None:
    seen: dict[str, int] = {}
    items = getattr(section, "items", ())
    for number, node in enumerate(items, 1):
        trail = f"rule {_name_of(node, 'id', number)}"
        checked = check_node(RuleFile, node, path, trail)
        layers.problems += checked.problems
        if checked.value is None or not isinstance(node, MappingNode):
            continue
        rule_id, place = checked.value.id, Place(path, node.mark, trail)
        if rule_id in seen:
            message = f"has the id of the rule in line {seen[rule_id]}. Give each rule its own."
            layers.problems.append(Place(path, node.members["id"].key_mark, trail).problem(message, keys="id"))
            continue
        seen[rule_id] = node.mark.line
        _merge_rule(layers, place, node, checked.value, checked.broken)


def _merge_rule(layers: Layers, place: Place, node: MappingNode, found: RuleFile, broken: frozenset[str]) -> None:
    entry = layers.rules.get(found.id)
    if entry is None:
        if not found.enabled and not node.members.keys() & {"detector", "action"}:
            layers.problems.append(place.problem(_drops_nothing("rule", found.id, layers.rules)))
            return
        entry = layers.rules[found.id] = Entry(place)
    given = _given(node, place.path, place.trail, skip={"enabled", "id", *broken})
    for key in given:
        given[key].value = getattr(found, key, None)
    given = {key: one for key, one in given.items() if key in RuleFile.model_fields}
    ways = WAYS.keys() & given.keys()
    forgotten = set(_OF_WAYS.difference(*(WAYS[way] for way in ways))) if ways else set()
    old_action = entry.fields.get("action")
    if "action" in given and (old_action is None or old_action.value != given["action"].value):
        forgotten.update(_OF_ACTION)
    for key in forgotten:
        entry.fields.pop(key, None)
    entry.place, entry.enabled = place, found.enabled
    entry.broken = (entry.broken - given.keys()) | broken
    entry.fields.update(given)


def _take_tests(layers: Layers, path: str, section: Node | None) -> None:
    for number, node in enumerate(getattr(section, "items", ()), 1):
        trail = f"test {_name_of(node, 'name', number)}"
        checked = check_node(TestFile, node, path, trail)
        layers.problems += checked.problems
        if checked.value is not None and not checked.problems:
            layers.tests.append((checked.value, Place(path, node.mark, trail)))


def _given(
    node: MappingNode, path: str, trail: str, skip: set[str], folder: Path | None = None
) -> dict[str, Given]:
    found = {}
    for key, (mark, value_node) in node.members.items():
        if key in skip:
            continue
        value = plain(value_node)
        if key in {FILE_PARAMETER, RECOGNIZERS_PARAMETER} and folder is not None and isinstance(value, str):
            value = str(folder / value)
        found[key] = Given(value, Place(path, mark, trail), value_node)
    return found


def _name_of(node: Node, key: str, number: int) -> str:
    """Return how messages name an entry of a list: by its name in quotes, else by its number."""
    member = node.members.get(key) if isinstance(node, MappingNode) else None
    if member is not None and isinstance(member.node, ScalarNode) and isinstance(member.node.value, str):
        return f'"{member.node.value[:64]}"'
    return f"number {number}"


def _drops_nothing(what: str, name: str, known: Iterable[str]) -> str:
    others = [one for one in known if one != name]
    return f"'enabled: false' drops a {what} of the policy that is extended, and it has none called {name!r}." + (
        did_you_mean(name, others)
    )
