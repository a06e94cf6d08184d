"""The command ``applinks clients add-oauth1``."""

from applinks.cli.clients.oauth1.options import OAuth1ClientOptions, OAuth1KeyOptions
from applinks.cli.clients.oauth1.output import describe_new_oauth1_client, print_new_oauth1_client, print_warnings
from applinks.cli.options import CommonOptions
from applinks.cli.output import clean, print_json, print_line, print_note


async def add_oauth1(
    *, client: OAuth1ClientOptions, keys: OAuth1KeyOptions | None = None, common: CommonOptions | None = None
) -> None:
    """
    Add an application that calls us with OAuth 1.0a, a client (consumer), and
    print what is to be entered there.

    It proves itself by its key, by a shared secret, or by either. Without
    --link it gets a link of its own name, over which it calls us and we do not
    call it.
    """
    from applinks.administration import oauth1_clients
    from applinks.cli.opening import check_our_scopes, find_actor, open_database

    common, keys = common or CommonOptions(), keys or OAuth1KeyOptions()
    keys.check()
    client.check()
    secret = keys.read_secret()
    async with open_database(common) as opened:
        await check_our_scopes(client.scope, storage=opened.storage)
        scopes = client.scope
        if not scopes and opened.administration.declared is None and client.link is None:
            # Nobody has an account yet, so that it may be a host's database, whose scopes only itself knows.
            scopes = _assume_scopes()
            print_note(
                f"applinks: No scope was named: it gets {', '.join(scopes)}, those of applinks serve."
                " Another application has scopes of its own: name them with --scope."
            )
        new = client.build(keys, secret, scopes=scopes)
        added = await oauth1_clients.add_oauth1_client(
            new, link=client.link or "", actor=find_actor(), side=opened.administration
        )
    assert added.client.oauth1 is not None  # noqa: S101 - it was asked for.
    print_warnings(added.warnings, added.client.name)
    if common.json:
        shown = describe_new_oauth1_client(added.client, added.client.oauth1, added.link, added.secret or secret)
        print_json(shown)
        return
    print_line(clean(f"{added.client.name} can call us, over the link {added.link.handle}. Enter there:"))
    print_new_oauth1_client(
        added.client, added.client.oauth1, added.secret if keys.generate_secret else None, opened.settings
    )


def _assume_scopes() -> tuple[str, ...]:
    from applinks.hosts.server.scopes import SCOPES

    return tuple(scope.name for scope in SCOPES if scope.default)
