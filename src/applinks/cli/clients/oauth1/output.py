"""A client (consumer) of OAuth 1.0a, as the commands print it; its secret in the one moment where it can be shown."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from applinks.cli.options import knows_base_url
from applinks.cli.output import clean, format_time, print_line, print_note, print_values
from applinks.words import say_warning

if TYPE_CHECKING:
    from applinks.records.clients import Client, OAuth1Client
    from applinks.records.links import Link
    from applinks.secret import Secret
    from applinks.settings import Settings
    from applinks.storage.accounts import AccountTable


def describe_oauth1_client(client: "Client", oauth1: "OAuth1Client", link: "Link") -> dict[str, Any]:
    """Give the JSON of a client; users are named by their ids."""
    return {
        "client_id": client.client_id,
        "consumer_key": client.client_id,
        "protocol": client.protocol,
        "name": client.name,
        "description": oauth1.description,
        "link": link.handle,
        "link_id": link.id,
        "authentication": client.authentication.value,
        "signature_methods": [each.value for each in oauth1.methods],
        "public_keys": list(oauth1.public_keys),
        "has_shared_secret": oauth1.shared_secret is not None,
        "callbacks": list(client.redirect_uris),
        "scopes": list(dict.fromkeys(client.scopes + client.application_scopes)),
        "three_legged": oauth1.three_legged,
        "two_legged": oauth1.two_legged,
        "execute_as": oauth1.execute_as or None,
        "impersonation": oauth1.impersonation,
        "protected_users": list(oauth1.protected_users),
        "protected_groups": list(oauth1.protected_groups),
        "protects_administrators": oauth1.protects_administrators,
        "dialect_1_0": oauth1.dialect_1_0,
        "out_of_band": oauth1.out_of_band,
        "created_at": format_time(client.created_at),
    }


def describe_new_oauth1_client(
    client: "Client", oauth1: "OAuth1Client", link: "Link", secret: "Secret | None"
) -> dict[str, Any]:
    """Give the JSON of a client that was made now, or whose secret was; scripts rely on the first two members."""
    first = {"consumer_key": client.client_id, "shared_secret": secret.reveal() if secret else None}
    return first | describe_oauth1_client(client, oauth1, link)


def list_oauth1_facts(
    client: "Client", oauth1: "OAuth1Client", link: "Link", names: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Give the lines of one client; ``names`` are those of the users that it has to do with, by their ids."""

    def name(user_id: str) -> str:
        return names.get(user_id, user_id)

    facts = [
        ("Name", client.name),
        ("Description", oauth1.description),
        ("Consumer key", client.client_id),
        ("Link", link.handle),
        ("Signs with", ", ".join(oauth1.methods)),
        *(("Public key", _say_key(pem)) for pem in oauth1.public_keys),
        ("Shared secret", "kept, not shown" if oauth1.shared_secret else "none"),
        *(("Callback", each) for each in client.redirect_uris),
        ("Scopes", ", ".join(client.scopes) or "none"),
        ("Three legs", "users may give it access" if oauth1.three_legged else "no"),
        ("Two legs", f"as {name(oauth1.execute_as)}" if oauth1.two_legged and oauth1.execute_as else "no"),
        ("Impersonation", _say_impersonation(oauth1) if oauth1.impersonation else "no"),
        ("Never as", ", ".join(map(name, oauth1.protected_users)) if oauth1.impersonation else ""),
        ("Never as of", ", ".join(oauth1.protected_groups) if oauth1.impersonation else ""),
        ("Dialect 1.0", "accepted: it may leave out callback and verifier" if oauth1.dialect_1_0 else ""),
        ("Typed code", "" if oauth1.out_of_band else "no: users have to come back to the callback"),
        ("Added", format_time(client.created_at) or ""),
    ]
    return [(title, value) for title, value in facts if value]


async def find_names(oauth1: "OAuth1Client", accounts: "AccountTable") -> dict[str, str]:
    """Give the names of the users that a client has to do with, where the users are ours."""
    found = [await accounts.find(each) for each in (oauth1.execute_as, *oauth1.protected_users) if each]
    return {account.id: account.name for account in found if account is not None}


def print_new_oauth1_client(
    client: "Client", oauth1: "OAuth1Client", made: "Secret | None", settings: "Settings"
) -> None:
    """Print what is to be entered at the other side, with the secret that was made, once."""
    values = [("Consumer key", client.client_id)]
    if made is not None:
        values.append(("Shared secret", made.reveal()))
    values.append(("Signature methods", ", ".join(oauth1.methods)))
    if knows_base_url(settings) and oauth1.three_legged:
        values += _list_addresses(settings)
    print_line()
    print_values(values)
    print_line()
    if made is not None:
        print_line("The secret is not shown again: copy it now.")
    if knows_base_url(settings):
        if oauth1.three_legged:
            print_line(f"Clients of Atlassian's products find the same below {settings.url('/plugins/servlet/oauth/')}")
    else:
        print_line("The addresses depend on the base URL: APPLINKS_BASE_URL names it.")


def print_warnings(codes: tuple[str, ...], name: str) -> None:
    """Print what an administrator should know of a client that was taken all the same, out of a script's way."""
    for code in codes:
        said = say_warning(code, server=name)
        print_note(clean(f"applinks: {said.what}. {said.advice}"))


def _list_addresses(settings: "Settings") -> list[tuple[str, str]]:
    from applinks.linking.documents import (
        OAUTH1_ACCESS_TOKEN_PATH,
        OAUTH1_AUTHORIZE_PATH,
        OAUTH1_REQUEST_TOKEN_PATH,
    )

    return [
        ("Request token URL", settings.url(OAUTH1_REQUEST_TOKEN_PATH)),
        ("Authorize URL", settings.url(OAUTH1_AUTHORIZE_PATH)),
        ("Access token URL", settings.url(OAUTH1_ACCESS_TOKEN_PATH)),
    ]


def _say_key(pem: str) -> str:
    from applinks.wire.oauth1.keys import parse_public_key

    return f"RSA, {parse_public_key(pem).key_size} bits"


def _say_impersonation(oauth1: "OAuth1Client") -> str:
    reach = ", but no administrator" if oauth1.protects_administrators else ", administrators too"
    return f"it names the user as whom it calls{reach}"
