"""Turns the layers of a policy into rules and detectors, and finds what does not fit together.

Everything that is wrong is reported at once, at its place in the file it comes from. It reads no file itself, but
for those that a detector's own parameters name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from detectors.registry import DETECTOR_TYPES, detector_type
from detectors.types import DetectorConfigError
from detectors.views.catalogue import views_of
from detectors.views.names import DEFAULT_VIEWS, View
from policies.check import keys_of, message_of, not_one_of, unknown_key, validated
from policies.document import MappingNode, mark_of
from policies.encryption import HINT, KEYS_VARIABLE
from policies.fakes import FakerMissingError, locales, pools_for
from policies.layers import FILE_PARAMETER, RECOGNIZERS_PARAMETER, WAYS, Entry
from policies.problems import Problem, did_you_mean, shown
from policies.recognizers_file import inline_recognizers
from policies.restoring import RESTORER
from policies.sources import MAX_WORD_FILE_BYTES, SourceFile, stamp
from policies.types import Action, Direction, Limits, Mode, OnError, PolicyTest, Rule, TokenDetails

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.types import Advice, Detector
    from policies.check import Loc, Place
    from policies.fakes import Pools
    from policies.layers import Layers
    from policies.sources import Reader

_COMMON = frozenset({"type", "enabled"})
_DIRECTIONS = {
    "response": frozenset({Direction.RESPONSE}),
    "request": frozenset({Direction.REQUEST}),
    "both": frozenset(Direction),
}
_ACTIONS_OF_FIELD = {
    "replacement": (Action.REDACT, Action.REWRITE),
    "mask": (Action.REDACT,),
    "keep_first": (Action.REDACT,),
    "keep_last": (Action.REDACT,),
    "hash": (Action.REDACT,),
    "encrypt": (Action.REDACT,),
    "fake": (Action.REDACT,),
    "restore": (Action.REDACT,),
    "message": (Action.BLOCK,),
    "allow_echo": (Action.FLAG, Action.REDACT, Action.REWRITE, Action.BLOCK),
}
"""With which actions a field of a rule means anything."""


@dataclass(frozen=True, slots=True)
class Configured:
    """A detector's parameters, checked against its type."""

    type: str
    given: Mapping[str, Any]
    """As written."""
    params: BaseModel
    """With every default."""


@dataclass(slots=True)
class Parts:
    """What a policy is put together from."""

    mode: Mode = Mode.ENFORCE
    on_error: OnError = OnError.BLOCK
    limits: Limits = field(default_factory=Limits)
    configured: dict[str, Configured] = field(default_factory=dict)
    views: frozenset[View] = frozenset(DEFAULT_VIEWS)
    token_details: TokenDetails = TokenDetails.WITH_TEXT
    detectors: dict[str, Detector] = field(default_factory=dict)
    viewing: dict[str, tuple[Detector, ...]] = field(default_factory=dict)
    fakes: dict[str, Pools] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    tests: list[PolicyTest] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    advice: list[Problem] = field(default_factory=list)
    """What had better be changed, though it can be used."""
    files: list[SourceFile] = field(default_factory=list)


def resolve_layers(layers: Layers, read: Reader) -> Parts:
    """Put a policy together. When `problems` is not empty the rest is not to be used."""
    parts = Parts(
        mode=layers.top.get("mode", Mode.ENFORCE),
        on_error=layers.top.get("on_error", OnError.BLOCK),
        limits=_limits(layers.limits),
        views=frozenset(layers.top.get("views", DEFAULT_VIEWS)),
        token_details=layers.top.get("token_details", TokenDetails.WITH_TEXT),
        problems=list(layers.problems),
        files=list(layers.files),
    )
    for name, entry in layers.detectors.items():
        if entry.enabled:
            _configure(parts, name, entry, read)
    enabled = {rule_id: entry for rule_id, entry in layers.rules.items() if entry.enabled}
    used = {one.value for entry in enabled.values() if (one := entry.fields.get("detector")) is not None}
    for name in parts.configured:
        if name in used:
            _build(parts, name, layers.detectors[name])
    for rule_id, entry in enabled.items():
        _check_rule(parts, rule_id, entry, layers)
    for test, place in layers.tests:
        if test.expect.output is not None and test.expect.output_matches is not None:
            message = "cannot stand beside 'output'. Keep one of them."
            parts.problems.append(place.problem(message, keys="expect.output_matches"))
        parts.tests.append(_test(test, place))
    return parts


def _limits(given: Mapping[str, Any]) -> Limits:
    return Limits(
        deadline_s=given.get("deadline", Limits().deadline_s),
        max_hold_s=given.get("max_hold", Limits().max_hold_s),
        max_hold_chars=given.get("max_hold_chars", Limits().max_hold_chars),
    )


def _configure(parts: Parts, name: str, entry: Entry, read: Reader) -> None:
    """Check a detector's type and parameters."""
    if name == RESTORER:
        parts.problems.append(entry.place.problem("is a name of our own. Choose another one."))
        return
    if "type" in entry.broken:
        return
    given_type = entry.fields.get("type")
    known = ", ".join(DETECTOR_TYPES)
    if given_type is None:
        parts.problems.append(entry.place.problem(f"'type' is missing. Types: {known}."))
        return
    type_name = str(given_type.value)
    if type_name not in DETECTOR_TYPES:
        hint = did_you_mean(type_name, DETECTOR_TYPES) or f" Types: {known}."
        parts.problems.append(
            given_type.place.problem(f"there is no detector type {type_name!r}.{hint}", keys="type")
        )
        return
    given: Mapping[str, Any] = {key: one.value for key, one in entry.fields.items() if key not in _COMMON}
    model = detector_type(type_name).params
    if RECOGNIZERS_PARAMETER in model.model_fields:
        given, files, problems = inline_recognizers(entry, given, read)
        parts.files += files
        parts.problems += problems
        if problems:
            return
    try:
        params = validated(model, given)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            parts.problems.append(_parameter_problem(entry, detail["loc"], _parameter_message(model, detail)))
        return
    parts.configured[name] = Configured(type_name, given, params)
    if isinstance(path := given.get(FILE_PARAMETER), str):
        parts.files.append(stamp(Path(path), read, MAX_WORD_FILE_BYTES))


def _parameter_message(model: type[BaseModel], detail: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    if detail["type"] == "extra_forbidden" and len(detail["loc"]) == 1:
        return unknown_key(str(detail["loc"][0]), ["type", "enabled", *model.model_fields])
    return message_of(model, detail)


def _parameter_problem(entry: Entry, loc: Loc, message: str) -> Problem:
    """Return a problem with a parameter, at the line that gives it, in whichever file that is."""
    given = entry.fields.get(str(loc[0])) if loc else None
    first, later = entry.later.get(str(loc[0]), (0, None)) if loc else (0, None)
    if later is not None and len(loc) > 1 and isinstance(loc[1], int) and loc[1] >= first:
        given, loc = later, (loc[0], loc[1] - first, *loc[2:])
    if given is None:
        return entry.place.problem(message)
    path, line, column = given.place.path, *given.place.mark
    mark = mark_of(given.node, loc[1:])
    if mark != given.node.mark:
        line, column = mark
    below = keys_of(given.node, loc[1:])
    joint = "." if below and isinstance(given.node, MappingNode) else ""
    keys = "" if message.startswith("unknown key") else f"{loc[0]}{joint}{below}: "
    return Problem(path, line, column, f"{entry.place.trail}: {keys}{message}")


def _build(parts: Parts, name: str, entry: Entry) -> None:
    configured = parts.configured[name]
    try:
        detector = detector_type(configured.type).build(name, configured.params)
    except DetectorConfigError as error:
        parts.problems.append(_parameter_problem(entry, error.loc, str(error)))
        return
    parts.detectors[name] = detector
    advice: tuple[Advice, ...] = getattr(detector, "advice", ())
    parts.advice += [_parameter_problem(entry, one.loc, one.message) for one in advice]
    parts.viewing[name] = views_of(detector, configured.type, parts.views)


def _check_rule(parts: Parts, rule_id: str, entry: Entry, layers: Layers) -> None:
    """Check a rule against its detector, and keep it."""
    for key in ("detector", "action"):
        if key not in entry.fields and key not in entry.broken:
            inherited = [one for one in layers.rules if one != rule_id]
            parts.problems.append(entry.place.problem(f"{key!r} is missing.{did_you_mean(rule_id, inherited)}"))
    _check_detector_name(parts, rule_id, entry, layers)
    _check_useless(parts, entry)
    if not {"detector", "action"} <= entry.fields.keys():
        return
    rule = _rule(rule_id, entry, parts.on_error)
    detector = parts.detectors.get(rule.detector)
    if detector is not None:
        _check_categories(parts, entry, detector)
        _check_channels(parts, rule, entry, detector)
        _check_width(parts, rule, entry, detector)
        _check_kept(parts, rule, entry, detector)
        _make_fakes(parts, rule, entry, detector)
    parts.rules.append(rule)


def _check_detector_name(parts: Parts, rule_id: str, entry: Entry, layers: Layers) -> None:
    given = entry.fields.get("detector")
    if given is None:
        return
    declared = layers.detectors.get(given.value)
    if declared is None:
        known = [name for name, one in layers.detectors.items() if one.enabled]
        hint = did_you_mean(given.value, known) or f" Declared: {', '.join(known) or 'none'}."
        message = f"{shown(given.value)} is not declared under 'detectors'.{hint}"
        parts.problems.append(given.place.problem(message, keys="detector"))
    elif not declared.enabled:
        message = f"is dropped, but rule {rule_id!r} uses it. Drop that rule too, with 'enabled: false'."
        parts.problems.append(declared.place.problem(message))


def _check_useless(parts: Parts, entry: Entry) -> None:
    """Find fields that do nothing with the rule's action, and fields that exclude each other."""
    action = entry.fields.get("action")
    for key, actions in _ACTIONS_OF_FIELD.items():
        given = entry.fields.get(key)
        if action is not None and given is not None and action.value not in actions:
            allowed = " or ".join(actions)
            message = f"does nothing with 'action: {action.value}', only with {allowed}. Remove it."
            parts.problems.append(given.place.problem(message, keys=key))
    _check_directions(parts, entry)
    ways = [key for key in WAYS if key in entry.fields and entry.fields[key].value]
    for extra in ways[1:]:
        message = f"cannot stand beside {ways[0]!r}. Keep one of them."
        parts.problems.append(entry.fields[extra].place.problem(message, keys=extra))
    for way, belonging in WAYS.items():
        for key in sorted(belonging & entry.fields.keys()):
            if way not in ways and way not in entry.broken:
                message = f"needs {way!r} beside it. Give that too, or remove this."
                parts.problems.append(entry.fields[key].place.problem(message, keys=key))


def _check_directions(parts: Parts, entry: Entry) -> None:
    given, direction = entry.fields.get("restore"), entry.fields.get("direction")
    if given is not None and given.value and (direction is None or direction.value == "response"):
        message = "needs a request to take values out of. Say 'direction: request' or 'direction: both'."
        parts.problems.append(given.place.problem(message, keys="restore"))
    echo = entry.fields.get("allow_echo")
    if echo is not None and echo.value and direction is not None and direction.value == "request":
        message = "does nothing with 'direction: request': it is the answer that says something again. Remove it."
        parts.problems.append(echo.place.problem(message, keys="allow_echo"))


def _check_categories(parts: Parts, entry: Entry, detector: Detector) -> None:
    given = entry.fields.get("categories")
    for index, category in enumerate(given.value if given is not None else ()):
        if given is not None and category not in detector.categories:
            message = not_one_of(category, detector.categories)
            mark = mark_of(given.node, (index,))
            problem = Problem(given.place.path, *mark, f"{given.place.trail}: categories[{index}]: {message}")
            parts.problems.append(problem)


def _check_channels(parts: Parts, rule: Rule, entry: Entry, detector: Detector) -> None:
    given = entry.fields.get("channels")
    if given is None:
        return
    for channel in sorted(set(given.value) - detector.kinds):
        seen = ", ".join(sorted(detector.kinds))
        message = f"detector {rule.detector!r} does not look at {channel.value!r}, only at {seen}."
        parts.problems.append(given.place.problem(message, keys="channels"))


def _check_width(parts: Parts, rule: Rule, entry: Entry, detector: Detector) -> None:
    limit = parts.limits.max_hold_chars
    if rule.action.holds and parts.mode is Mode.ENFORCE and detector.max_span > limit:
        message = (
            f"detector {rule.detector!r} can find spans of {detector.max_span} characters, but only {limit} may be "
            f"held. Set limits.max_hold_chars to at least {detector.max_span}, or make what it finds shorter."
        )
        parts.problems.append(entry.fields["detector"].place.problem(message, keys="detector"))


def _check_kept(parts: Parts, rule: Rule, entry: Entry, detector: Detector) -> None:
    kept = rule.keep_first + rule.keep_last
    if kept and kept >= detector.max_span:
        key = "keep_last" if rule.keep_last else "keep_first"
        message = (
            f"{kept} characters would stay of what detector {rule.detector!r} finds, which has {detector.max_span} "
            "at most: nothing would be masked. Keep fewer."
        )
        parts.problems.append(entry.fields[key].place.problem(message, keys=key))


def _make_fakes(parts: Parts, rule: Rule, entry: Entry, detector: Detector) -> None:
    """Make the names that a rule writes in place of others."""
    if not rule.fake:
        return
    categories = detector.categories if rule.categories is None else rule.categories
    try:
        pools = pools_for(rule.fake, categories)
    except FakerMissingError:
        message = "needs Faker for names and locales. Install it with: pip install 'sluicegate[fake]'"
    except ValueError:
        hint = did_you_mean(rule.fake, locales()) or " They are Faker's, as en_US, de_DE or fr_FR."
        message = f"there is no locale {rule.fake!r}.{hint}"
    else:
        parts.fakes[rule.fake] = max(parts.fakes.get(rule.fake, pools), pools, key=lambda one: len(one.first))
        return
    parts.problems.append(entry.fields["fake"].place.problem(message, keys="fake"))


def _rule(rule_id: str, entry: Entry, on_error: OnError) -> Rule:
    """Fill in the defaults."""
    said = {key: given.value for key, given in entry.fields.items()}
    rule = Rule(id=rule_id, detector=said["detector"], action=said["action"])
    return Rule(
        id=rule.id,
        detector=rule.detector,
        action=rule.action,
        categories=frozenset(said["categories"]) if "categories" in said else None,
        min_score=said.get("min_score", rule.min_score),
        directions=_DIRECTIONS[said.get("direction", "response")],
        channels=frozenset(said["channels"]) if "channels" in said else None,
        replacement=said.get("replacement"),
        mask=said.get("mask"),
        keep_first=said.get("keep_first", 0),
        keep_last=said.get("keep_last", 0),
        hash=said.get("hash", False),
        encrypt=said.get("encrypt", False),
        fake=said.get("fake", ""),
        restore=said.get("restore", False),
        allow_echo=said.get("allow_echo", False),
        message=said.get("message", rule.message),
        on_error=said.get("on_error", on_error),
    )


def _test(test: Any, place: Place) -> PolicyTest:  # noqa: ANN401 - the schema's TestFile
    return PolicyTest(
        name=test.name,
        text=test.text,
        action=test.expect.action,
        output=test.expect.output,
        output_matches=test.expect.output_matches,
        direction=test.direction,
        channel=test.channel,
        line=place.mark.line,
    )


def keys_missing(layers: Layers) -> Sequence[Problem]:
    """Return the problems of rules that encrypt where there is no key."""
    where = f"with --encrypt-key, or encrypt_key in the settings, or set {KEYS_VARIABLE}"
    message = f"needs a key. Name a file {where}. {HINT}"
    given = [entry.fields.get("encrypt") for entry in layers.rules.values() if entry.enabled]
    return [one.place.problem(message, keys="encrypt") for one in given if one is not None and one.value]


def rules_missing(layers: Layers, path: str) -> Sequence[Problem]:
    """Return the problem of a policy that says nothing of rules: it would let everything pass without a word."""
    if layers.has_rules or layers.problems:
        return ()
    message = "has no rules. Add 'rules:', 'extends: default', or 'rules: []' to let everything pass."
    return (Problem(path, 0, 0, message),)
