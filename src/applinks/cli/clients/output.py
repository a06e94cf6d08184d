"""A client, as the commands print it; its secret in the one moment in which it can be shown."""

from typing import TYPE_CHECKING, Any

from applinks.cli.clients.oauth1.output import describe_new_oauth1_client, describe_oauth1_client
from applinks.cli.options import knows_base_url
from applinks.cli.output import clean, format_time, print_line, print_values
from applinks.words import say_authentication, say_protocol

if TYPE_CHECKING:
    from applinks.records.clients import Client, ClientSecret
    from applinks.records.links import Link
    from applinks.secret import Secret
    from applinks.settings import Settings

LIST_HEADINGS = ("Client ID", "Name", "Link", "Protocol", "Proves itself", "Scopes", "Last used")


def describe_client(client: "Client", link: "Link") -> dict[str, Any]:
    """Give the JSON of a client."""
    if client.oauth1 is not None:
        return describe_oauth1_client(client, client.oauth1, link)
    return {
        "client_id": client.client_id,
        "protocol": client.protocol,
        "name": client.name,
        "link": link.handle,
        "link_id": link.id,
        "authentication": client.authentication.value,
        "grant_types": [each.value for each in client.grant_types],
        "redirect_uris": list(client.redirect_uris),
        "scopes": list(_list_scopes(client)),
        "resources": list(client.resources),
        "secrets": [_describe_secret(each) for each in client.secrets],
        "created_at": format_time(client.created_at),
    }


def describe_new_client(client: "Client", link: "Link", secret: "Secret | None") -> dict[str, Any]:
    """Give the JSON of a client that was made now, or whose secret was; scripts rely on the first four members."""
    if client.oauth1 is not None:
        return describe_new_oauth1_client(client, client.oauth1, link, secret)
    shown = describe_client(client, link)
    first = {
        "client_id": shown.pop("client_id"),
        "client_secret": secret.reveal() if secret else None,
        "redirect_uris": shown.pop("redirect_uris"),
        "scopes": shown.pop("scopes"),
    }
    return first | shown


def list_client_row(client: "Client", link: "Link") -> tuple[str, ...]:
    """Give the cells of a client in the list."""
    used = max((each.last_used_at for each in client.secrets), default=0)
    return (
        client.client_id,
        client.name,
        link.handle,
        say_protocol(client.protocol),
        _say_authentication(client),
        ", ".join(_list_scopes(client)),
        format_time(used) or "",
    )


def list_client_facts(client: "Client", link: "Link", *, now: int) -> list[tuple[str, str]]:
    """Give the lines of one client."""
    facts = [
        ("Name", client.name),
        ("Client ID", client.client_id),
        ("Link", link.handle),
        ("Proves itself", _say_authentication(client)),
        ("Grant types", ", ".join(client.grant_types)),
        *(("Redirect URI", each) for each in client.redirect_uris),
        ("Scopes", ", ".join(client.scopes) or "none"),
        *(("Serves", each) for each in client.resources),
        *(("Secret", _say_secret(each, now)) for each in client.secrets),
        ("Added", format_time(client.created_at) or ""),
    ]
    return [(name, value) for name, value in facts if value]


def print_new_client(client: "Client", secret: "Secret | None", settings: "Settings") -> None:
    """Print what is to be entered at the other side, with the secret, once."""
    values = [("Client ID", client.client_id)]
    if secret is not None:
        values.append(("Client secret", secret.reveal()))
    if knows_base_url(settings):
        values.append(("Issuer", settings.issuer))
    print_line()
    print_values(values)
    print_line()
    if secret is not None:
        print_line("The secret is not shown again: copy it now.")
    if knows_base_url(settings):
        _print_addresses(settings)


def print_new_secret(client: "Client", secret: "Secret", *, now: int) -> None:
    """Print a secret, once, and how long the one before it stays good."""
    print_line(clean(f"{client.name} has a new secret:"))
    print_line()
    print_values([("Client ID", client.client_id), ("Client secret", secret.reveal())])
    print_line()
    print_line("It is not shown again: copy it now, and enter it there.")
    kept = [older for older in client.secrets[1:] if older.is_valid(now) and older.expires_at]
    for older in kept:
        print_line(f"The old one ({older.hint}) stays good until {format_time(older.expires_at)}.")
    if not kept:
        print_line("No other is good any more: until the new one is entered there, it cannot call us.")


def _print_addresses(settings: "Settings") -> None:
    from applinks.incoming.oauth2.metadata import AUTHORIZE_PATH, REVOCATION_PATH
    from applinks.incoming.rules import TOKEN_PATH

    print_line("By the issuer, most clients find everything else. One that does not needs also:")
    print_line()
    print_values(
        [
            ("Authorization endpoint", settings.url(AUTHORIZE_PATH)),
            ("Token endpoint", settings.url(TOKEN_PATH)),
            ("Revocation endpoint", settings.url(REVOCATION_PATH)),
        ]
    )


def _say_authentication(client: "Client") -> str:
    if client.oauth1 is None:
        return say_authentication(client.authentication)
    ways = (
        "by its key" if client.oauth1.public_keys else "",
        "by a shared secret" if client.oauth1.shared_secret else "",
    )
    return " or ".join(way for way in ways if way)


def _list_scopes(client: "Client") -> tuple[str, ...]:
    return tuple(dict.fromkeys(client.scopes + client.application_scopes))


def _describe_secret(secret: "ClientSecret") -> dict[str, Any]:
    return {
        "hint": secret.hint,
        "created_at": format_time(secret.created_at),
        "expires_at": format_time(secret.expires_at),
        "last_used_at": format_time(secret.last_used_at),
    }


def _say_secret(secret: "ClientSecret", now: int) -> str:
    used = format_time(secret.last_used_at)
    expires = format_time(secret.expires_at)
    ending = "" if not expires else f"good until {expires}" if secret.is_valid(now) else f"ended {expires}"
    parts = (
        secret.hint,
        f"made {format_time(secret.created_at)}",
        f"last used {used}" if used else "not used yet",
        ending,
    )
    return " · ".join(part for part in parts if part)
