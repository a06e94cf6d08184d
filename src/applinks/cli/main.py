"""The command ``applinks``."""

import asyncio
import io
import os
import sys
from importlib.metadata import version

from cyclopts import App, CycloptsError, UnusedCliTokensError
from cyclopts.panel import CycloptsPanel

from applinks.errors import ApplinksError
from applinks.words import say_refusal


def _format_error(error: CycloptsError) -> object:
    """Give what is printed of a command that was typed wrongly."""
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        from rich.text import Text

        return CycloptsPanel(Text(f"Too many arguments: {' '.join(error.unused_tokens)}."))
    return CycloptsPanel(error)


# The commands are loaded when they are asked for, so that --help needs neither the database nor the servers.
app = App(
    name="applinks",
    help="Link two web applications, so that each can call the other as its users, with OAuth.",
    help_epilogue="Settings come from options, APPLINKS_… variables or applinks.toml, in that order.",
    version=lambda: version("applinks"),
    help_format="plaintext",
    error_formatter=_format_error,
)
app.command(
    "applinks.cli.demo:demo", name="demo", help="Run two applications on this machine, to try application links."
)
app.command("applinks.cli.links:app", name="links", help="See, pause, resume and delete application links.")
app.command("applinks.cli.failures:app", name="failures", help="See what was refused or failed, and why.")
app.command("applinks.cli.database:app", name="database", help="Bring the database up to date, and check it.")


def main() -> None:
    """Run the command of this process's arguments; every failure is a sentence on standard error and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter shows its code: no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(sys.argv[1:])
    except ApplinksError as error:
        print(f"applinks: {_say(error)}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # Whoever reads our output, such as head, has seen enough; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)


def _say(error: ApplinksError) -> str:
    from applinks.linking.errors import LinkingError

    if not isinstance(error, LinkingError):
        return error.description or error.code
    # Its description is for the wire; people have their own sentences.
    sentence = say_refusal(error.code, us="this application", peer=error.peer)
    return f"{sentence.what} {sentence.advice}"
