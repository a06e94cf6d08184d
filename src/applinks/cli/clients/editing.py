"""The command ``applinks clients edit``."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from applinks.cli.clients.oauth1.changing import GROUP, OAuth1ChangeOptions, change_oauth1_client
from applinks.cli.clients.oauth1.options import OAuth1KeyOptions
from applinks.cli.clients.output import describe_client, list_client_facts
from applinks.cli.options import CommonOptions
from applinks.cli.output import print_facts, print_json, refuse_use

if TYPE_CHECKING:
    from applinks.administration.clients import ClientChange
    from applinks.cli.opening import Opened


async def edit(
    client_id: Annotated[str, Parameter(name="CLIENT", help="The client ID, or the client (consumer) key.")],
    /,
    *,
    name: Annotated[str | None, Parameter(help="What it is called.")] = None,
    scope: Annotated[
        tuple[str, ...],
        Parameter(negative="", show_default=False, help="A scope that it has, instead of those before; repeatable."),
    ] = (),
    redirect_uri: Annotated[
        tuple[str, ...],
        Parameter(
            negative="",
            show_default=False,
            help="Of OAuth 2: where users come back to, instead of the ones before; repeatable.",
        ),
    ] = (),
    keys: Annotated[OAuth1KeyOptions | None, Parameter(group=GROUP)] = None,
    change: OAuth1ChangeOptions | None = None,
    common: CommonOptions | None = None,
) -> None:
    """Change an application that calls us; what is not named stays."""
    from applinks.administration import clients
    from applinks.cli.opening import check_our_scopes, find_actor, open_database
    from applinks.errors import RefusedError

    common, keys, change = common or CommonOptions(), keys or OAuth1KeyOptions(), change or OAuth1ChangeOptions()
    is_of_oauth1 = keys != OAuth1KeyOptions() or change != OAuth1ChangeOptions()
    if name is None and not scope and not redirect_uri and not is_of_oauth1:
        refuse_use("say what shall change: applinks clients edit --help names the options")
    keys.check()
    change.check(keys)
    secret = keys.read_secret()
    async with open_database(common) as opened:
        await check_our_scopes(scope, storage=opened.storage)
        found = await clients.show_client(client_id, actor=find_actor(), side=opened.administration)
        if found.client.oauth1 is None and is_of_oauth1:
            raise RefusedError("This client speaks OAuth 2: its name, scopes and redirect URIs can be changed.")
        if found.client.oauth1 is not None and redirect_uri:
            raise RefusedError("This client (consumer) speaks OAuth 1.0a: it has a callback instead, --callback.")
        if found.client.oauth1 is not None:
            changed = change.build(keys, name=name, scopes=scope, secret=secret)
            await change_oauth1_client(client_id, changed, opened, common)
        else:
            asked = clients.ClientChange(name=name, redirect_uris=redirect_uri or None, scopes=scope or None)
            await _change_client(client_id, asked, opened, common)


async def _change_client(client_id: str, asked: "ClientChange", opened: "Opened", common: CommonOptions) -> None:
    from applinks.administration.clients import change_client
    from applinks.cli.opening import find_actor

    found = await change_client(client_id, asked, actor=find_actor(), side=opened.administration)
    if common.json:
        print_json(describe_client(found.client, found.link))
    else:
        print_facts(list_client_facts(found.client, found.link, now=opened.administration.clock.now()))
