"""The log-in page of the server form."""

from applinks.hosts.server.login import LoginPage

LOGIN = LoginPage(title="Log in to Tracker", why="to decide about the access of Start page", next="/applinks/account")
LOGIN_PAGES = {
    "log-in": LOGIN,
    "log-in-wrong": LoginPage(
        title="Log in to Tracker",
        name="alice",
        next="/applinks/account",
        problem="Name or password is wrong.",
    ),
    "log-in-first": LoginPage(
        title="Log in to Tracker", next="/", command="applinks users add NAME --admin --database sqlite:///applinks.db"
    ),
    "log-in-again": LoginPage(
        title="Log in again",
        why="to show that it is still you who decides here",
        name="robin",
        next="/applinks/new/by-hand",
    ),
}
"""What it shows, by name."""
