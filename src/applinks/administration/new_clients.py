"""Makes clients that are added by hand: the record, the client id, and the secret, which is seen once."""

import re
import unicodedata

from applinks.administration.hand_values import NewIncoming
from applinks.administration.oauth1.building import get_oauth1_incoming
from applinks.administration.registering import build_direction
from applinks.administration.side import Administration
from applinks.administration.values import (
    InvalidValueError,
    check_own_resource,
    check_redirect_uris,
    check_scopes,
    choose_grant_types,
    clean_name,
)
from applinks.entropy import new_id
from applinks.records.clients import Client, ClientAuthentication, ClientSecret, GrantType
from applinks.records.links import Direction
from applinks.secret import Secret
from applinks.wire.token_format import TokenKind, format_row, format_token, parse_token

_LONGEST_SLUG = 40
_RANDOM_BYTES = 4
_SECRET_BYTES = 32
# Before the row, which tells two secrets apart even where they were made in one second, and opens nothing.
_PREFIX_LETTERS = 4


def build_client(new: NewIncoming, *, name: str, link_id: str, side: Administration) -> tuple[Client, Secret | None]:
    """
    Make the record of a client, and its secret, which is seen once; None: it is public.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
    """
    redirect_uris = check_redirect_uris(new.redirect_uris)
    scopes = check_scopes(new.scopes, field="scopes", ours=True)
    resources = tuple(dict.fromkeys(new.resources))
    for resource in resources:
        check_own_resource(resource, side.settings.base_url)
    grant_types = choose_grant_types(
        new.grant_types,
        has_redirects=bool(redirect_uris),
        has_scopes=bool(scopes),
        is_resource_server=bool(resources),
        public=new.public,
    )
    for_itself = side.list_for_itself(scopes) if GrantType.CLIENT_CREDENTIALS in grant_types else ()
    if grant_types == (GrantType.CLIENT_CREDENTIALS,) and not for_itself:
        text = "None of its scopes can be had without a user: name the redirect URI to which users come back."
        raise InvalidValueError("redirect_uris", "redirect_uri_missing", text)
    record, secret = (None, None) if new.public else make_secret(side)
    client = Client(
        id=new_id(side.entropy, "cli"),
        client_id=make_client_id(name, side),
        link_id=link_id,
        name=clean_name(name),
        authentication=ClientAuthentication.NONE if new.public else ClientAuthentication.CLIENT_SECRET,
        redirect_uris=redirect_uris,
        grant_types=grant_types,
        scopes=scopes,
        application_scopes=for_itself,
        secrets=() if record is None else (record,),
        resources=resources,
        created_at=side.clock.now(),
    )
    return client, secret


def get_incoming(client: Client) -> Direction:
    """Give the incoming side of a link whose one client this is."""
    if client.oauth1 is not None:
        return get_oauth1_incoming(client)
    return build_direction(client.scopes, client.application_scopes)


def make_client_id(name: str, side: Administration) -> str:
    """Make a client id that people recognize and nobody has, such as ``probe-4f1c9a02``."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name.lower()).strip("-")[:_LONGEST_SLUG].strip("-") or "client"
    return f"{slug}-{side.entropy.random_bytes(_RANDOM_BYTES).hex()}"


def make_secret(side: Administration) -> tuple[ClientSecret, Secret]:
    """Make a secret: its record, and its text for the one moment in which it is shown."""
    now = side.clock.now()
    row = side.rows.allot(now)
    text = format_token(TokenKind.CLIENT_SECRET, row, side.entropy.random_bytes(_SECRET_BYTES))
    parsed = parse_token(text)
    assert parsed is not None  # noqa: S101 - it was just written.
    record = ClientSecret(
        row=row, digest=parsed.digest, hint=f"{text[: _PREFIX_LETTERS + len(format_row(row))]}…", created_at=now
    )
    return record, Secret(text)
