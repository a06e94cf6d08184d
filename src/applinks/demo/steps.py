"""What to do in the browser, step by step."""

from applinks.demo.accounts import Account
from applinks.demo.applications import Application
from applinks.words import say_protocol


def list_steps(tracker: Application, start_page: Application, *, is_linked: bool) -> list[str]:
    """Give the steps that are left, each a sentence or two."""
    linking = [
        (
            f"Open {start_page.base_url}/applinks/new and log in as {_name(start_page.administrator)}."
            f" Paste {tracker.base_url} there, and continue at {tracker.name}."
        ),
        (
            f"At {tracker.name} log in as {_name(tracker.administrator)}, and approve."
            " You are taken back, and the page says Connected."
        ),
        f"Log out at both, in the menu at the top right of {start_page.base_url}/ and {tracker.base_url}/.",
    ]
    using = [
        (
            f"Open {start_page.base_url}/ and log in as {_name(start_page.user)}. Press Connect to {tracker.name},"
            f" log in there as {_name(tracker.user)}, and approve."
        ),
        (
            f"{tracker.name}'s issues are on {start_page.name}'s dashboard."
            f" {start_page.base_url}/applinks/account and {tracker.base_url}/applinks/account end it again."
        ),
    ]
    if tracker.protocols[:1] != start_page.protocols[:1]:
        using.append(
            f"At {tracker.name} open an issue and press Send it to {start_page.name}: that goes over"
            f" {_say_preferred(tracker)}, what {start_page.name} asks goes over {_say_preferred(start_page)}."
            f" Both accesses are on {tracker.base_url}/applinks/account."
        )
    return using if is_linked else linking + using


def say_protocols(application: Application) -> str:
    """Say what an application speaks; empty: its settings say it."""
    return " and ".join(sorted(map(say_protocol, application.protocols), reverse=True))


def _say_preferred(application: Application) -> str:
    return say_protocol(application.protocols[0])


def _name(account: Account) -> str:
    return f"{account.name} (password {account.password})"
