"""Tells where stream and consumer are not as wanted, from their configuration as the broker's API gives it.

Field by field, by the API's own names and units: the client's types would drop a field that is newer than they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from nats.js.api import Base

Config = Mapping[str, Any]
LOSES: Config = {
    "max_consumers": None, "max_msgs": None, "max_msgs_per_subject": None, "max_age": None, "no_ack": None,
    "sealed": None, "deny_delete": None, "deny_purge": None, "allow_rollup_hdrs": None, "allow_direct": None,
    "mirror_direct": None, "allow_msg_ttl": None, "subject_delete_marker_ttl": None, "allow_msg_schedules": None,
    "allow_atomic": None, "allow_batched": None, "allow_msg_counter": None, "discard_new_per_subject": None,
    "republish": None, "subject_transform": None, "mirror": None, "sources": None, "consumer_limits": None,
    "persist_mode": None,
}  # fmt: skip
"""Of a stream, what must not be set: each drops, hides, changes or leaks events, or does not let us look after them."""
STALLS: Config = {
    "filter_subject": None, "backoff": None, "headers_only": None, "max_batch": None, "max_bytes": None,
    "max_expires": None, "inactive_threshold": None, "mem_storage": None, "deliver_subject": None,
    "priority_groups": None,
}  # fmt: skip
"""The same of a consumer."""
NAMES = frozenset({"name", "durable_name"})
"""Not compared: they are what is asked for."""
PASS_OVER = frozenset({"deliver_policy", "ack_policy", "filter_subjects"})
"""Settings by which a consumer counts events as done that it never delivered."""
AT_LEAST = frozenset({"num_replicas"})
"""More of it is an operator's choice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A setting that is not as wanted."""

    name: str
    wanted: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.name} is {_shown(self.found)} in place of {_shown(self.wanted)}"


def wanted_config(config: Base, forbidden: Config) -> Config:
    """Return what is compared: what a configuration of the client's sets, and what must not be set."""
    given = {
        name: value.value if isinstance(value, Enum) else value
        for name, value in config.as_dict().items()
        if value is not None and name not in NAMES
    }
    return {**forbidden, **given}


def differences(wanted: Config, found: Config) -> list[Difference]:
    """Return where a configuration is not as wanted; a setting that is not named in `wanted` may be anything."""
    return [
        Difference(name=name, wanted=value, found=found.get(name))
        for name, value in wanted.items()
        if not _agree(name, value, found.get(name))
    ]


def passes_over(wanted: Config, found: Config) -> bool:
    """Return whether a consumer may have passed over events; one with a wider filter has not."""
    patterns = [found.get("filter_subject"), *(found.get("filter_subjects") or ())]
    patterns = [pattern for pattern in patterns if pattern] or [">"]
    is_wider = all(any(_matches(pattern, subject) for pattern in patterns) for subject in wanted["filter_subjects"])
    names = PASS_OVER - {"filter_subjects"} if is_wider else PASS_OVER
    return any(one.name in names for one in differences(wanted, found))


def _matches(pattern: str, subject: str) -> bool:
    """Return whether a subject is one of those that a pattern of NATS names, where `*` is a token and `>` the rest."""
    wanted, tokens = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        wanted, tokens = wanted[:-1], tokens[: len(wanted) - 1] if len(tokens) >= len(wanted) else []
    return len(wanted) == len(tokens) and all(one in {"*", token} for one, token in zip(wanted, tokens, strict=True))


def mended(found: Config, drifted: list[Difference]) -> dict[str, Any]:
    """Return a configuration with some settings as wanted, and all others as they are."""
    config = {**found, **{one.name: one.wanted for one in drifted}}
    return {name: value for name, value in config.items() if value is not None}


def _agree(name: str, wanted: Any, found: Any) -> bool:
    if name in AT_LEAST:
        return bool((found or 0) >= wanted)
    return bool(_plain(wanted) == _plain(found))


def _plain(value: Any) -> Any:
    """Return a value by what it means: the API writes "not set" as nothing, false, 0, -1 or an empty list."""
    if isinstance(value, list):
        value = sorted(value, key=str)
    return None if value in (None, False, 0, -1, "", {}, [], "default") else value


def _shown(value: Any) -> str:
    return "not set" if _plain(value) is None else str(value)
