"""What each side of a link may do, as the signed messages say it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from applinks.wire.linking.manifest import Manifest
from applinks.wire.linking.messages import MalformedMessageError

_PROTOCOLS = frozenset({"oauth2", "oauth1"})
_ACCESS_MEMBERS = frozenset({"from", "to", "protocols", "level", "user_scopes", "application_scopes"})
_SCOPE_NAME = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}\Z")
_MOST_SCOPES = 64


class Level(StrEnum):
    """How far one direction goes."""

    DISABLED = "disabled"
    OAUTH = "oauth"
    IMPERSONATION = "impersonation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One direction of the terms: what ``from_url`` may do at ``to_url``."""

    from_url: str
    to_url: str
    protocols: tuple[str, ...]
    level: Level
    user_scopes: tuple[str, ...]
    application_scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What each side may do; a missing direction is *Disabled*."""

    access: tuple[Access, ...]

    def find(self, *, from_url: str, to_url: str) -> Access | None:
        """Give the direction between two base URLs."""
        return next((each for each in self.access if (each.from_url, each.to_url) == (from_url, to_url)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allows:
    """The scopes that a server serves now; both empty: switched off there."""

    user_scopes: tuple[str, ...] = ()
    application_scopes: tuple[str, ...] = ()


_LEVELS = (Level.DISABLED, Level.OAUTH, Level.IMPERSONATION)


def parse_terms(value: Any) -> Terms:
    """
    Read terms by their form alone; `check_terms` compares them with the manifests.

    The object is closed: an administrator cannot approve what her page cannot show.

    Raises:
        MalformedMessageError: ``invalid_claims`` for what is no such object, ``unsupported_terms`` for a member or
            value that is not known.
    """
    if not isinstance(value, dict) or not isinstance(value.get("access"), list):
        raise MalformedMessageError("terms: missing, or no object with an array access")
    if value.keys() != {"access"}:
        raise _unsupported("terms: an unknown member")
    access = tuple(_parse_access(entry) for entry in value["access"])
    if not 1 <= len(access) <= 2 or len({(each.from_url, each.to_url) for each in access}) != len(access):
        raise _unsupported("terms: not one or two directions")
    return Terms(access=access)


def check_terms(terms: Terms, *, one: Manifest, other: Manifest) -> None:
    """
    Check that terms are between these two applications, and of what both declare; impersonation is OAuth 1.0a's alone.

    Raises:
        MalformedMessageError: ``unsupported_terms``, or ``no_common_protocol``.
    """
    manifests = {one.url: one, other.url: other}
    for access in terms.access:
        if {access.from_url, access.to_url} != set(manifests):
            raise _unsupported("terms: a direction is not between the two applications")
        _check_access(access, asking=manifests[access.from_url], serving=manifests[access.to_url])


def format_terms(terms: Terms) -> dict[str, Any]:
    """Give terms as the object that messages carry."""
    return {
        "access": [
            {
                "from": each.from_url,
                "to": each.to_url,
                "protocols": list(each.protocols),
                "level": each.level.value,
                "user_scopes": list(each.user_scopes),
                "application_scopes": list(each.application_scopes),
            }
            for each in terms.access
        ]
    }


def is_within(narrow: Terms, wide: Terms) -> bool:
    """Whether everything that the first terms allow is allowed by the second."""
    return all(_is_access_within(each, wide) for each in narrow.access)


def parse_allows(value: Any) -> Allows:
    """
    Read what a server says it serves now.

    Raises:
        MalformedMessageError: ``invalid_claims``.
    """
    if not isinstance(value, dict):
        raise MalformedMessageError("allows: no object")
    return Allows(
        user_scopes=_parse_scopes(value, "user_scopes"), application_scopes=_parse_scopes(value, "application_scopes")
    )


def format_allows(allows: Allows) -> dict[str, Any]:
    """Give what a server serves now as the object that statements carry."""
    return {"user_scopes": list(allows.user_scopes), "application_scopes": list(allows.application_scopes)}


def _unsupported(description: str) -> MalformedMessageError:
    return MalformedMessageError(description, code="unsupported_terms")


def _parse_access(entry: Any) -> Access:
    if not isinstance(entry, dict) or not entry.keys() >= _ACCESS_MEMBERS:
        raise MalformedMessageError("terms: a direction lacks a member")
    if entry.keys() != _ACCESS_MEMBERS:
        raise _unsupported("terms: a direction has an unknown member")
    from_url, to_url, level, protocols = entry["from"], entry["to"], entry["level"], entry["protocols"]
    if not all(isinstance(text, str) for text in (from_url, to_url, level)) or not isinstance(protocols, list):
        raise MalformedMessageError("terms: a member is of the wrong type")
    if level not in {Level.OAUTH, Level.IMPERSONATION}:
        raise _unsupported("terms: an unknown level")
    if not protocols or not all(isinstance(each, str) and each in _PROTOCOLS for each in protocols):
        raise _unsupported("terms: an unknown protocol, or none")
    if len(set(protocols)) != len(protocols):
        raise _unsupported("terms: a protocol occurs twice")
    return Access(
        from_url=from_url,
        to_url=to_url,
        protocols=tuple(protocols),
        level=Level(level),
        user_scopes=_parse_scopes(entry, "user_scopes"),
        application_scopes=_parse_scopes(entry, "application_scopes"),
    )


def _parse_scopes(members: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = members.get(name)
    if not isinstance(value, list) or len(value) > _MOST_SCOPES:
        raise MalformedMessageError(f"{name}: missing, or no array of at most {_MOST_SCOPES} scopes")
    if not all(isinstance(item, str) and _SCOPE_NAME.match(item) for item in value) or len(set(value)) != len(value):
        raise MalformedMessageError(f"{name}: holds what is no scope, or one twice")
    return tuple(value)


def _check_access(access: Access, *, asking: Manifest, serving: Manifest) -> None:
    if "outgoing" not in asking.directions or "incoming" not in serving.directions:
        raise _unsupported("terms: a direction that an application does not offer")
    if not set(access.protocols) <= set(asking.protocols) & set(serving.protocols):
        raise MalformedMessageError("terms: a protocol that not both have", code="no_common_protocol")
    if access.level is Level.IMPERSONATION and access.protocols != ("oauth1",):
        # Handshake §2 Terms: OAuth 2 of ours cannot name the user as whom it calls.
        raise _unsupported("terms: impersonation over another protocol than OAuth 1.0a")
    if access.level not in asking.levels or access.level not in serving.levels:
        raise _unsupported("terms: a level that not both have")
    if not set(access.user_scopes) <= serving.scope_names:
        raise _unsupported("terms: a scope that is not declared")
    if not set(access.application_scopes) <= serving.application_scope_names:
        raise _unsupported("terms: a scope that is not declared for applications")


def _is_access_within(narrow: Access, wide: Terms) -> bool:
    ceiling = wide.find(from_url=narrow.from_url, to_url=narrow.to_url)
    return (
        ceiling is not None
        and set(narrow.protocols) <= set(ceiling.protocols)
        and _LEVELS.index(narrow.level) <= _LEVELS.index(ceiling.level)
        and set(narrow.user_scopes) <= set(ceiling.user_scopes)
        and set(narrow.application_scopes) <= set(ceiling.application_scopes)
    )
