"""What two administrators agree on, with sample data: the pages on which a link is made, approved and changed."""

from dataclasses import replace
from typing import Any

from applinks.web.pages import views as v
from applinks.web.pages.links import views as lv
from applinks.words import Sentence, say_refusal

US = v.End(name="Tracker")
START = v.End(name="Start page", host="start.hafen.example", url="https://start.hafen.example", tint=4)


def _box(field: str, value: str, label: str, hint: str = "", *, checked: bool = False) -> v.Choice:
    return v.Choice(field=field, value=value, label=label, hint=hint, checked=checked)


SIDE_IN = lv.Side(
    direction="in",
    title="Incoming: Start page calls Tracker",
    who="Tracker is the service provider, Start page the consumer.",
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
SIDE_OUT = lv.Side(
    direction="out",
    title="Outgoing: Tracker calls Start page",
    who="Start page is the service provider, Tracker the consumer.",
    user_title="Once a user has said yes, Tracker may ask for",
    user=(
        _box("out", "pages:read", "See the pages that you have pinned", checked=True),
        _box("out", "notify", "Send you notices"),
    ),
    off=_box("out_off", "1", "Tracker does not call Start page", "To add it later, both sides have to agree again"),
)
NEW = lv.NewLinkPage(us=US)


def _refuse(code: str, url: str = "https://start.hafen.example", **changes: Any) -> lv.NewLinkPage:
    problem = say_refusal(code, us="Tracker", peer="start.hafen.example")
    if changes.get("offer"):
        problem = replace(problem, advice="")
        changes = {"offer_title": "It names another address"} | changes
    return lv.NewLinkPage(us=US, url=url, problem=problem, **({"reference": "AL-7KQ2-M9F4"} | changes))


NEW_PROBLEMS = {
    "redirects": _refuse("peer_redirects", "https://start.hafen.example/old", offer="https://start.hafen.example"),
    "plain": replace(
        _refuse("plain_http", "http://start.hafen.example", offer="https://start.hafen.example"),
        offer_title="Try the same address with https",
    ),
    "typed": _refuse("invalid_url", "start page", reference=""),
    "silent": _refuse("peer_unreachable", by_hand_url="/applinks/new/by-hand?url=https://start.hafen.example"),
    "other": _refuse("not_applinks"),
    "itself": _refuse("self_link", "https://tracker.hafen.example"),
    "twice": _refuse("duplicate_link", standing_url="/applinks/links/start-page"),
    "forbidden": _refuse("address_not_allowed", "https://169.254.169.254"),
}
NOTHING_LEFT = "Incoming: tick at least one thing Start page may do, or leave this side out."
NEW_PRIVATE = lv.NewLinkPage(us=US, url="https://10.0.4.17", asks_private=True, private_host="10.0.4.17")
NEW_FOUND = lv.NewLinkPage(
    us=US,
    url="https://start.hafen.example",
    found=START,
    found_title="Start page answers, and it has Applinks",
    lane_in=v.Lane(direction="in", state="wait", words="OAuth 2"),
    lane_out=v.Lane(direction="out", state="wait", words="OAuth 2"),
    incoming=SIDE_IN,
    outgoing=SIDE_OUT,
)


def _offer_ways(field: str, *ways: str) -> v.Field:
    return v.Field(
        name=f"{field}_way",
        label="How Start page calls Tracker" if field == "in" else "How Tracker calls Start page",
        kind="select",
        options=tuple(v.Choice(label=each, value=each) for each in ways),
        hint="With impersonation it names the user, whom nobody asks: only for applications that you run.",
    )


_WAYS = ("OAuth 2 and OAuth 1.0a", "OAuth 2", "OAuth 1.0a", "OAuth 1.0a, with impersonation")
NEW_WAYS = replace(
    NEW_FOUND,
    lane_in=v.Lane(direction="in", state="wait", words="OAuth 2 and OAuth 1.0a"),
    lane_out=v.Lane(direction="out", state="wait", words="OAuth 2 and OAuth 1.0a"),
    incoming=replace(SIDE_IN, way=_offer_ways("in", *_WAYS)),
    outgoing=replace(SIDE_OUT, way=_offer_ways("out", *_WAYS)),
)
NEW_ONE_WAY = replace(
    NEW_FOUND,
    lane_out=v.Lane(direction="out", state="off", words="Disabled"),
    outgoing=lv.Side(
        direction="out",
        title="Outgoing: Tracker calls Start page",
        nothing="Start page offers nothing that can be called.",
    ),
)

ASKING = v.End(name="Tracker", host="tracker.hafen.example", url="https://tracker.hafen.example", tint=5)
BOTH = (
    v.Lane(direction="in", state="wait", words="Tracker will call Start page"),
    v.Lane(direction="out", state="wait", words="Start page will call Tracker"),
)
APPROVE = lv.ApprovePage(
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
        who="Tracker calls Start page: Start page is the service provider.",
        off=None,
        level="Level: OAuth",
    ),
    outgoing=replace(
        SIDE_IN,
        direction="out",
        title="Start page may",
        user_title="for each user, after that user says yes",
        application_title="as itself, without a user",
        who="Start page calls Tracker: Tracker is the service provider.",
        alone="Start page can list public projects even without a user.",
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
APPROVE_FAR = replace(
    APPROVE,
    incoming=replace(
        APPROVE.incoming,
        level="Level: OAuth with impersonation · OAuth 1.0a",
        way=_offer_ways("in", "OAuth 1.0a, with impersonation", "OAuth 1.0a"),
    ),
    warnings=(
        Sentence(
            what="It asks to act as any user, without asking that user",
            advice="Approve this only for an application that you run yourself.",
        ),
    ),
    asks_users=False,
)
APPROVE_ONE_WAY = replace(
    APPROVE,
    lanes=BOTH[:1],
    outgoing=lv.Side(direction="out", title="Start page may", nothing="Start page does not call Tracker."),
    warnings=(
        Sentence(
            what="The address is in a private network",
            advice="You confirmed it a moment ago; it stays allowed for this link.",
        ),
    ),
)
PRIVATE = v.QuestionPage(
    title="Call an address in a private network?",
    text="Somebody asks to be linked from this address. Go on only if you know what runs there: "
    "this application will call it.",
    address="https://tracker.intranet.example",
    button="Call it",
    field="private",
    back="/applinks/",
)
ANSWER = lv.AnswerPage(
    us=US,
    them=START,
    lanes=BOTH,
    incoming=replace(SIDE_IN, title="Start page may", application_title="as itself, without a user"),
    outgoing=lv.Side(direction="out", title="Tracker may", nothing="Tracker does not call Start page."),
)


CHANGE = lv.ChangePage(
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
CHANGE_FAR = replace(
    CHANGE,
    level=v.Field(
        name="level",
        label="How Start page calls for a user of Tracker",
        kind="select",
        hint="With impersonation it names the user, whom nobody asks.",
        options=(
            v.Choice(label="OAuth with impersonation", value="impersonation"),
            v.Choice(label="OAuth", value="oauth"),
        ),
    ),
)
CHANGE_PROBLEM = replace(
    CHANGE,
    user=tuple(replace(each, checked=False) for each in SIDE_IN.user),
    problem="Tick what is allowed, or switch the direction off.",
)
CHANGE_OFF_THERE = replace(
    CHANGE,
    notice="Start page has switched this direction off. What you set here counts once it is on again.",
)
