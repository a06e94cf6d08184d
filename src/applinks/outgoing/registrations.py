"""What we are at an authorization server that is no Applinks, and where it answers."""

from applinks.errors import LinkUnusableError
from applinks.outgoing.side import OutgoingSide
from applinks.records.links import Link
from applinks.records.registrations import Registration, ServerEndpoints
from applinks.wire.oauth2.metadata import ServerMetadata
from applinks.wire.urls import get_origin


async def get_registration(link: Link, *, side: OutgoingSide) -> Registration:
    """
    Give what we are at the server of a link that was made by hand.

    Raises:
        LinkUnusableError: something is still to be entered; the description says what.
    """
    registration = await side.store.find_registration(link.id)
    missing = _list_missing(link, registration)
    if registration is None or missing:
        raise LinkUnusableError(
            f"The link is not ready: {_say_missing(missing)} still to be entered.",
            code="registration_incomplete",
            link=link.handle,
            detail=f"link {link.handle} misses {', '.join(missing)}",
        )
    return registration


def build_entered_metadata(link: Link, endpoints: ServerEndpoints) -> ServerMetadata:
    """Give what an administrator entered in the place of metadata; what she did not say, nobody promised."""
    return ServerMetadata(
        issuer=link.issuer,
        authorization_endpoint=endpoints.authorization,
        token_endpoint=endpoints.token,
        revocation_endpoint=endpoints.revocation or None,
        userinfo_endpoint=endpoints.userinfo or None,
        names_issuer=False,
    )


async def may_be_private(link: Link, url: str, *, side: OutgoingSide) -> bool:
    """
    Whether a request over a link may go to a private address: only where an administrator named the very origin.

    What a server's metadata names elsewhere could be any machine behind our wall.
    """
    if not link.private_address or not link.is_by_hand or link.may_be_private(url):
        return link.may_be_private(url)
    registration = await side.store.find_registration(link.id)
    entered = registration.endpoints if registration else None
    return entered is not None and get_origin(url) in {get_origin(each) for each in _list_entered(entered)}


def _list_missing(link: Link, registration: Registration | None) -> list[str]:
    if registration is None:
        return ["the client ID", "the client secret"]
    if registration.protocol == "oauth1":
        return _list_missing_oauth1(registration)
    missing = [] if link.issuer else ["the issuer"]
    if not registration.client_id:
        missing.append("the client ID")
    if registration.authentication.is_by_secret and registration.client_secret is None:
        missing.append("the client secret")
    return missing


def _list_missing_oauth1(registration: Registration) -> list[str]:
    missing = [] if registration.client_id else ["the consumer key"]
    method, secret, endpoints = registration.signature_method, registration.client_secret, registration.endpoints
    if method is None or not (method.is_rsa or (secret and secret.reveal())):
        missing.append("the shared secret")
    if endpoints is None or not (endpoints.temporary and endpoints.authorization and endpoints.token):
        missing.append("the three URLs")
    return missing


def _say_missing(missing: list[str]) -> str:
    *others, last = missing or [""]
    named = f"{', '.join(others)} and {last}" if others else last
    return f"{named} of the other application {'are' if others or last.endswith('URLs') else 'is'}"


def _list_entered(endpoints: ServerEndpoints) -> tuple[str, ...]:
    named = (
        endpoints.authorization,
        endpoints.token,
        endpoints.revocation,
        endpoints.userinfo,
        endpoints.temporary,
    )
    return tuple(each for each in named if each)
