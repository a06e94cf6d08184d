"""Links with applications that have no Applinks, as records, and the pages on which they are made and changed."""

from dataclasses import replace
from typing import Any

from applinks.records.clients import Client, ClientAuthentication, ClientSecret, GrantType
from applinks.records.links import Direction, EndReason, Link, LinkKind, Pause, Peer
from applinks.records.registrations import Registration, ServerEndpoints
from applinks.secret import Secret
from applinks.web.pages.links.hand.pages import HandValues, build_address_page, build_change_page, build_hand_page
from applinks.web.pages.links.hand.problems import Problems
from applinks.web.pages.links.hand.server import KnownServer
from applinks.web.pages.links.hand.sides import IncomingValues, OutgoingValues, build_incoming_side, build_outgoing_side
from applinks.web.pages.links.hand.views import HandChangePage, HandPage, NewSecret
from applinks.web.pages.links.panels import LinkFacts, build_link_page, build_row
from applinks.web.pages.links.views import LinkPage, LinkRow
from applinks.web.pages.views import Choice, Field, QuestionPage
from applinks.wire.linking.terms import Level
from tests.pages.link_samples import BASE, DAY, NOW, SCOPES, look_at, make_id

CLOUD_URL = "https://cloud.hafen.example"
_SECRET = "als_7mXq2vB9_TfK4ZrW8LnCd5HyEo1Pj6Us0Ga3k8Qz4cRt2WnYbM7a_2kQ9xZ"


def _enable(users: tuple[str, ...], application: tuple[str, ...] = ()) -> Direction:
    return Direction(level=Level.OAUTH, protocols=("oauth2",), user_scopes=users, application_scopes=application)


BOT = Link(
    id=make_id(1),
    handle="build-bot",
    name="Build bot",
    kind=LinkKind.BY_HAND,
    peer=Peer(id="", name="Build bot", url="", manifest={}, keys=()),
    incoming=_enable(("issues:read", "issues:write"), ("projects:read",)),
    created_at=NOW,
    created_by="user:9",
    in_force_at=NOW,
)
CLOUD = replace(
    BOT,
    id=make_id(2),
    handle="cloud",
    name="Cloud",
    peer=Peer(id="", name="Cloud", url=CLOUD_URL, manifest={}, keys=()),
    outgoing=_enable(("openid", "profile", "files.read")),
    created_at=NOW - 40 * DAY,
    in_force_at=NOW - 40 * DAY,
)
MAIL = replace(
    CLOUD,
    id=make_id(6),
    handle="mail",
    name="Mail",
    peer=Peer(
        id="",
        name="Mail",
        url="https://mail.northwind.example",
        manifest={},
        keys=(),
        issuer="https://id.northwind.example",
    ),
    incoming=Direction(),
    created_at=NOW - 60,
    in_force_at=NOW - 60,
)


def make_client(link: Link, **changes: Any) -> Client:
    """Give the client of a link by hand, with one secret that was never used."""
    client = Client(
        id="cli_1",
        client_id=f"{link.handle}-4f1c9a",
        link_id=link.id,
        name=link.name,
        authentication=ClientAuthentication.CLIENT_SECRET,
        redirect_uris=("https://ci.hafen.example/oauth/callback",),
        grant_types=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.CLIENT_CREDENTIALS),
        scopes=link.incoming.user_scopes,
        application_scopes=link.incoming.application_scopes,
        secrets=(ClientSecret(row=1, digest=b"", hint="als_7mXq…", created_at=NOW),),
        created_at=NOW,
    )
    return replace(client, **changes)


_OLD = ClientSecret(
    row=2,
    digest=b"",
    hint="als_c2Lp…",
    created_at=NOW - 90 * DAY,
    last_used_at=NOW - 180,
    expires_at=NOW + 7 * DAY,
)
_TWO = make_client(CLOUD, secrets=(replace(make_client(CLOUD).secrets[0], last_used_at=NOW - 60), _OLD))
_DESKTOP = make_client(
    BOT,
    client_id="issue-helper-81bd02",
    name="Issue Helper",
    authentication=ClientAuthentication.NONE,
    redirect_uris=("http://localhost/callback",),
    secrets=(),
)
_COMPLETE = Registration(link_id=CLOUD.id, client_id="tracker", client_secret=Secret("x"))
_TYPED = replace(
    _COMPLETE,
    link_id=MAIL.id,
    client_secret=None,
    authentication=ClientAuthentication.CLIENT_SECRET_POST,
    endpoints=ServerEndpoints(
        authorization="https://id.northwind.example/connect/authorize",
        token="https://id.northwind.example/connect/token",
    ),
)
_DOCUMENT = replace(
    _COMPLETE,
    client_id=f"{BASE}/applinks/oauth2/clients/8Qz4cRt2WnYbM7a.json",
    client_secret=None,
    document="8Qz4cRt2WnYbM7a",
    authentication=ClientAuthentication.PRIVATE_KEY_JWT,
)
NEW_SECRET = NewSecret(
    title="Its secret, shown only now",
    text=_SECRET,
    client_id="build-bot-4f1c9a",
    label="Client ID",
    hint="Tracker keeps only a digest of it and cannot show it again. "
    "Put it where Build bot reads its settings, not in its source.",
)


def build(
    link: Link,
    *clients: Client,
    registration: Registration | None = None,
    secret: NewSecret | None = None,
    may_change: bool = True,
) -> LinkPage:
    """Give the page of a link by hand."""
    facts = LinkFacts(
        scopes=SCOPES,
        own_keys=(),
        grants=3 if clients else 0,
        connections=12 if registration and registration.is_complete else 0,
        linked_by="Robin Berg",
        may_change=may_change,
        clients=clients,
        redirect_uri=f"{BASE}/applinks/callback/{link.id}",
        secret=secret,
    )
    return build_link_page(look_at(link, registration=registration), facts)


_ALONE = make_client(BOT, redirect_uris=(), grant_types=(GrantType.CLIENT_CREDENTIALS,))
LINK_PAGES = {
    "hand-new": build(BOT, make_client(BOT), secret=NEW_SECRET),
    "hand-both": build(CLOUD, _TWO, registration=_COMPLETE),
    "hand-incomplete": build(MAIL, registration=replace(_TYPED, client_id="")),
    "hand-no-secret": build(MAIL, registration=_TYPED),
    "hand-refused": build(replace(CLOUD, check="failed:invalid_client"), _TWO, registration=_COMPLETE),
    "hand-alone": build(replace(BOT, incoming=_enable(("projects:read",), ("projects:read",))), _ALONE),
    "hand-document": build(replace(CLOUD, incoming=Direction()), registration=_DOCUMENT),
    "hand-clients": build(BOT, make_client(BOT), _DESKTOP),
    "hand-paused": build(replace(BOT, pause=Pause(by="user:9", at=NOW - DAY)), make_client(BOT)),
    "hand-ended": build(replace(CLOUD, ended_at=NOW - 60, ended_reason=EndReason.DELETED)),
    "hand-auditor": build(CLOUD, _TWO, registration=_COMPLETE, may_change=False),
}
"""Each state of the page of a link by hand."""


def build_rows() -> tuple[LinkRow, ...]:
    """Give links by hand as the list shows them."""
    return (
        build_row(look_at(MAIL, registration=_TYPED)),
        build_row(look_at(BOT)),
        build_row(look_at(CLOUD, registration=_COMPLETE)),
    )


_FOUND = KnownServer(
    url=CLOUD_URL,
    name="Cloud",
    issuer=CLOUD_URL,
    has_metadata=True,
    methods=("client_secret_basic", "client_secret_post", "private_key_jwt"),
    scopes=("openid", "profile", "email", "files.read", "files.write"),
    token_endpoint=f"{CLOUD_URL}/token",
)
_ODD = replace(
    _FOUND,
    issuer="https://id.northwind.example",
    token_endpoint="https://token.elsewhere.example/token",
    takes_documents=True,
    warnings=("token_endpoint_elsewhere",),
)
_SILENT = KnownServer(url="https://mail.northwind.example", name="mail.northwind.example", is_silent=True)


def _fill(server: KnownServer | None, **changes: Any) -> HandPage:
    """Give the page on which a link by hand is made, as it is opened."""
    values = HandValues(
        name=changes.get("name", server.name if server else ""),
        incoming=changes.get("incoming", IncomingValues(is_enabled=server is None, scopes=("issues:read",))),
        outgoing=changes.get("outgoing", OutgoingValues.of_server(server) if server else None),
        problems=Problems(
            fields=changes.get("problems", {}),
            problem=changes.get("problem", ""),
            standing_url=changes.get("standing_url", ""),
        ),
    )
    return build_hand_page(server, values, us="Tracker", scopes=SCOPES, tint=2, once="sample")


_WRONG = {
    "redirect_uris": "Line 2: http is allowed only for 127.0.0.1, [::1] and localhost. "
    "Take it out: https://ci.hafen.example/oauth/callback is there.",
    "token_endpoint": "Only https is safe here; plain http is for this computer alone.",
    "out_scopes": "Name at least one scope: it is what users say yes to.",
}
NEW_PAGES = {
    "new-by-hand": _fill(_FOUND),
    "new-by-hand-odd": _fill(_ODD),
    "new-by-hand-silent": _fill(_SILENT, outgoing=replace(OutgoingValues.of_server(_SILENT), is_enabled=True)),
    "new-by-hand-no-address": _fill(None),
    "new-by-hand-duplicate": _fill(
        _FOUND,
        problem="Tracker is linked with this application already. Change that link, or delete it first.",
        problems={"client_secret": "Type the secret again: nothing is saved yet, and a page never sends one back."},
        standing_url="/applinks/links/cloud",
    ),
    "new-by-hand-long": _fill(_FOUND, name="x" * 300, problems={"name": "At most 60 characters; these are 300."}),
    "new-by-hand-problems": _fill(
        _SILENT,
        name="",
        incoming=IncomingValues(
            redirect_uris={"": "https://ci.hafen.example/oauth/callback\nhttp://ci.hafen.example/oauth/callback"},
            scopes=("issues:read",),
        ),
        outgoing=OutgoingValues(
            issuer="https://id.northwind.example",
            client_id="tracker",
            endpoints={
                "authorization": "https://id.northwind.example/authorize",
                "token": "http://id.northwind.example/token",
            },
        ),
        problems=_WRONG | {"name": "Give it a name; users read it when they are asked for access."},
    ),
}
"""Making a link by hand."""


def _change_incoming(link: Link, *clients: Client, **problems: str) -> HandChangePage:
    side = build_incoming_side(
        IncomingValues.of_link(link, clients) if clients else IncomingValues(scopes=("issues:read",)),
        SCOPES,
        us="Tracker",
        them=link.name,
        names={each.client_id: each.name for each in clients} or None,
        is_only=not clients,
        problems=problems,
    )
    return build_change_page(look_at(link), side, is_new=not clients)


def _change_outgoing(link: Link, registration: Registration, server: KnownServer, **problems: str) -> HandChangePage:
    side = build_outgoing_side(
        OutgoingValues.of_link(link, registration),
        server,
        us="Tracker",
        them=link.name,
        is_new=False,
        problems=problems,
    )
    return build_change_page(look_at(link), side, is_new=False)


CHANGE_PAGES = {
    "hand-incoming": _change_incoming(CLOUD, _TWO),
    "hand-incoming-new": _change_incoming(MAIL),
    "hand-incoming-clients": _change_incoming(BOT, make_client(BOT), _DESKTOP, scope="Tick at least one."),
    "hand-outgoing": _change_outgoing(CLOUD, _COMPLETE, _FOUND),
    "hand-outgoing-typed": _change_outgoing(MAIL, _TYPED, _SILENT, token_endpoint=_WRONG["token_endpoint"]),
    "hand-outgoing-document": _change_outgoing(CLOUD, _DOCUMENT, _FOUND),
    "hand-outgoing-new": build_change_page(
        look_at(BOT),
        build_outgoing_side(
            OutgoingValues.of_server(_ODD), _ODD, us="Tracker", them="Build bot", is_only=True, problems={}
        ),
        is_new=True,
        server=_ODD,
    ),
    "hand-outgoing-address": build_address_page(
        look_at(BOT),
        address=Field(name="url", label="Address of Build bot", value="https://10.0.4.17"),
        private_host="10.0.4.17",
    ),
}
"""Changing a link by hand."""
NEW_SECRET_QUESTION = QuestionPage(
    title="Make a new secret for Cloud?",
    text="It is shown once. The one in use stays good for 7 more days, so that there is time to enter the new one.",
    losses=(Choice(label="als_c2Lp…, last used 3 minutes ago, ends at once."),),
    button="Make a new secret",
    field="make",
    back="/applinks/links/cloud",
)
END_SECRET_QUESTION = QuestionPage(
    title="End the secret als_c2Lp…?",
    text="Whoever still uses it is refused from now on. It was last used 3 minutes ago.",
    button="End the secret",
    field="end",
    back="/applinks/links/cloud",
    is_dangerous=True,
)
