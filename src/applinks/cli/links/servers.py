"""What a command makes of a server that we are to call: found by its metadata, or entered."""

from dataclasses import replace

from applinks.administration.hand_values import NewOutgoing
from applinks.cli.links.looking import Look
from applinks.cli.links.options import OutgoingOptions
from applinks.cli.output import clean
from applinks.errors import RefusedError
from applinks.linking.discovery.servers import FoundServer, choose_authentication
from applinks.records.clients import ClientAuthentication
from applinks.records.registrations import Registration
from applinks.secret import Secret
from applinks.wire.urls import get_host

_MOST_NAMED = 12


async def find_other_side(url: str, *, issuer: str | None, options: OutgoingOptions, look: Look) -> FoundServer:
    """
    Give what there is to know of a server, with nothing fetched where its endpoints were typed.

    Raises:
        LinkingError: it cannot be reached or may not be linked.
        RefusedError: it says nothing of itself, and its endpoints were not typed.
    """
    if options.has_endpoints:
        return FoundServer(url=url, issuer=issuer or url, private_origins=await look.judge(url), name=get_host(url))
    found = await look.find_server(url, issuer=issuer)
    if found.metadata is None:
        raise RefusedError(
            f"{issuer or url} does not say where it answers. Its documentation names the endpoints: give"
            " --authorization-endpoint URL and --token-endpoint URL; or --issuer URL, where another address speaks"
            " for it.",
            code="no_metadata",
        )
    if issuer is None:
        return found
    origins = dict.fromkeys((*await look.judge(url), *found.private_origins))
    return replace(found, url=url, name=get_host(url), private_origins=tuple(origins))


def build_outgoing(found: FoundServer, options: OutgoingOptions) -> NewOutgoing:
    """
    Give how we are to call it.

    Raises:
        RefusedError: no scope was named, or the secret cannot be read.
    """
    if not options.scope:
        there_are = ", ".join(found.scopes[:_MOST_NAMED]) + (", …" if len(found.scopes) > _MOST_NAMED else "")
        named = f" It has: {clean(there_are)}." if there_are else ""
        raise RefusedError(f"Name at least one scope to ask for there, with --scope.{named}", code="scope_missing")
    secret = options.read_secret()
    wants_document = found.takes_documents and not options.client_id
    chosen = options.authentication or choose_authentication(found.metadata, with_document=wants_document)
    return NewOutgoing(
        issuer=found.issuer,
        scopes=options.scope,
        client_id=options.client_id or "",
        client_secret=secret,
        authentication=choose_with_secret(chosen, secret, options),
        endpoints=options.build_endpoints(),
        resource=found.resource,
        wants_document=wants_document,
        token_endpoint=found.metadata.token_endpoint if found.metadata else "",
    )


def choose_with_secret(
    chosen: ClientAuthentication, secret: Secret | None, options: OutgoingOptions
) -> ClientAuthentication:
    """Give a method that uses the secret that was given, unless another method was named."""
    if secret is None or options.authentication is not None or chosen.is_by_secret:
        return chosen
    return ClientAuthentication.CLIENT_SECRET_BASIC


def choose_changed(
    registration: Registration | None, secret: Secret | None, options: OutgoingOptions
) -> ClientAuthentication | None:
    """Give the method after a change; None: it stays."""
    if registration is None or options.authentication is not None:
        return options.authentication
    chosen = choose_with_secret(registration.authentication, secret, options)
    return None if chosen is registration.authentication else chosen
