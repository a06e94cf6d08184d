"""The commands ``applinks clients``; editing, and adding a client of OAuth 1.0a, have modules of their own."""

from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from applinks.cli.asking import confirm
from applinks.cli.clients.editing import edit
from applinks.cli.clients.oauth1.adding import add_oauth1
from applinks.cli.clients.oauth1.changing import print_new_shared_secret
from applinks.cli.clients.oauth1.output import find_names, list_oauth1_facts
from applinks.cli.clients.options import ClientOptions
from applinks.cli.clients.output import (
    LIST_HEADINGS,
    describe_client,
    describe_new_client,
    list_client_facts,
    list_client_row,
    print_new_client,
    print_new_secret,
)
from applinks.cli.options import CommonOptions, YesOption, name_argument
from applinks.cli.output import clean, print_facts, print_json, print_line, print_table, refuse_use

# What a command needs of the database is loaded inside it: --help and a typing error are answered without.
app = App(name="clients")

ClientArgument = Annotated[str, Parameter(name="CLIENT", help="The client ID, or the client (consumer) key.")]
_DAY_SECONDS = 86400
_DEFAULT_KEEP_DAYS = 7


@app.command
async def add(*, client: ClientOptions, common: CommonOptions | None = None) -> None:
    """
    Add an application that calls us, and print its client ID and secret; the
    secret is not shown again.

    It may be any that speaks OAuth 2. Without --link it gets a link of its own
    name, over which it calls us and we do not call it.
    """
    from applinks.administration import clients
    from applinks.cli.opening import check_our_scopes, find_actor, open_database

    common = common or CommonOptions()
    async with open_database(common, needs_base_url=bool(client.resource)) as opened:
        await check_our_scopes(client.scope, storage=opened.storage)
        added = await clients.add_client(client.build(), actor=find_actor(), side=opened.administration)
    if common.json:
        print_json(describe_new_client(added.client, added.link, added.secret))
        return
    print_line(clean(f"{added.client.name} can call us, over the link {added.link.handle}. Enter there:"))
    print_new_client(added.client, added.secret, opened.settings)


app.command(add_oauth1, name="add-oauth1")


@app.command(name="list")
async def list_clients(
    *,
    link: Annotated[str | None, Parameter(help="Only those of this link, by handle or id.")] = None,
    common: CommonOptions | None = None,
) -> None:
    """List the applications that call us."""
    from applinks.administration import clients
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        found = await clients.list_clients(link, actor=find_actor(), side=administration)
    if common.json:
        print_json([describe_client(each.client, each.link) for each in found])
    elif not found:
        print_line("No application calls us yet. Add one with: applinks clients add --name NAME --redirect-uri URI")
    else:
        print_table(LIST_HEADINGS, [list_client_row(each.client, each.link) for each in found])


@app.command
async def show(client_id: ClientArgument, /, *, common: CommonOptions | None = None) -> None:
    """Show one client: what it may do, and its secrets as far as they can be shown."""
    from applinks.administration import clients
    from applinks.cli.opening import find_actor, open_database

    common = common or CommonOptions()
    async with open_database(common) as opened:
        found = await clients.show_client(client_id, actor=find_actor(), side=opened.administration)
        oauth1, now = found.client.oauth1, opened.administration.clock.now()
        names = await find_names(oauth1, opened.storage.accounts) if oauth1 else {}
    if common.json:
        print_json(describe_client(found.client, found.link))
    elif oauth1 is not None:
        print_facts(list_oauth1_facts(found.client, oauth1, found.link, names))
    else:
        print_facts(list_client_facts(found.client, found.link, now=now))


app.command(edit)


@app.command(name="rotate-secret")
async def rotate_secret(
    client_id: ClientArgument,
    /,
    *,
    keep_days: Annotated[
        int | None,
        Parameter(
            validator=Number(gte=0, lte=365),
            help="How many days the old secret stays good beside it; of OAuth 1.0a none. [default: 7]",
        ),
    ] = None,
    common: CommonOptions | None = None,
) -> None:
    """
    Give a client a new secret, and print it; it is not shown again.

    The old one stays good for some days, so that nothing stops while the new
    one is entered there. Of a client (consumer) of OAuth 1.0a it ends at once.
    """
    from applinks.administration import clients
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        with name_argument("client_id", "CLIENT"):
            kept = _DEFAULT_KEEP_DAYS if keep_days is None else keep_days
            if (
                keep_days
                and (await clients.show_client(client_id, actor=find_actor(), side=administration)).client.oauth1
            ):
                refuse_use("--keep-days is of OAuth 2: of OAuth 1.0a only one secret is good")
            found = await clients.rotate_secret(
                client_id, keep_seconds=kept * _DAY_SECONDS, actor=find_actor(), side=administration
            )
        now = administration.clock.now()
    if common.json:
        print_json(describe_new_client(found.client, found.link, found.secret))
    elif found.secret is not None and found.client.oauth1 is not None:
        print_new_shared_secret(found.client.name, found.client.client_id, found.secret)
    elif found.secret is not None:
        print_new_secret(found.client, found.secret, now=now)


@app.command
async def delete(client_id: ClientArgument, /, *, yes: YesOption = False, common: CommonOptions | None = None) -> None:
    """
    Delete a client for good: its secrets and all tokens that it holds end at
    once.

    A link that was made for it alone goes with it.
    """
    from applinks.administration import clients
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        found = await clients.show_client(client_id, actor=find_actor(), side=administration)
        confirm(f"Delete the client {found.client.name}, with all its tokens?", yes=yes)
        with name_argument("client_id", "CLIENT"):
            await clients.delete_client(client_id, actor=find_actor(), side=administration)
    if common.json:
        print_json({"client_id": found.client.client_id, "deleted": True})
    else:
        print_line(clean(f"{found.client.name} cannot call us any more."))
