"""Every page in every state, with sample data: the same applications and people as in the mockups."""

from dataclasses import replace
from typing import Any

from applinks.web.pages import views as v
from applinks.web.pages.account import AccountPage, ConnectionRow, GrantRow
from applinks.web.pages.links import views as lv
from applinks.web.pages.rendering import render_html
from applinks.words import Sentence, say_refusal
from tests.pages import hand_samples as hands
from tests.pages import link_samples as links
from tests.pages import oauth1_samples as oauth1
from tests.pages.agreement_samples import (
    ANSWER,
    APPROVE,
    APPROVE_FAR,
    APPROVE_ODD,
    APPROVE_ONE_WAY,
    CHANGE,
    CHANGE_FAR,
    CHANGE_OFF_THERE,
    CHANGE_PROBLEM,
    NEW,
    NEW_FOUND,
    NEW_ONE_WAY,
    NEW_PRIVATE,
    NEW_PROBLEMS,
    NEW_WAYS,
    NOTHING_LEFT,
    PRIVATE,
    START,
    US,
)
from tests.pages.demo_samples import DEMO_PAGES
from tests.pages.login_samples import LOGIN_PAGES

NOW = links.NOW
WIKI = v.End(name="Wiki", host="wiki.hafen.example", url="https://wiki.hafen.example", tint=2)
FILES = v.End(name="Files", host="files.hafen.example", url="https://files.hafen.example", tint=3)
PAYROLL = v.End(name="Payroll", host="people.northwind.example", url="https://people.northwind.example", tint=5)

SHELL = v.Shell(
    application="Tracker",
    version="0.1",
    base_url="https://tracker.hafen.example",
    home="/",
    root="/applinks",
    stylesheet="/applinks/static/applinks.css",
    user=v.End(name="Robin Berg", tint=5),
    csrf="sample",
    is_administration=True,
    may_administrate=True,
)
USER_SHELL = replace(SHELL, user=v.End(name="Alice Anders", tint=6), is_administration=False, may_administrate=False)


EMPTY = lv.LinksPage(total=0, may_change=True, tabs=(), rows=())
_KEY = lv.KeyView(kid="k", fingerprint="k7Qe 9fQw 71Lb c0De", algorithm="ES256")
KEYS = lv.KeysPage(
    them=START,
    url="/applinks/links/start-page",
    title="Compare the new key of Start page",
    text="Start page uses a key that it had not announced, so no call passes.",
    unannounced=(_KEY,),
    pinned=(replace(_KEY, fingerprint="t2Ma 9fQw 71Lb c0De"),),
    own=(_KEY,),
    may_change=True,
)
PAUSE = v.QuestionPage(
    title="Pause the link with Start page?",
    text="Both directions stop at once. Nothing is lost.",
    asks_reason=True,
    button="Pause the link",
    field="pause",
    back="/applinks/links/start-page",
)
DELETE = v.QuestionPage(
    title="Delete the link with Start page?",
    text="It cannot be brought back.",
    losses=(
        v.Choice(
            label="Tracker stops at once. Start page stops as soon as it has been told. "
            "38 users of Start page and 12 users of Tracker lose their connection."
        ),
        v.Choice(label="To link again, both administrators have to approve again."),
    ),
    button="Delete the link",
    field="delete",
    back="/applinks/links/start-page",
    is_dangerous=True,
)
REVOKE = v.QuestionPage(
    title="Revoke everything?",
    text="Nothing can act for you afterwards, until you say yes again.",
    losses=(
        v.Choice(label="Every application loses its access to your account here."),
        v.Choice(label="Tracker loses your accounts at other applications."),
    ),
    button="Revoke everything",
    field="revoke",
    back="/applinks/account",
    is_dangerous=True,
)
SLOW_FLASH = v.Flash(
    kind="wait",
    title="Files answers slowly",
    text="The connection is given up here in half a minute at the latest, whatever it answers. Load this page again.",
)
ADDRESS = "https://tracker.hafen.example/applinks/account"
CONSENT = v.ConsentPage(
    us=US,
    them=START,
    user_name="alice",
    lanes=(v.Lane(direction="in", state="wait", words="Start page wants to call Tracker"),),
    asks="Start page asks for access",
    title="Let Start page use your Tracker account?",
    can_title="Start page will be able to",
    can=(
        v.Choice(label="See your issues", hint="Everything that you can see in Tracker yourself"),
        v.Choice(label="Create and change issues in your name"),
    ),
    cannot=(
        v.Choice(label="See your password, or change your account"),
        v.Choice(label="Act when you have taken this back"),
    ),
    returns_to="start.hafen.example",
    login_url="/login",
    shown="sample",
)
CONSENT_PUBLIC = replace(
    CONSENT,
    them=v.End(name="“Issue Helper”", host="a program on this computer", tint=2),
    asks="A program asks for access",
    title="Let a program on this computer use your Tracker account?",
    can_title="It will be able to",
    is_public=True,
    returns_to="this computer, port 53412",
    warning=Sentence(
        what="Tracker cannot tell who made it",
        advice="It calls itself “Issue Helper”. The answer goes to 127.0.0.1:53412, and to whatever listens there.",
    ),
)
ACCOUNT = AccountPage(
    grants=(
        GrantRow(
            id="grt_1",
            them=START,
            can=("See your issues", "Create and change issues in your name"),
            protocol="OAuth 2",
            created_at=NOW - 2_000_000,
            last_used_at=NOW - 120,
        ),
        GrantRow(
            id="grt_2",
            them=START,
            can=("See your issues",),
            protocol="OAuth 1.0a",
            created_at=NOW - 1_000_000,
        ),
    ),
    connections=(
        ConnectionRow(
            link="lnk_1",
            them=FILES,
            id="con_1",
            account="alice.anders",
            protocol="OAuth 2",
            can=("See your files",),
            created_at=NOW - 3_000_000,
        ),
        ConnectionRow(
            link="lnk_2",
            them=WIKI,
            id="con_2",
            state=v.StateView(key="attention", state="warn", word="Not working"),
            words="Wiki has ended your connection.",
            protocol="OAuth 1.0a",
            created_at=NOW - 1_000_000,
            connect_url="/applinks/connect/lnk_2",
        ),
        ConnectionRow(link="lnk_3", them=PAYROLL, words="Not connected.", connect_url="/applinks/connect/lnk_3"),
    ),
)


def _fail(code: str, *, back: str = "/applinks/", words: str = "Back to the links", **changes: Any) -> v.ErrorPage:
    sentence = say_refusal(code, us="Tracker", peer="start.hafen.example")
    page = v.ErrorPage(
        what=sentence.what, advice=sentence.advice, reference="AL-7KQ2-M9F4", back=back, back_words=words
    )
    return replace(page, **changes)


_NOBODY = replace(USER_SHELL, user=None)
_PAUSED_FLASH = v.Flash(kind="ok", title="The test passed", text="Start page answered.")
_AT_START = replace(SHELL, application="Start page", user=v.End(name="Dana Ito", tint=2), is_administration=False)

PAGES: dict[str, tuple[str, Any, v.Shell]] = {
    "links": ("links.html", links.build_list(links.build_rows()), replace(SHELL, is_front=True)),
    "links-none": (
        "links.html",
        links.build_list((), query="nextcloud", filter="paused"),
        replace(SHELL, is_front=True),
    ),
    "links-empty": ("links.html", EMPTY, replace(SHELL, is_front=True)),
    "links-auditor": ("links.html", replace(EMPTY, may_change=False), replace(SHELL, is_front=True)),
    "links-by-hand": ("links.html", links.build_list(hands.build_rows()), replace(SHELL, is_front=True)),
    **{name: ("link.html", page, SHELL) for name, page in hands.LINK_PAGES.items()},
    **{name: ("new_by_hand.html", page, SHELL) for name, page in hands.NEW_PAGES.items()},
    **{name: ("change_by_hand.html", page, SHELL) for name, page in hands.CHANGE_PAGES.items()},
    **{name: ("link.html", page, SHELL) for name, page in oauth1.LINK_PAGES.items()},
    **{name: ("new_by_hand.html", page, SHELL) for name, page in oauth1.NEW_PAGES.items()},
    **{name: ("change_by_hand.html", page, SHELL) for name, page in oauth1.CHANGE_PAGES.items()},
    "hand-secret": ("question.html", hands.NEW_SECRET_QUESTION, SHELL),
    "hand-secret-end": ("question.html", hands.END_SECRET_QUESTION, SHELL),
    "new-link-empty": ("new_link.html", NEW, SHELL),
    **{f"new-link-{name}": ("new_link.html", page, SHELL) for name, page in NEW_PROBLEMS.items()},
    "new-link-private": ("new_link.html", NEW_PRIVATE, SHELL),
    "new-link": ("new_link.html", NEW_FOUND, SHELL),
    "new-link-ways": ("new_link.html", NEW_WAYS, SHELL),
    "new-link-one-way": ("new_link.html", NEW_ONE_WAY, SHELL),
    "new-link-again": ("new_link.html", replace(NEW_FOUND, choice_problem=NOTHING_LEFT), SHELL),
    "approve-link": ("approve_link.html", APPROVE, _AT_START),
    "approve-link-odd": ("approve_link.html", APPROVE_ODD, _AT_START),
    "approve-link-far": ("approve_link.html", APPROVE_FAR, _AT_START),
    "approve-link-one-way": ("approve_link.html", APPROVE_ONE_WAY, _AT_START),
    "approve-link-private": ("question.html", PRIVATE, _AT_START),
    "answer": ("answer.html", ANSWER, SHELL),
    **{name: ("link.html", links.build(link), SHELL) for name, link in links.LINKS.items()},
    "link-yours": (
        "link.html",
        links.build(links.LINKS["link-waiting"], answer_url="/applinks/link/callback?link=lnk_1"),
        SHELL,
    ),
    "link-nobody-yet": ("link.html", links.build(links.START, grants=0, connections=0), SHELL),
    "link-tested": ("link.html", links.build(links.START), replace(SHELL, flash=(_PAUSED_FLASH,))),
    "link-auditor": ("link.html", links.build(links.LINKS["link-keys"], may_change=False), SHELL),
    "change": ("change_direction.html", CHANGE, SHELL),
    "change-far": ("change_direction.html", CHANGE_FAR, SHELL),
    "change-off-there": ("change_direction.html", CHANGE_OFF_THERE, SHELL),
    "change-problem": ("change_direction.html", CHANGE_PROBLEM, SHELL),
    "keys": ("keys.html", KEYS, SHELL),
    "keys-same": ("keys.html", replace(KEYS, title="Keys", text="", unannounced=()), SHELL),
    "pause": ("question.html", PAUSE, SHELL),
    "delete": ("question.html", DELETE, SHELL),
    "consent": ("consent.html", CONSENT, USER_SHELL),
    "consent-again": ("consent.html", replace(CONSENT, has_changed=True), USER_SHELL),
    "consent-public": ("consent.html", CONSENT_PUBLIC, USER_SHELL),
    **{name: ("consent.html", page, USER_SHELL) for name, page in oauth1.build_consents(CONSENT).items()},
    **{name: ("decided.html", page, USER_SHELL) for name, page in oauth1.DECIDED_PAGES.items()},
    "account-menu": ("account.html", AccountPage(), replace(USER_SHELL, logout_url="/applinks/logout")),
    "account": ("account.html", ACCOUNT, USER_SHELL),
    "account-empty": ("account.html", AccountPage(), USER_SHELL),
    "account-revoke": ("question.html", REVOKE, USER_SHELL),
    "account-slow": ("account.html", ACCOUNT, replace(USER_SHELL, flash=(SLOW_FLASH,))),
    **{name: ("login.html", page, replace(_NOBODY, csrf="sample")) for name, page in LOGIN_PAGES.items()},
    "error": ("error.html", _fail("wrong_browser"), SHELL),
    "error-not-found": ("error.html", _fail("not_found", back="/", words="Back to Tracker"), _NOBODY),
    "error-not-administrator": (
        "error.html",
        _fail(
            "not_administrator",
            back="/login",
            words="Log in as somebody else",
            what="You are logged in as alice, who is no administrator of Tracker.",
            advice="Log in as one, then this page opens. Or ask one.",
        ),
        USER_SHELL,
    ),
    "error-log-in": ("error.html", _fail("login_required", back="/login", words="Log in"), _NOBODY),
    "error-wrong-host": (
        "error.html",
        _fail("wrong_host", back=ADDRESS, words="Go there", reference="", address=ADDRESS),
        _NOBODY,
    ),
    "error-expired": ("error.html", _fail("expired"), SHELL),
    "error-declined": (
        "error.html",
        _fail("access_denied", back="/", words="Back to Tracker", reference=""),
        USER_SHELL,
    ),
    "error-broken": ("error.html", _fail("server_error"), SHELL),
}


def render(name: str) -> str:
    """Render a page of the library or of the demo."""
    if name in DEMO_PAGES:
        return DEMO_PAGES[name]
    template, page, shell = PAGES[name]
    return render_html(template, page=page, shell=shell, now=NOW)


EVERY_PAGE = (*PAGES, *DEMO_PAGES)
"""The names of all of them."""
