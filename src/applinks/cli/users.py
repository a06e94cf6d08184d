"""The commands ``applinks users add|password|list|pause|resume|delete``."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from applinks.cli.asking import ask_secret, confirm, read_line
from applinks.cli.options import CommonOptions, YesOption, name_argument
from applinks.cli.output import clean, format_time, print_json, print_line, print_note, print_table, refuse_use
from applinks.errors import RefusedError
from applinks.secret import Secret

if TYPE_CHECKING:
    from applinks.records.accounts import Account

app = App(name="users")

NameArgument = Annotated[str, Parameter(help="The name that the user logs in with, whatever its case.")]
PasswordOption = Annotated[
    str | None,
    Parameter(help="The password. Other users of this machine may see it; without this option it is asked for."),
]
PasswordInputOption = Annotated[
    bool,
    Parameter(
        name="--password-stdin", negative="", show_default=False, help="Read the password from standard input, a line."
    ),
]


@app.command
async def add(
    name: NameArgument,
    /,
    *,
    password: PasswordOption = None,
    password_stdin: PasswordInputOption = False,
    email: Annotated[str, Parameter(show_default=False, help="An e-mail address, which you vouch for.")] = "",
    admin: Annotated[
        bool, Parameter(negative="", show_default=False, help="An administrator, who may link and change links.")
    ] = False,
    common: CommonOptions | None = None,
) -> None:
    """Add a user."""
    from applinks.administration.accounts import NewAccount, add_account
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        if await administration.accounts.find_by_name(name) is not None:
            raise RefusedError(_say_taken(name), code="name_taken")
        hashed = await _hash(_read_password(name, password, from_input=password_stdin))
        new = NewAccount(name=name, password=hashed, email=email, is_administrator=admin)
        with name_argument("name", "NAME"):
            account = await add_account(new, actor=find_actor(), side=administration)
    _print(account, f"{account.name} can log in{' and is an administrator' if admin else ''}.", common)


@app.command(name="password")
async def set_password(
    name: NameArgument,
    /,
    *,
    password: PasswordOption = None,
    password_stdin: PasswordInputOption = False,
    common: CommonOptions | None = None,
) -> None:
    """Give a user a new password; whoever is logged in with the old one is logged out."""
    from applinks.administration import accounts
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        if await administration.accounts.find_by_name(name) is None:
            raise _refuse_unknown(name)
        hashed = await _hash(_read_password(name, password, from_input=password_stdin))
        account = await accounts.set_password(name, hashed, actor=find_actor(), side=administration)
    _print(account, f"{account.name} has a new password.", common)


@app.command(name="list")
async def list_users(*, common: CommonOptions | None = None) -> None:
    """List the users."""
    from applinks.administration.accounts import list_accounts
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        found = await list_accounts(actor=find_actor(), side=administration)
    if common.json:
        print_json([_describe(account) for account in found])
    elif not found:
        print_line("There are no users yet. See: applinks users add --help")
    else:
        rows = [
            (
                account.name,
                account.email,
                account.role.value if account.role != "none" else "",
                "" if account.active else "paused",
                format_time(account.last_login_at) or "never",
            )
            for account in found
        ]
        print_table(("Name", "E-mail", "Role", "State", "Last log-in"), rows)


@app.command
async def pause(name: NameArgument, /, *, common: CommonOptions | None = None) -> None:
    """Pause a user: nobody is logged in as her, and no application acts for her, until she is resumed."""
    from applinks.administration.accounts import pause_account

    await _change(name, pause_account, "{name} is paused, and is logged out everywhere.", common)


@app.command
async def resume(name: NameArgument, /, *, common: CommonOptions | None = None) -> None:
    """End the pause of a user."""
    from applinks.administration.accounts import resume_account

    await _change(name, resume_account, "{name} can log in again.", common)


@app.command
async def delete(name: NameArgument, /, *, yes: YesOption = False, common: CommonOptions | None = None) -> None:
    """Delete a user for good, with all that she allowed and connected."""
    from applinks.administration.accounts import delete_account

    confirm(f"Delete {name}, with all that she allowed and connected?", yes=yes)
    await _change(name, delete_account, "{name} is deleted.", common)


async def _change(name: str, change: Any, said: str, common: CommonOptions | None) -> None:
    from applinks.cli.opening import find_actor, open_database

    common = common or CommonOptions()
    async with open_database(common) as opened:
        try:
            account: Account = await change(name, actor=find_actor(), side=opened.administration)
        except RefusedError as error:
            if error.code != "unknown_user":
                raise
            raise _refuse_unknown(name) from error
        was_last = account.role == "administrator" and not await opened.storage.accounts.has_administrator()
    _print(account, said.format(name=account.name), common)
    if was_last:
        print_note("Nobody is an administrator now. This makes one: applinks users add NAME --admin")


def _print(account: "Account", said: str, common: CommonOptions) -> None:
    if common.json:
        print_json(_describe(account))
    else:
        print_line(said)


def _describe(account: "Account") -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "email": account.email or None,
        "role": account.role.value,
        "active": account.active,
        "created_at": format_time(account.created_at),
        "last_login_at": format_time(account.last_login_at),
    }


def _read_password(name: str, given: str | None, *, from_input: bool) -> Secret:
    """Take the password as it is given, else from standard input, else ask for it on the terminal, twice."""
    if given is not None and from_input:
        refuse_use("--password and --password-stdin exclude each other.")
    if given is None and from_input:
        given = read_line(what="The password")
        if not given:
            raise RefusedError("Standard input is empty, so there is no password. Nothing was changed.")
    if given is None:
        given = _ask_password(name)
    try:
        given.encode()
    except UnicodeEncodeError as error:
        raise RefusedError("The password is no text in UTF-8. Nothing was changed.", code="invalid_password") from error
    return Secret(given)


def _ask_password(name: str) -> str:
    if not sys.stdin.isatty():
        refuse_use("no password: give --password-stdin and the password on standard input, or --password")
    typed = ask_secret(f"Password for {name}")
    if not typed:
        raise RefusedError("No password was typed. Nothing was changed.", code="invalid_password")
    if ask_secret("Once more") != typed:
        raise RefusedError("The two are not the same. Nothing was changed.", code="invalid_password")
    return typed


async def _hash(password: Secret) -> Secret:
    from applinks.hosts.server.passwords import SHORT_PASSWORD, hash_password

    hashed = await hash_password(password)
    if len(password.reveal()) < SHORT_PASSWORD:
        print_note(f"That password is short: {SHORT_PASSWORD} characters or more are harder to guess.")
    return hashed


def _say_taken(name: str) -> str:
    name = clean(name)
    return (
        f"There is a user {name!r} already. Nothing was changed. applinks users password {name} gives a new"
        f" password. Another role or e-mail address takes a new account, after applinks users delete {name}, which"
        " also ends what she allowed and connected."
    )


def _refuse_unknown(name: str) -> RefusedError:
    return RefusedError(f"There is no user {name!r}. See: applinks users list", code="unknown_user", status=404)
