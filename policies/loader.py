"""The way in: from the name or path of a policy, or its text, to the `Policy` that a guard follows.

All that is wrong is in one `PolicyError`. The key of fingerprints comes from the caller, as does the text when it
is no file's: nothing here looks at the environment.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from detectors.views.names import View
from policies.document import MAX_FILE_BYTES, resolved
from policies.fakes import DEFAULT_LOCALE
from policies.fields import write_duration
from policies.layers import FILE_PARAMETER, read_layers
from policies.problems import PolicyError, Problem
from policies.resolver import keys_missing, resolve_layers, rules_missing
from policies.restoring import build_restorer
from policies.sources import Source, SourceError, SourceFile, find_source, read_bytes
from policies.types import DEFAULT_MESSAGE, Action, Direction, OnError, Policy, TokenDetails

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.encryption import Encryption
    from policies.layers import Layers
    from policies.resolver import Parts
    from policies.sources import Reader
    from policies.types import Limits, Mode, PolicyTest, Rule


@dataclass(frozen=True, slots=True)
class ResolvedPolicy:
    """A policy after `extends`, as plain values: what `policy show` prints."""

    name: str
    revision: str
    mode: Mode
    limits: Limits
    views: frozenset[View]
    token_details: TokenDetails
    detectors: Mapping[str, Mapping[str, Any]]
    """As written, by name: `type` and the parameters that were given. All that are declared, used or not."""
    rules: tuple[Rule, ...]
    tests: tuple[PolicyTest, ...]
    files: tuple[SourceFile, ...]
    """All files that it was read from, parents and word lists included."""
    advice: tuple[Problem, ...] = ()
    """What had better be changed in it, though it can be used."""

    def to_yaml(self) -> str:
        """Write the policy as one file that needs no other and loads to the same revision."""
        document = {
            "version": 1,
            "name": self.name,
            "mode": self.mode.value,
            "limits": _limits_as_written(self.limits),
            "views": [view.value for view in View if view in self.views],
            **_details_as_written(self.token_details),
            "detectors": {name: dict(given) for name, given in self.detectors.items()},
            "rules": [_rule_as_written(rule) for rule in self.rules],
        }
        if self.tests:
            document["tests"] = [_test_as_written(test) for test in self.tests]
        return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class Keys(NamedTuple):
    """Secrets that a policy writes with."""

    hash_key: bytes = b""
    """Of `hash: true`."""
    encryption: Encryption | None = None
    """Of `encrypt: true`."""
    are_needed: bool = False
    """Whether a policy that encrypts does not load without a key. Else it writes what says nothing of the value."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A policy ready for use, and what it was made from."""

    policy: Policy
    resolved: ResolvedPolicy


def load_policy(source: str | Path, *, hash_key: bytes = b"", encryption: Encryption | None = None) -> Policy:
    """Load a bundled policy by name, or a file by path, and build the detectors that its rules use.

    `hash_key` is the secret of `hash: true`, `encryption` has those of `encrypt: true`. Raises `PolicyError` with
    all that is wrong.
    """
    return load(source, Keys(hash_key, encryption)).policy


def load_policy_text(
    text: str, path: str = "<policy>", *, hash_key: bytes = b"", encryption: Encryption | None = None
) -> Policy:
    """Load a policy from its text. Messages name it `path`, and relative paths in it start from that folder."""
    keys, data = Keys(hash_key, encryption), text.encode("utf-8", "surrogatepass")
    return _assemble(Source(Path(path), path), read_bytes, keys, data).policy


def resolve_policy(source: str | Path) -> ResolvedPolicy:
    """Return what a policy says after `extends`. Raises `PolicyError` as loading it would."""
    return load(source).resolved


def load(source: str | Path, keys: Keys | None = None, *, read: Reader = read_bytes) -> LoadedPolicy:
    """Load a policy together with its plain form and the files it came from. Raises `PolicyError`."""
    try:
        found = find_source(source)
    except SourceError as error:
        raise PolicyError(
            [Problem(str(source), 0, 0, str(error))], [SourceFile(Path(source), "", MAX_FILE_BYTES)]
        ) from None
    return _assemble(found, read, keys or Keys())


def _assemble(source: Source, read: Reader, keys: Keys, text: bytes | None = None) -> LoadedPolicy:
    layers = read_layers(source, read, text)
    parts = resolve_layers(layers, read)
    problems = [*parts.problems, *rules_missing(layers, source.display)]
    if keys.encryption is None and keys.are_needed:
        problems += keys_missing(layers)
    if problems:
        raise PolicyError(problems, parts.files)
    resolved_policy = _resolved(layers, parts, source)
    policy = Policy(
        name=resolved_policy.name,
        revision=resolved_policy.revision,
        mode=parts.mode,
        limits=parts.limits,
        detectors=MappingProxyType(parts.detectors),
        rules=resolved_policy.rules,
        tests=resolved_policy.tests,
        token_details=parts.token_details,
        viewing=MappingProxyType(parts.viewing),
        restorer=build_restorer(parts.rules, parts.detectors, parts.mode),
        hash_key=keys.hash_key,
        encryption=keys.encryption,
        fakes=MappingProxyType(parts.fakes),
    )
    return LoadedPolicy(policy, resolved_policy)


def _resolved(layers: Layers, parts: Parts, source: Source) -> ResolvedPolicy:
    return ResolvedPolicy(
        name=layers.top.get("name") or _name_from(source.path),
        revision=_revision(parts),
        mode=parts.mode,
        limits=parts.limits,
        views=parts.views,
        token_details=parts.token_details,
        detectors={name: {"type": one.type, **one.given} for name, one in parts.configured.items()},
        rules=tuple(parts.rules),
        tests=tuple(parts.tests),
        files=tuple(parts.files),
        advice=tuple(sorted(parts.advice)),
    )


def _name_from(path: Path) -> str:
    """Return a name for a policy that gives none, from its file's, with only characters that a header may hold."""
    name = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in path.stem)
    return name.strip("._-")[:64] or "policy"


def _revision(parts: Parts) -> str:
    """Return the sha256 of all that can change what happens to a text.

    The name, the tests, and detectors that no rule uses are not in it; a word list counts by its content.
    """
    value = {
        "mode": parts.mode,
        "limits": _limits_as_written(parts.limits),
        "views": parts.views,
        **_details_as_written(parts.token_details),
        "detectors": {name: _canonical(parts, name) for name in parts.detectors},
        "rules": [_rule_as_written(rule) for rule in parts.rules],
    }
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_jsonable)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _details_as_written(token_details: TokenDetails) -> dict[str, str]:
    """Return the key in which a policy says what leaves; nothing for what holds anyway."""
    return {} if token_details is TokenDetails.WITH_TEXT else {"token_details": token_details.value}


def _canonical(parts: Parts, name: str) -> dict[str, Any]:
    configured = parts.configured[name]
    params = configured.params.model_dump()
    if isinstance(path := params.get(FILE_PARAMETER), str):
        params[FILE_PARAMETER] = next(file.sha256 for file in parts.files if file.path == Path(path))
    canonical = {"type": configured.type, **params}
    if digest := getattr(parts.detectors.get(name), "digest", ""):  # of files that the detector itself has read
        canonical["digest"] = digest
    return canonical


def _jsonable(value: object) -> object:
    """Give sets an order, so that one policy has one revision."""
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def _limits_as_written(limits: Limits) -> dict[str, Any]:
    return {
        "deadline": write_duration(limits.deadline_s),
        "max_hold": write_duration(limits.max_hold_s),
        "max_hold_chars": limits.max_hold_chars,
    }


_LEFT_OUT = ("mask", "keep_first", "keep_last", "hash", "encrypt", "restore", "allow_echo")
"""Fields of a rule that are written only where they say something."""


def _rule_as_written(rule: Rule) -> dict[str, Any]:
    """Return a rule with every field that has a meaning for its action."""
    said: dict[str, Any] = {"id": rule.id, "detector": rule.detector}
    if rule.categories is not None:
        said["categories"] = sorted(rule.categories)
    said["min_score"] = rule.min_score
    said["direction"] = "both" if len(rule.directions) == len(Direction) else next(iter(rule.directions)).value
    if rule.channels is not None:
        said["channels"] = sorted(kind.value for kind in rule.channels)
    said["action"] = rule.action.value
    if rule.replacement is not None:
        said["replacement"] = rule.replacement
    if rule.fake:
        said["fake"] = True if rule.fake == DEFAULT_LOCALE else {"locale": rule.fake}
    said |= {key: value for key in _LEFT_OUT if (value := getattr(rule, key))}
    if rule.action is Action.BLOCK and rule.message != DEFAULT_MESSAGE:
        said["message"] = rule.message
    if rule.on_error is not OnError.BLOCK:
        said["on_error"] = rule.on_error.value
    return said


def _test_as_written(test: PolicyTest) -> dict[str, Any]:
    expect = {"action": test.action.value}
    if test.output is not None:
        expect["output"] = test.output
    if test.output_matches is not None:
        expect["output_matches"] = test.output_matches
    where = {"direction": test.direction.value, "channel": test.channel.value}
    return {"name": test.name, "text": test.text, **where, "expect": expect}


class _Dumper(yaml.SafeDumper):
    """Writes texts so that our reader, and one of YAML 1.1, take them for texts."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _write_text(dumper: _Dumper, text: str) -> yaml.Node:
    style = "'" if not isinstance(resolved(text), str) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _write_text)
