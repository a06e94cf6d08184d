"""What a command makes of a server of OAuth 1.0a that we are to call."""

from contextlib import suppress
from dataclasses import replace

from applinks.administration.hand_values import LinkChange, NewOutgoing
from applinks.administration.values import InvalidValueError
from applinks.cli.links.looking import Look
from applinks.cli.links.oauth1.options import OAuth1Options
from applinks.cli.links.typed import TypedChange
from applinks.cli.output import clean
from applinks.errors import RefusedError
from applinks.linking.discovery.servers import FoundServer
from applinks.records.registrations import Registration, ServerEndpoints
from applinks.wire.linking.terms import Level
from applinks.wire.urls import MalformedUrlError, get_host, get_origin

# By the fields of administration, those of these options.
_FIELDS = {
    "client_id": "consumer_key",
    "client_secret": "shared_secret",
    "temporary_endpoint": "request_token_url",
    "authorization_endpoint": "authorize_url",
    "token_endpoint": "access_token_url",
}


async def find_oauth1_server(url: str, options: OAuth1Options, look: Look) -> FoundServer:
    """
    Give what there is to know of a server whose three URLs were typed; nothing is fetched.

    Raises:
        LinkingError: it may not be called.
        RefusedError: the URLs were not typed.
    """
    endpoints = options.build_endpoints()
    if endpoints is None:
        raise RefusedError(
            f"{clean(url)} does not say where it answers over OAuth 1.0a. Its documentation names the three URLs: give"
            " --request-token-url URL, --authorize-url URL and --access-token-url URL.",
            code="no_metadata",
        )
    origins = [origin for each in (url, *_list_origins(endpoints)) for origin in await look.judge(each)]
    return FoundServer(url=url, issuer="", name=get_host(url), private_origins=tuple(dict.fromkeys(origins)))


def build_oauth1_outgoing(
    options: OAuth1Options, *, impersonation: bool, endpoints: ServerEndpoints | None = None
) -> NewOutgoing:
    """Give how we are to call it; ``endpoints``: those that it was found to have, where none were typed."""
    return NewOutgoing(
        protocol="oauth1",
        client_id=options.consumer_key or "",
        client_secret=options.read_secret(),
        signature_method=options.method,
        endpoints=options.build_endpoints() or endpoints,
        impersonation=impersonation,
        description=options.description or "",
    )


async def change_oauth1_outgoing(
    change: LinkChange, typed: TypedChange, registration: Registration, look: Look
) -> LinkChange:
    """
    Add to a change what changes of what we are at the server.

    Raises:
        LinkingError: a new URL of it may not be called.
        RefusedError: it is called over OAuth 1.0a, and what was typed is of OAuth 2.
    """
    if typed.outgoing.has_values or typed.outgoing.scope or typed.link.issuer:
        raise RefusedError(
            "This link calls over OAuth 1.0a: it has a consumer key, a signature method and three URLs, and no scopes.",
            code="other_protocol",
        )
    endpoints = typed.oauth1.build_endpoints(registration.endpoints)
    if endpoints is not None:
        origins = [origin for each in _list_origins(endpoints) for origin in await look.judge(each)]
        if origins:
            change = replace(change, private_origins=tuple(dict.fromkeys((*look.confirmed, *origins))))
    return replace(
        change,
        outgoing=typed.link.outgoing,
        outgoing_level=choose_level(typed.link.impersonation),
        client_id=typed.oauth1.consumer_key,
        client_secret=typed.oauth1.read_secret(),
        signature_method=typed.oauth1.method,
        description=typed.oauth1.description,
        endpoints=endpoints,
    )


def choose_level(impersonation: bool | None) -> Level | None:
    """Give the level that was asked for; None: it stays."""
    if impersonation is None:
        return None
    return Level.IMPERSONATION if impersonation else Level.OAUTH


def name_oauth1(error: InvalidValueError) -> InvalidValueError:
    """Call what is refused by the options of OAuth 1.0a, where the plain words are taken by those of OAuth 2."""
    error.field = _FIELDS.get(error.field, error.field)
    return error


def _list_origins(endpoints: ServerEndpoints) -> list[str]:
    """Give the origins of those that are absolute; what is no address is refused with its own words later."""
    origins = []
    for each in (endpoints.temporary, endpoints.authorization, endpoints.token):
        with suppress(MalformedUrlError):
            origins.append(get_origin(each))
    return origins
