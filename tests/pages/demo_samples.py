"""The pages of the demo's two applications in every state, with sample data."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from applinks import Role, User
from applinks.demo import site as site_module
from applinks.demo.board import Notice, Page
from applinks.demo.gadget import Gadget
from applinks.demo.issues import STATES, Issue
from applinks.demo.site import Site
from applinks.demo.start_page import Problem
from applinks.demo.users import Users

# Days before today are named by their distance, so that the pictures are the same every day.
_LONG_AGO = 1_700_000_000
ALICIA = User(id="1", name="alicia", display_name="Alicia Andersson")
ALICE = User(id="1", name="alice", display_name="Alice Anders")
DANA = User(id="2", name="dana", display_name="Dana Ito", role=Role.ADMINISTRATOR)
ISSUES = [
    {
        "key": f"TRK-{number}",
        "title": title,
        "state": state,
        "changed_at": _LONG_AGO,
        "url": f"https://tracker.hafen.example/issues/TRK-{number}",
    }
    for number, title, state in (
        (311, "Two accounts for one person at the peer", "open"),
        (298, "Wiki titles are missing in comments", "open"),
        (274, "Import stops at 10,000 rows", "open"),
        (251, "Dark mode: charts are too bright", "done"),
    )
]
READY = Gadget(state="ready", link="tracker", account="alice", issues=ISSUES, can_create=True, read_at=_LONG_AGO)
GADGETS = {
    "ready": READY,
    "read-only": replace(READY, can_create=False),
    "no-issues": replace(READY, issues=[]),
    "none": Gadget(state="none"),
    "connect": Gadget(state="connect", link="tracker", connect_url="/applinks/connect/lnk_1"),
    "unusable": Gadget(state="unusable", link="tracker", reason="The link is paused."),
    "slow": replace(READY, state="slow"),
    "down": replace(READY, state="down", reference="AL-7KQ2-M9F4"),
    "refused": Gadget(state="refused", link="tracker", reference="AL-7KQ2-M9F4"),
}
_PINNED = [
    Page("Release plan, winter", "https://wiki.example/release-plan"),
    Page("How we write issues", "https://wiki.example/issues"),
    Page("Who is on call", "https://wiki.example/on-call"),
]
_OWN_ISSUES = [
    Issue(each, title, state, _LONG_AGO, _LONG_AGO)
    for each, title, state in (
        (311, "Two accounts for one person at the peer", STATES[0]),
        (251, "Dark mode: charts are too bright", STATES[1]),
    )
]


class _Renderer:
    """The templates of one application, as its site fills them."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._site = Site(name=name, users=Users(()), folder=folder)

    def render(self, template: str, *, user: User | None = None, **values: Any) -> str:
        environment = self._site._templates.env
        around = {"application": self._name, "user": user, "csrf_token": "sample"}
        html = environment.get_template(template).render(around | values)
        # Each application has its own stylesheet under this address; the samples lie side by side.
        return html.replace("/site.css", f"/{self._name.lower().replace(' ', '-')}.css")


_RULES = (Path(site_module.__file__).parent / "pages" / "site.css").read_text("utf-8")
STYLESHEETS = {"tracker.css": _RULES, "start-page.css": f"{_RULES}:root {{ --al-hue: 168; }}\n"}
"""What the two applications add to our stylesheet, by the name under which the samples ask for it."""


def _render_dashboards(site: _Renderer) -> dict[str, str]:
    def render(gadget: Gadget, *, user: User = ALICIA, **values: Any) -> str:
        around = {
            "greeting": "Good afternoon",
            "today": "Monday, 23 November",
            "account_url": "/applinks/account",
            "pages": _PINNED,
            "notices": [],
            "problem": None,
        }
        return site.render("dashboard.html", user=user, gadget=gadget, **(around | values))

    notice = Notice(text="TRK-311: Two accounts for one person at the peer", sender="Tracker", at=_LONG_AGO)
    problem = Problem("The issue was not created", "Tracker does not answer.", "Import stops at 10,000 rows")
    return {
        **{f"dashboard-{name}": render(gadget) for name, gadget in GADGETS.items()},
        "dashboard-to-link": render(GADGETS["none"], user=DANA),
        "dashboard-notices": render(READY, notices=[notice]),
        "dashboard-problem": render(READY, problem=problem),
    }


def _render_tracker(site: _Renderer) -> dict[str, str]:
    login = {"return_to": "/", "name": "", "again": False}
    issue = {"issue": _OWN_ISSUES[0], "states": STATES, "start_page": None}
    return {
        "login": site.render("login.html", **login | {"return_to": "/applinks/oauth2/authorize"}),
        "login-again": site.render("login.html", user=DANA, **login | {"name": "dana", "again": True}),
        "login-failed": site.render("login.html", **login | {"name": "alice", "failed": True}),
        "issues": site.render("issues.html", user=ALICE, issues=_OWN_ISSUES),
        "issues-empty": site.render("issues.html", user=ALICE, issues=[]),
        "issue": site.render("issue.html", user=ALICE, **issue),
        "issue-sendable": site.render("issue.html", user=ALICE, **issue | {"start_page": {"name": "Start page"}}),
        "sent": site.render("sent.html", user=ALICE, issue=_OWN_ISSUES[0], is_sent=True),
        "sent-not": site.render("sent.html", user=ALICE, issue=_OWN_ISSUES[0], is_sent=False),
        "demo-error": site.render("error.html", user=ALICE, message="You have no issue of that key."),
    }


def _render_all() -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        start_page = _Renderer("Start page", Path(folder))
        return _render_dashboards(start_page) | _render_tracker(_Renderer("Tracker", Path(folder)))


DEMO_PAGES = _render_all()
"""Each page of the demo, rendered."""
