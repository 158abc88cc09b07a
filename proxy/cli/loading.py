"""Loads what a command names - policies, settings - and turns what is wrong with them into the command's errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.encryption import trial_encryption
from policies.loader import load_policy, resolve_policy
from policies.problems import ConfigError
from proxy.cli.errors import CommandError

if TYPE_CHECKING:
    from pathlib import Path

    from policies.loader import ResolvedPolicy
    from policies.types import Policy


def load(source: str | Path) -> Policy:
    """Load a policy to try it, and build its detectors; it encrypts under a key that protects nothing.

    Raises `CommandError` with every problem on a line of its own.
    """
    try:
        return load_policy(source, encryption=trial_encryption())
    except ConfigError as error:
        raise config_problem(error) from error


def resolve(source: str) -> ResolvedPolicy:
    """Return a policy after `extends`. Raises `CommandError` like `load`."""
    try:
        return resolve_policy(source)
    except ConfigError as error:
        raise config_problem(error) from error


def config_problem(error: ConfigError) -> CommandError:
    """Return the error of a command whose configuration cannot be used."""
    return CommandError(*str(error).split("\n"))
