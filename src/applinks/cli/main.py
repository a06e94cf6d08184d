"""The command ``applinks``."""

import asyncio
import contextlib
import io
import os
import sys
from pathlib import Path
from typing import NoReturn

from cyclopts import App, CycloptsError, UnusedCliTokensError
from cyclopts.panel import CycloptsPanel

from applinks.cli.demo import demo
from applinks.cli.options import OPTIONS
from applinks.cli.out import out
from applinks.cli.output import clean
from applinks.cli.serve import serve
from applinks.errors import ApplinksError, PeerError, RefusedError, StoreError
from applinks.words import say_refusal


def _find_version() -> str:
    from importlib.metadata import version

    return version("applinks")


def _format_error(error: CycloptsError) -> object:
    """Give what is printed of a command that was typed wrongly."""
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        from rich.text import Text

        return CycloptsPanel(Text(f"Too many arguments: {' '.join(error.unused_tokens)}."))
    return CycloptsPanel(error)


app = App(
    name="applinks",
    help="Link two web applications, so that each can call the other as its users, with OAuth.",
    help_epilogue="Settings come from options, APPLINKS_… variables or applinks.toml, in that order.",
    version=_find_version,
    help_format="plaintext",
    error_formatter=_format_error,
)


def _add_group(place: str, help_text: str) -> None:
    """Add the commands of a module by its name: of all groups only the one that is called is loaded."""
    app.command(f"applinks.cli.{place}:app", name=place.partition(".")[0], help=help_text)


# What a command needs of the database or the servers is loaded inside it: --help and a typing error need none of it.
app.command(demo)
app.command(serve)
_add_group("users", "Add, see, pause and delete the users of applinks serve, and set their passwords.")
_add_group("links.commands", "Add, see, change, pause, resume and delete application links.")
_add_group("clients.commands", "Add, see, change and delete applications that call us, and their secrets.")
_add_group("tokens", "See and revoke what applications hold to call us.")
_add_group("keys", "See the keys that this application signs with.")
app.command(out)
_add_group("failures", "See what was refused or failed, and why.")
_add_group("database", "Bring the database up to date, check it, and clear it out.")


def main() -> None:
    """Run the command of this process's arguments; every failure is a sentence on standard error and an exit code."""
    _prepare_streams()
    try:
        app(sys.argv[1:])
    except ApplinksError as error:
        print(f"applinks: {_say(error)}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # Whoever reads our output, such as head, has seen enough.
        _give_up_output()
    except OSError as error:
        # Files and sockets have sentences of their own where they are opened; what is left is our own output.
        with contextlib.suppress(OSError):
            print(f"applinks: The output cannot be written: {error.strerror or error}.", file=sys.stderr)
        _give_up_output()
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)


def _prepare_streams() -> None:
    # One that was closed before we began is None, and the next file that is opened would take its place.
    nothing = Path(os.devnull)
    sys.stdin = sys.stdin or nothing.open(encoding="utf-8")
    sys.stdout = sys.stdout or nothing.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nothing.open("w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter shows its code: no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _give_up_output() -> NoReturn:
    # What is left of it would fail once more at exit, and Python would complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)


# The command that helps on, where what is said of an error names none; pages have links instead.
_NEXT_STEPS = {
    "unknown_client": "See: applinks clients list",
    "unknown_link": "See: applinks links list",
    "unknown_token": "See: applinks tokens list",
    "unknown_user": "See: applinks users list",
    "is_client_secret": "With: applinks clients rotate-secret CLIENT --keep-days 0",
    "registration_incomplete": "With: applinks links edit LINK",
    "scope_not_of_link": "With: applinks links edit LINK --incoming-scope SCOPE",
}


def _say(error: ApplinksError) -> str:
    step = _find_next_step(error)
    text = _describe(error, has_step=bool(step))
    return f"{text} {step}" if step and step not in text else text


def _find_next_step(error: ApplinksError) -> str:
    step = _NEXT_STEPS.get(error.code, "")
    if isinstance(error, PeerError):
        if error.reference and not step:
            return f"See why: applinks failures show {error.reference}"
        step = step.replace("LINK", clean(error.link)) if error.link else step
        return step + _list_missing_options(error) if error.code == "registration_incomplete" else step
    if error.code == "duplicate_link" and isinstance(error, RefusedError) and error.link_id:
        return f"See: applinks links show {error.link_id}"
    return step


def _list_missing_options(error: PeerError) -> str:
    options = {"client ID": " --client-id ID", "client secret": " --client-secret-file -", "issuer": " --issuer URL"}
    return "".join(option for name, option in options.items() if name in error.description)


def _describe(error: ApplinksError, *, has_step: bool) -> str:
    from applinks.linking.errors import LinkingError

    if isinstance(error, LinkingError):
        # Its description is for the wire; people have their own sentences.
        sentence = say_refusal(error.code, us="your application", peer=clean(error.peer))
        offer = f" Try: {clean(error.offer)}" if error.offer else ""
        what = sentence.what if sentence.what.startswith("http") else sentence.what[:1].upper() + sentence.what[1:]
        # What to do on the pages is no help beside the command for it.
        return f"{what}{offer}" if has_step else f"{what} {sentence.advice}{offer}"
    if isinstance(error, StoreError) and error.detail not in {"", error.description}:
        # Whoever runs a command sees no log: here it is said which database, and what it said itself.
        return f"{error.description} ({clean(error.detail)})"
    text = error.description or error.code
    option = OPTIONS.get(getattr(error, "field", "")) if isinstance(error, RefusedError) else None
    return f"{option}: {text}" if option else text
