"""What an administrator does next with a link that was made by hand."""

from typing import TYPE_CHECKING

from applinks.cli.links.hand_facts import HandFacts
from applinks.cli.output import print_line, print_values

if TYPE_CHECKING:
    from applinks.records.links import Link


def print_next_steps(link: "Link", facts: HandFacts) -> None:
    """Print what is to be entered at the other side so that we can call it, and what is still to come from there."""
    registration = facts.registration
    if registration is None or not link.outgoing.is_enabled:
        return
    print_line()
    if registration.document:
        print_line(
            "We call it. Nothing has to be registered there: it reads who we are at the address of our client ID:"
        )
        print_line()
        print_values([("Client ID", registration.client_id), ("Redirect URI", facts.redirect_uri or "")])
    else:
        asked = "Register this application there, with this address to come back to:"
        known = "Our registration there needs this address to come back to:"
        print_line(f"We call it. {known if registration.client_id else asked}")
        print_line()
        print_values([("Redirect URI", facts.redirect_uri or "")])
    print_line()
    if not registration.is_complete:
        needs_secret = registration.authentication.is_by_secret and registration.client_secret is None
        options = ("" if registration.client_id else " --client-id ID") + (
            " --client-secret-file -" if needs_secret else ""
        )
        secret = "; - reads the secret from standard input" if needs_secret else ""
        print_line(f"Then enter here what it gave you{secret}:")
        print_line()
        print_line(f"  applinks links edit {link.handle}{options}")
        return
    if link.outgoing.user_scopes:
        print_line("A user connects her account at this address, logged in here:")
        print_line()
        print_line(f"  {facts.connect_url}")
        print_line()
        print_line("Then this calls as her:")
    else:
        print_line("This calls as the application itself:")
    print_line()
    print_line(f"  applinks out {link.handle} /PATH" + (" --user NAME" if link.outgoing.user_scopes else ""))
