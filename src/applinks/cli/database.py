"""The commands ``applinks database upgrade|check|prune``."""

import sys
from typing import TYPE_CHECKING, Any

from cyclopts import App

from applinks.cli.options import CommonOptions
from applinks.cli.output import print_json, print_line, print_note

if TYPE_CHECKING:
    from applinks.storage.migrations import SchemaStatus

app = App(name="database")


@app.command
def upgrade(*, common: CommonOptions | None = None) -> None:
    """
    Bring the database to the schema of this version.

    Make a backup first: it is the only way back. A database that is new is
    made; so does the first start.
    """
    from applinks.storage import migrations

    common = common or CommonOptions()
    before = migrations.upgrade(common.load_settings())
    if common.json:
        print_json(_describe(before) | {"version": before.newest, "before": before.version, "current": True})
    elif before.is_current:
        print_line(f"{before.place} has schema {before.newest} already.")
    else:
        print_line(f"{before.place} now has schema {before.newest}; it had {before.version or 'none'}.")


@app.command
def check(*, common: CommonOptions | None = None) -> None:
    """
    Say whether the database is ours, whole, and of the schema that this version
    needs.

    The exit code is 1 when it is not.
    """
    from applinks.storage import migrations

    common = common or CommonOptions()
    status = migrations.check(common.load_settings())
    if common.json:
        print_json(_describe(status))
    else:
        print_line(f"{status.place} has schema {status.version or 'none'}; this version needs {status.newest}.")
        for problem in status.problems:
            print_line(f"Damaged: {problem}")
    if status.problems:
        print_note("The database is damaged: stop the application and bring back a backup.")
    elif not status.is_current:
        # An address is shown without its password, and so leads nowhere; the settings that were used hold it.
        option = f" --database {status.url}" if status.url.startswith("sqlite:") else ""
        print_note(f"Make a backup, then run: applinks database upgrade{option}")
    if status.problems or not status.is_current:
        sys.exit(1)


@app.command
async def prune(*, common: CommonOptions | None = None) -> None:
    """
    Delete what is over: expired tokens, and failures, audit and deleted links
    older than they are kept.

    A running application does this by itself, every ten minutes.
    """
    from applinks.cli.opening import open_database

    common = common or CommonOptions()
    async with open_database(common) as opened:
        gone = await opened.storage.prune(now=opened.administration.clock.now())
    if common.json:
        print_json({"deleted": gone})
    elif gone:
        print_line(f"{gone:,} {'row' if gone == 1 else 'rows'} went that nobody needs any more.")
    else:
        print_line("Nothing is over: nothing went.")


def _describe(status: "SchemaStatus") -> dict[str, Any]:
    return {
        "database": status.url,
        "version": status.version,
        "newest": status.newest,
        "current": status.is_current,
        "problems": list(status.problems),
    }
