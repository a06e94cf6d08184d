"""What Data Center peers tell and ask each other about a link, as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from applinks.wire.atlassian.authentication_types import AuthenticationType
from applinks.wire.strict_json import MalformedJsonError, parse_json_object

_LIMIT = 64 * 1024
_LONGEST = 4096


class MalformedStatusError(ValueError):
    """The body is not what the call needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionStatus:
    """
    How one direction is set up.

    Attributes:
        enabled: three legs; ``two_legged``: calls in the name of the execute-as user; ``impersonation``: of any user.
    """

    enabled: bool = False
    two_legged: bool = False
    impersonation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """Both directions, as whoever says it sees them: the peer's incoming is our outgoing."""

    incoming: DirectionStatus
    outgoing: DirectionStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerConfiguration:
    """A consumer that a peer asks us to add, or to be; absent members are None."""

    key: str
    name: str = ""
    public_key: str = ""
    shared_secret: str = ""
    signature_method: str = ""
    callback: str = ""
    outgoing: bool = False
    two_legged: bool = False
    execute_as: str = ""
    impersonation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfiguration:
    """How the peer wants us to call it: the consumer key that it knows us by, and its three addresses."""

    provider: AuthenticationType
    consumer_key: str
    request_token_url: str
    access_token_url: str
    authorize_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationLinkEntity:
    """An application as peers describe it to each other when they ask for a link."""

    name: str
    rpc_url: str
    display_url: str
    type_id: str


def parse_link_status(body: bytes) -> LinkStatus:
    """
    Read how a peer sees, or wants, both directions.

    Raises:
        MalformedStatusError: a member is missing or no truth value.
    """
    said = _parse(body)
    return LinkStatus(incoming=_read_direction(said, "incoming"), outgoing=_read_direction(said, "outgoing"))


def build_link_status(status: LinkStatus) -> dict[str, Any]:
    """Give the document of both directions."""
    return {"incoming": _build_direction(status.incoming), "outgoing": _build_direction(status.outgoing)}


def parse_consumer_configuration(body: bytes) -> ConsumerConfiguration:
    """
    Read a consumer that a peer sends.

    Raises:
        MalformedStatusError: it has no key, or a member has the wrong type.
    """
    said = _parse(body)
    return ConsumerConfiguration(
        key=_get_text(said, "key"),
        name=_find_text(said, "name"),
        public_key=_find_text(said, "publicKey"),
        shared_secret=_find_text(said, "sharedSecret"),
        signature_method=_find_text(said, "signatureMethod"),
        callback=_find_text(said, "callback"),
        outgoing=_find_switch(said, "outgoing"),
        two_legged=_find_switch(said, "twoLOAllowed"),
        execute_as=_find_text(said, "executingTwoLOUser"),
        impersonation=_find_switch(said, "twoLOImpersonationAllowed"),
    )


def parse_provider_configuration(body: bytes) -> ProviderConfiguration:
    """
    Read how a peer wants to be called.

    Raises:
        MalformedStatusError: a member is missing, or the provider is none that OAuth knows.
    """
    said = _parse(body)
    config = said.get("config")
    if not isinstance(config, Mapping):
        raise MalformedStatusError("config: no object")
    try:
        provider = AuthenticationType(_get_text(said, "provider"))
    except ValueError as error:
        raise MalformedStatusError("provider: not known") from error
    return ProviderConfiguration(
        provider=provider,
        consumer_key=_find_text(config, "consumerKey.outbound"),
        request_token_url=_get_text(config, "serviceProvider.requestTokenUrl"),
        access_token_url=_get_text(config, "serviceProvider.accessTokenUrl"),
        authorize_url=_get_text(config, "serviceProvider.authorizeUrl"),
    )


def parse_application_link(body: bytes) -> ApplicationLinkEntity:
    """
    Read an application that asks for a link.

    Raises:
        MalformedStatusError: a member is missing.
    """
    said = _parse(body)
    rpc_url = _get_text(said, "rpcUrl").rstrip("/")
    return ApplicationLinkEntity(
        name=_get_text(said, "name"),
        rpc_url=rpc_url,
        display_url=_find_text(said, "displayUrl").rstrip("/") or rpc_url,
        type_id=_find_text(said, "typeId") or "generic",
    )


def _parse(body: bytes) -> dict[str, Any]:
    try:
        return parse_json_object(body, limit=_LIMIT)
    except MalformedJsonError as error:
        raise MalformedStatusError(str(error)) from error


def _read_direction(said: Mapping[str, Any], name: str) -> DirectionStatus:
    value = said.get(name)
    if not isinstance(value, Mapping):
        raise MalformedStatusError(f"{name}: no object")
    return DirectionStatus(
        enabled=_find_switch(value, "enabled"),
        two_legged=_find_switch(value, "twoLoEnabled"),
        impersonation=_find_switch(value, "twoLoImpersonationEnabled"),
    )


def _build_direction(status: DirectionStatus) -> dict[str, bool]:
    return {
        "enabled": status.enabled,
        "twoLoEnabled": status.two_legged,
        "twoLoImpersonationEnabled": status.impersonation,
    }


def _get_text(said: Mapping[str, Any], name: str) -> str:
    text = _find_text(said, name)
    if not text:
        raise MalformedStatusError(f"{name}: missing")
    return text


def _find_text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise MalformedStatusError(f"{name}: no text, or too long")
    return value


def _find_switch(said: Mapping[str, Any], name: str) -> bool:
    value = said.get(name, False)
    # Peers written in other languages send the words.
    if isinstance(value, str) and value in {"true", "false"}:
        return value == "true"
    if not isinstance(value, bool):
        raise MalformedStatusError(f"{name}: neither true nor false")
    return value
