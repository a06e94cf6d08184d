"""What we are at a server of OAuth 1.0a, as the commands print it."""

from typing import TYPE_CHECKING, Any, Protocol

from applinks.cli.links.hand_facts import HandFacts
from applinks.cli.output import clean, print_line, print_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from applinks.records.links import Link
    from applinks.records.registrations import Registration, ServerEndpoints


class PublicKeys(Protocol):
    """The keys by which we are known."""

    async def list_oauth1_public_keys(self) -> "Sequence[Mapping[str, Any]]":
        """Give the public RSA JWKs of OAuth 1.0a, newest first."""
        ...


async def find_own_key(keys: PublicKeys) -> str:
    """Give our public key of OAuth 1.0a as it is entered at other applications, in PEM."""
    from applinks.wire.oauth1.keys import format_public_key, parse_public_jwk

    return format_public_key(parse_public_jwk((await keys.list_oauth1_public_keys())[0]))


def describe_registration(registration: "Registration") -> dict[str, Any]:
    """Give the JSON of what only a link over OAuth 1.0a has."""
    endpoints, method = registration.endpoints, registration.signature_method
    return {
        "consumer_key": registration.client_id or None,
        "signature_method": method.value if method else None,
        "request_token_url": endpoints.temporary if endpoints else None,
        "authorize_url": endpoints.authorization if endpoints else None,
        "access_token_url": endpoints.token if endpoints else None,
    }


def describe_to_enter(facts: HandFacts, own_key: str) -> dict[str, Any] | None:
    """Give the JSON of what is to be entered at the other side; None: we do not call it."""
    registration = facts.registration
    if registration is None:
        return None
    return {
        "consumer_key": registration.client_id,
        "public_key": own_key if _is_by_key(registration) else None,
        "callback": facts.redirect_uri,
    }


def list_registration_facts(registration: "Registration", redirect_uri: str | None) -> list[tuple[str, str]]:
    """Give the lines of what we are at the server; its secret is never shown."""
    method = registration.signature_method
    lines = [
        ("Callback", redirect_uri or ""),
        ("Our consumer key", registration.client_id or "still to be entered: applinks links edit"),
        ("We sign with", f"{method}, with our key" if method and method.is_rsa else str(method or "")),
    ]
    if not _is_by_key(registration):
        is_kept = registration.client_secret is not None
        lines.append(("Shared secret", "kept, not shown" if is_kept else "still to be entered: applinks links edit"))
    return [*lines, *_list_endpoints(registration.endpoints)]


def print_oauth1_steps(link: "Link", facts: HandFacts, own_key: str, *, own_url: str = "") -> None:
    """
    Print what is to be entered at the other side so that we can call it, and how it is called then.

    ``own_url``: of an application that reads there who we are; empty: it reads nothing.
    """
    registration = facts.registration
    if own_url:
        print_line()
        print_line(clean(f"Link us there, too: on the page of its application links enter {own_url}"))
    if registration is None or not link.outgoing.is_enabled:
        return
    print_line()
    where = (
        "Where it asks for them, these are our values:" if own_url else "We call it. Our values for its administrator:"
    )
    print_line(where)
    print_line()
    print_values([("Consumer key", registration.client_id), ("Callback URL", facts.redirect_uri or "")])
    if _is_by_key(registration):
        print_line()
        print_line("Public key:")
        print_line()
        print_line(own_key.strip())
    print_line()
    print_line("A user connects her account at this address, logged in here:")
    print_line()
    print_line(f"  {facts.connect_url}")
    print_line()
    print_line("Then this calls as her; without --user it calls for nobody, where the other side allows that:")
    print_line()
    print_line(f"  applinks out {link.handle} /PATH --user NAME")


def _is_by_key(registration: "Registration") -> bool:
    return registration.signature_method is not None and registration.signature_method.is_rsa


def _list_endpoints(endpoints: "ServerEndpoints | None") -> list[tuple[str, str]]:
    if endpoints is None:
        return []
    return [
        ("Request token URL", endpoints.temporary),
        ("Authorize URL", endpoints.authorization),
        ("Access token URL", endpoints.token),
    ]
