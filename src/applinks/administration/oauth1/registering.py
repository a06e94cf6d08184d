"""What we are at a server of OAuth 1.0a, made of what an administrator entered."""

import re
from dataclasses import replace

from applinks.administration.hand_values import LinkChange, NewOutgoing
from applinks.administration.oauth1.values import LONGEST_KEY, check_shared_secret, check_spoken, is_key
from applinks.administration.side import Administration
from applinks.administration.values import InvalidValueError
from applinks.records.clients import ClientAuthentication
from applinks.records.links import Direction
from applinks.records.registrations import Registration, ServerEndpoints
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.signature import SignatureMethod
from applinks.wire.urls import MalformedUrlError, check_endpoint_url

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# By the fields of `ServerEndpoints`, what they are called on the page.
_NAMES = {
    "temporary_endpoint": "request token URL",
    "token_endpoint": "access token URL",
    "authorization_endpoint": "authorize URL",
}


def build_oauth1_outgoing(*, impersonation: bool) -> Direction:
    """Give what we do at a server of OAuth 1.0a, which knows no scopes."""
    return Direction(level=Level.IMPERSONATION if impersonation else Level.OAUTH, protocols=("oauth1",))


async def build_oauth1_registration(link_id: str, new: NewOutgoing, *, url: str, side: Administration) -> Registration:
    """
    Make what we are at a server; ``url`` is the link's, to which its three URLs may be relative.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
    """
    check_spoken(side, field="outgoing")
    default = SignatureMethod.RSA_SHA1 if new.client_secret is None else SignatureMethod.HMAC_SHA1
    registration = Registration(
        link_id=link_id,
        protocol="oauth1",
        client_id=new.client_id,
        client_secret=new.client_secret,
        authentication=ClientAuthentication.SIGNATURE,
        endpoints=new.endpoints or ServerEndpoints(authorization="", token=""),
        signature_method=new.signature_method or default,
    )
    return await _check(registration, url, side)


async def change_oauth1_registration(
    before: Registration, change: LinkChange, *, url: str, side: Administration
) -> Registration:
    """
    Make what we are at a server after a change; as `build_oauth1_registration`.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
    """
    # What shows its secret shows it to nobody else than those for whom it was entered.
    moves = change.endpoints is not None and before.signature_method is SignatureMethod.PLAINTEXT
    kept = None if moves else before.client_secret
    after = replace(
        before,
        client_id=before.client_id if change.client_id is None else change.client_id,
        client_secret=kept if change.client_secret is None else change.client_secret,
        signature_method=change.signature_method or before.signature_method,
        endpoints=change.endpoints or before.endpoints,
    )
    return before if after == before else await _check(after, url, side)


async def _check(registration: Registration, url: str, side: Administration) -> Registration:
    method, secret = registration.signature_method, registration.client_secret
    if method is None or method.is_rsa:
        # Our key signs: a secret of theirs would prove nothing.
        secret = None
    elif secret is None:
        text = f"{method} needs the shared secret that the other application gave out."
        raise InvalidValueError("client_secret", "secret_missing", text)
    else:
        check_shared_secret(secret, field="client_secret")
    endpoints = _resolve(registration.endpoints, url, side)
    if method is SignatureMethod.PLAINTEXT and not _is_hidden(endpoints):
        text = "PLAINTEXT shows the secret to whoever reads along: it is sent over https only."
        raise InvalidValueError("signature_method", "plaintext_without_tls", text)
    key = await _check_key(registration, side)
    return replace(registration, client_id=key, client_secret=secret, endpoints=endpoints)


async def _check_key(registration: Registration, side: Administration) -> str:
    key, method = registration.client_id.strip(), registration.signature_method
    if not key and method is not None and method.is_rsa:
        return (await side.keys.get_instance()).consumer_key
    if not is_key(key):
        text = f"A client (consumer) key has 1 to {LONGEST_KEY} visible ASCII characters, and no spaces."
        raise InvalidValueError("client_id", "invalid_client_id", text)
    return key


def _resolve(endpoints: ServerEndpoints | None, url: str, side: Administration) -> ServerEndpoints:
    given = endpoints or ServerEndpoints(authorization="", token="")
    return ServerEndpoints(
        temporary=_resolve_one(given.temporary, url, side, field="temporary_endpoint"),
        authorization=_resolve_one(given.authorization, url, side, field="authorization_endpoint"),
        token=_resolve_one(given.token, url, side, field="token_endpoint"),
    )


def _resolve_one(given: str, url: str, side: Administration, *, field: str) -> str:
    """Give one of the three, absolute; a relative one lies below the link's address, wherever its slash stands."""
    cleaned = given.strip()
    if not cleaned:
        raise InvalidValueError(field, "endpoint_missing", f"Enter the {_NAMES[field]}.")
    # What a browser would read as another host or scheme is none of the link's paths.
    is_absolute = cleaned.startswith("//") or _SCHEME.match(cleaned) is not None
    absolute = cleaned if is_absolute else f"{url}/{cleaned.removeprefix('/')}"
    try:
        check_endpoint_url(absolute, allow_http=bool(side.settings.allow_http_for_loopback))
    except MalformedUrlError as error:
        code = "invalid_endpoint" if error.reason == "invalid_url" else error.reason
        text = f"{cleaned[:200]!r} cannot be the {_NAMES[field]}: {error}."
        raise InvalidValueError(field, code, text) from error
    return absolute


def _is_hidden(endpoints: ServerEndpoints) -> bool:
    urls = (endpoints.temporary, endpoints.authorization, endpoints.token)
    return all(url.startswith("https://") for url in urls)
