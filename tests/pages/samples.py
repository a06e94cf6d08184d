"""Every page with sample data: the same applications and people as in the mockups."""

from dataclasses import replace
from typing import Any

from applinks.web.pages import views as v
from applinks.words import Sentence, say_state

NOW = 1_800_000_000
US = v.End(name="Tracker")
START = v.End(name="Start page", host="start.hafen.example", url="https://start.hafen.example", tint=4)
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


def _state(key: str, colour: str, why: str = "", fix: str = "", fix_url: str = "") -> v.StateView:
    return v.StateView(key=key, state=colour, word=say_state(key), why=why, fix=fix, fix_url=fix_url)


def _lanes(state_in: str, state_out: str, words_in: str = "OAuth 2", words_out: str = "OAuth 2") -> dict[str, v.Lane]:
    return {
        "incoming": v.Lane(direction="in", state=state_in, words=words_in),
        "outgoing": v.Lane(direction="out", state=state_out, words=words_out),
    }


CONNECTED = _state("connected", "ok")
ATTENTION = _state(
    "attention",
    "warn",
    "Wiki uses a key that it had not announced, so no call passes.",
    "Compare the keys",
    "/applinks/links/wiki/keys",
)
PAUSED = _state("paused", "rest", "Robin Berg paused it on 12 November: “until the migration is over”.")
WAITING = _state("waiting", "wait", "An administrator of Payroll has to approve. Good for another 8 minutes.")

LINKS = v.LinksPage(
    total=4,
    may_change=True,
    tabs=(
        v.Tab(label="All", count=4, url="?", is_current=True),
        v.Tab(label="Needs attention", count=1, url="?state=attention", state="warn"),
        v.Tab(label="Waiting", count=1, url="?state=waiting"),
        v.Tab(label="Paused", count=1, url="?state=paused"),
    ),
    rows=(
        v.LinkRow(
            url="/applinks/links/wiki", them=WIKI, state=ATTENTION, since=NOW - 9_000_000, **_lanes("bad", "bad")
        ),
        v.LinkRow(url="/applinks/links/start-page", them=START, state=CONNECTED, since=NOW - 120, **_lanes("ok", "ok")),
        v.LinkRow(
            url="/applinks/links/payroll",
            them=PAYROLL,
            state=WAITING,
            since=NOW - 130,
            **_lanes("wait", "off", "OAuth 2", "Disabled"),
        ),
        v.LinkRow(
            url="/applinks/links/files", them=FILES, state=PAUSED, since=NOW - 2_000_000, **_lanes("rest", "rest")
        ),
    ),
)
EMPTY = v.LinksPage(total=0, may_change=True, tabs=(), rows=())


def _box(field: str, value: str, label: str, hint: str = "", *, checked: bool = False) -> v.Choice:
    return v.Choice(field=field, value=value, label=label, hint=hint, checked=checked)


SIDE_IN = v.Side(
    direction="in",
    title="Incoming: Start page calls Tracker",
    user_title="Once a user has said yes, Start page may",
    user=(
        _box("in", "issues:read", "See your issues", "Everything that you can see in Tracker yourself", checked=True),
        _box("in", "issues:write", "Create and change issues in your name"),
        _box("in", "profile", "Know who you are", "Name and e-mail address", checked=True),
    ),
    application_title="Without a user, Start page may",
    application=(_box("in_app", "projects:read", "List public projects"),),
    off=_box("in_off", "1", "Start page does not call Tracker", "To add it later, both sides have to agree again"),
)
SIDE_OUT = v.Side(
    direction="out",
    title="Outgoing: Tracker calls Start page",
    user_title="Once a user has said yes, Tracker may ask for",
    user=(
        _box("out", "pages:read", "See the pages that you have pinned", checked=True),
        _box("out", "notify", "Send you notices"),
    ),
    off=_box("out_off", "1", "Tracker does not call Start page", "To add it later, both sides have to agree again"),
)
NEW = v.NewLinkPage(us=US)
NEW_PROBLEM = v.NewLinkPage(
    us=US,
    url="https://start.hafen.example/old",
    problem=Sentence(what="That address leads on to another one.", advice="Begin with the other address."),
    reference="AL-7KQ2-M9F4",
    offer="https://start.hafen.example",
)
NEW_PRIVATE = v.NewLinkPage(us=US, url="https://10.0.4.17", asks_private=True)
NEW_FOUND = v.NewLinkPage(
    us=US,
    url="https://start.hafen.example",
    found=START,
    found_title="Start page answers, and it has Applinks",
    lane_in=v.Lane(direction="in", state="wait", words="OAuth 2"),
    lane_out=v.Lane(direction="out", state="wait", words="OAuth 2"),
    incoming=SIDE_IN,
    outgoing=SIDE_OUT,
)

ASKING = v.End(name="Tracker", host="tracker.hafen.example", url="https://tracker.hafen.example", tint=5)
BOTH = (
    v.Lane(direction="in", state="wait", words="Tracker will call Start page"),
    v.Lane(direction="out", state="wait", words="Start page will call Tracker"),
)
APPROVE = v.ApprovePage(
    us=v.End(name="Start page"),
    them=ASKING,
    address="https://tracker.hafen.example",
    you="Dana Ito",
    lanes=BOTH,
    incoming=replace(
        SIDE_OUT,
        direction="in",
        title="Tracker may",
        user_title="for each user, after that user says yes",
        off=None,
        level="Level: OAuth",
    ),
    outgoing=replace(
        SIDE_IN,
        direction="out",
        title="Start page may",
        user_title="for each user, after that user says yes",
        application_title="as itself, without a user",
        off=None,
        level="Level: OAuth",
    ),
    fingerprint="t2Ma 9fQw 71Lb c0De",
    remaining="8 minutes",
    offer="sample",
)
APPROVE_ODD = replace(
    APPROVE,
    address="https://xn--trcker-eua.hafen.example",
    unicode="träcker.hafen.example",
    resembles="Start page is linked with tracker.hafen.example already.",
    warnings=(
        Sentence(what="The address is not encrypted", advice="Plain http is for applications on this computer alone."),
    ),
)
ANSWER = v.AnswerPage(
    us=US,
    them=START,
    lanes=BOTH,
    incoming=replace(SIDE_IN, title="Start page may", application=()),
    outgoing=v.Side(direction="out", title="Tracker may", nothing="Tracker does not call Start page."),
)


def _lines(*lines: tuple[str, str, bool]) -> tuple[v.ScopeLine, ...]:
    return tuple(
        v.ScopeLine(name=name, label=label, is_on=on, off_words="" if on else "switched off")
        for name, label, on in lines
    )


LINK = v.LinkPage(
    us=US,
    them=START,
    url="/applinks/links/start-page",
    state=CONNECTED,
    bridge_label="How Tracker and Start page are linked",
    lane_in=v.Lane(direction="in", state="ok", words="OAuth 2"),
    lane_out=v.Lane(direction="out", state="ok", words="OAuth 2"),
    incoming=v.Panel(
        direction="in",
        who="Start page calls us: we are the service provider, Start page is the consumer.",
        is_enabled=True,
        level="OAuth",
        level_hint="users decide for themselves",
        protocols=("OAuth 2",),
        fingerprint="k7Qe 9fQw 71Lb c0De",
        users="38 have said yes",
        test=v.StateView(key="passed", state="ok", word="Start page reaches Tracker"),
        user_title="With a user’s consent, Start page may",
        user_scopes=_lines(("issues:read", "See issues", True), ("issues:write", "Create and change issues", False)),
        foot="Tracker decides this, within what was agreed.",
        change_url="/applinks/links/start-page/incoming",
    ),
    outgoing=v.Panel(
        direction="out",
        who="We call Start page: we are the consumer, Start page is the service provider.",
        is_enabled=True,
        level="OAuth",
        level_hint="users decide for themselves",
        protocols=("OAuth 2",),
        fingerprint="t2Ma 9fQw 71Lb c0De",
        users="12 are connected",
        test=v.StateView(key="passed", state="ok", word="Tracker reaches Start page"),
        user_title="With a user’s consent, Tracker may",
        user_scopes=_lines(("pages:read", "Read the pages that a user has pinned", True)),
        foot="Start page can lower this at any time.",
        change_url="/applinks/links/start-page/outgoing",
    ),
    addresses=(
        v.AddressList(
            title="Tracker’s, that Start page uses",
            rows=(
                ("Authorization", "/applinks/oauth2/authorize"),
                ("Token", "/applinks/oauth2/token"),
                ("Keys", "/applinks/oauth2/jwks"),
            ),
        ),
        v.AddressList(
            title="Start page’s, that Tracker uses",
            rows=(
                ("Issuer", "https://start.hafen.example"),
                ("Returns to", "/applinks/callback/lnk_6Fq2…"),
            ),
        ),
    ),
    linked_at=NOW - 2_000_000,
    begun_at=NOW - 2_000_000,
    linked_by="Robin Berg",
    heard_at=NOW - 240,
    loss="38 users of Start page and 12 of Tracker lose their connection, at both ends, at once.",
    may_change=True,
    may_test=True,
    is_in_force=True,
)
LINK_WAITING = replace(
    LINK,
    state=WAITING,
    is_in_force=False,
    is_waiting=True,
    linked_at=0,
    heard_at=0,
    findings=(v.Finding(state="wait", what="An administrator of Start page has to approve."),),
    lane_in=v.Lane(direction="in", state="wait", words="OAuth 2"),
    lane_out=v.Lane(direction="out", state="off", words="Disabled"),
    incoming=replace(LINK.incoming, users="", test=None, change_url=""),
    outgoing=v.Panel(
        direction="out",
        who="We do not call Start page.",
        is_enabled=False,
        level="Disabled",
        foot="This side was left out when the two were linked.",
    ),
    loss="Nobody uses it yet; Start page is told.",
)
LINK_ENDED = replace(
    LINK_WAITING,
    state=_state("ended", "off"),
    is_waiting=False,
    is_ended=True,
    findings=(
        v.Finding(state="off", what="The link was deleted."),
        v.Finding(state="wait", what="Start page has not been told yet."),
    ),
    lane_in=v.Lane(direction="in", state="off", words="Disabled"),
)
LINK_PAUSED = replace(
    LINK,
    state=PAUSED,
    may_test=False,
    is_paused_here=True,
    lane_in=v.Lane(direction="in", state="rest", words="OAuth 2"),
    lane_out=v.Lane(direction="out", state="rest", words="OAuth 2"),
    findings=(v.Finding(state="rest", what="Robin Berg paused it on 12 November", advice="“until the migration”"),),
)
LINK_KEYS = replace(
    LINK,
    state=_state("attention", "warn"),
    lane_in=v.Lane(direction="in", state="bad", words="OAuth 2"),
    lane_out=v.Lane(direction="out", state="bad", words="OAuth 2"),
    findings=(
        v.Finding(
            state="warn",
            what="Start page uses a key that it had not announced, so no call passes.",
            advice="Compare the new key with its administrator, then approve it or delete the link.",
            fix="Compare the keys",
            fix_url="/applinks/links/start-page/keys",
        ),
        v.Finding(state="wait", what="Start page has not been told of the last change yet."),
    ),
)
CHANGE = v.ChangePage(
    them=START,
    url="/applinks/links/start-page",
    direction="in",
    title="Change incoming",
    crumb="Incoming",
    heading="Start page calls Tracker",
    who="Start page calls us: we are the service provider, Start page is the consumer.",
    enabled=_box("enabled", "1", "Start page may call Tracker", "Off: every call of it is refused", checked=True),
    user_title="With a user’s consent, Start page may",
    user=SIDE_IN.user,
    application_title="Without a user, Start page may",
    application=SIDE_IN.application,
    ceiling="Only what both sides agreed stands here.",
    button="Save incoming",
)
_KEY = v.KeyView(kid="k", fingerprint="k7Qe 9fQw 71Lb c0De", algorithm="ES256")
KEYS = v.KeysPage(
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
        v.Choice(label="38 users of Start page and 12 of Tracker lose their connection."),
        v.Choice(label="To link again, both administrators have to approve again."),
    ),
    button="Delete the link",
    field="delete",
    back="/applinks/links/start-page",
    is_dangerous=True,
)
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
)
CONSENT_PUBLIC = replace(
    CONSENT,
    them=v.End(name="“Issue Helper”", host="a program on this computer", tint=2),
    asks="A program asks for access",
    title="Let a program on this computer use your Tracker account?",
    can_title="It will be able to",
    is_public=True,
    returns_to="127.0.0.1:53412",
    warning=Sentence(
        what="Tracker cannot tell who made it",
        advice="It calls itself “Issue Helper”. The answer goes to 127.0.0.1:53412.",
    ),
)
ACCOUNT = v.AccountPage(
    grants=(
        v.GrantRow(
            id="grt_1",
            them=START,
            can=("See your issues", "Create and change issues in your name"),
            created_at=NOW - 2_000_000,
            last_used_at=NOW - 120,
        ),
    ),
    connections=(
        v.ConnectionRow(link="lnk_1", them=FILES, id="con_1", account="alice.anders", created_at=NOW - 3_000_000),
        v.ConnectionRow(
            link="lnk_2",
            them=WIKI,
            id="con_2",
            state=v.StateView(key="attention", state="warn", word="Not working"),
            words="Wiki has ended your connection.",
            connect_url="/applinks/connect/lnk_2",
        ),
        v.ConnectionRow(link="lnk_3", them=PAYROLL, words="Not connected.", connect_url="/applinks/connect/lnk_3"),
    ),
)
ERROR = v.ErrorPage(
    what="This was begun in another browser or in another session.",
    advice="Finish it there, or begin again here.",
    reference="AL-7KQ2-M9F4",
    back="/applinks/",
    back_words="Back to the links",
)

PAGES: dict[str, tuple[str, Any, v.Shell]] = {
    "links": ("links.html", LINKS, replace(SHELL, is_front=True)),
    "links-empty": ("links.html", EMPTY, replace(SHELL, is_front=True)),
    "new-link-empty": ("new_link.html", NEW, SHELL),
    "new-link-problem": ("new_link.html", NEW_PROBLEM, SHELL),
    "new-link-private": ("new_link.html", NEW_PRIVATE, SHELL),
    "new-link": ("new_link.html", NEW_FOUND, SHELL),
    "approve-link": ("approve_link.html", APPROVE, replace(USER_SHELL, application="Start page")),
    "approve-link-odd": ("approve_link.html", APPROVE_ODD, replace(USER_SHELL, application="Start page")),
    "answer": ("answer.html", ANSWER, SHELL),
    "link": ("link.html", LINK, replace(SHELL, flash=())),
    "link-paused": (
        "link.html",
        LINK_PAUSED,
        replace(SHELL, flash=(v.Flash(kind="ok", title="The link is paused"),)),
    ),
    "link-keys": ("link.html", LINK_KEYS, SHELL),
    "link-waiting": ("link.html", LINK_WAITING, SHELL),
    "link-ended": ("link.html", LINK_ENDED, SHELL),
    "change": ("change_direction.html", CHANGE, SHELL),
    "keys": ("keys.html", KEYS, SHELL),
    "pause": ("question.html", PAUSE, SHELL),
    "delete": ("question.html", DELETE, SHELL),
    "consent": ("consent.html", CONSENT, USER_SHELL),
    "consent-public": ("consent.html", CONSENT_PUBLIC, USER_SHELL),
    "account": ("account.html", ACCOUNT, USER_SHELL),
    "error": ("error.html", ERROR, USER_SHELL),
}
