"""Links over OAuth 1.0a by hand, and the pages on which they are made and changed."""

from dataclasses import replace
from typing import Any

from applinks.records.clients import Client, ClientAuthentication, OAuth1Client
from applinks.records.links import Direction, Link
from applinks.records.registrations import Registration, ServerEndpoints
from applinks.secret import Secret
from applinks.web.pages.links.hand.pages import build_change_page, build_client_page
from applinks.web.pages.links.hand.problems import Problems
from applinks.web.pages.links.hand.server import KnownServer
from applinks.web.pages.links.hand.sides import IncomingValues, build_incoming_side
from applinks.web.pages.links.hand.views import HandPage, NewSecret, Variant
from applinks.web.pages.links.oauth1.client_side import build_client_side
from applinks.web.pages.links.oauth1.pages import OAuth1Values, build_oauth1_page
from applinks.web.pages.links.oauth1.server_side import build_server_side
from applinks.web.pages.links.oauth1.values import ClientValues, ServerValues
from applinks.web.pages.links.panels import LinkFacts, build_link_page
from applinks.web.pages.links.views import LinkPage
from applinks.web.pages.views import ConsentPage, DecidedPage, End, Lane
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.signature import SignatureMethod
from applinks.words import Sentence
from tests.pages.hand_samples import BOT, CLOUD
from tests.pages.link_samples import BASE, DAY, NOW, SCOPES, look_at, make_id

JIRA_URL = "https://jira.northwind.example"
OUR_KEY = "applinks:4e1c0d7a52b04f3e9a6d1f0b8c2e7d35"
LONG_KEY = """\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAoflFtzeLYlrljpR1/yGo
dc8VAuK4J8ftfb0/8zz8QPHvJ+93MZ8Ne7XJ/eK2RgBKAwVs2f65cABd8SRbw0N+
jSW+EoHmlJSqioBOHxSXRaNjE/hYGKevaOZGykURApCZnOJZW2n9vG+KgB76R7IP
sJOCqDxUcCcnUNfI90fQ24vBJpcKLoPi2gDvbJ9k1IbcqfigyuGUYc+pbOt+SZl8
K7OxVND1lhbyS64AhG/3VV/7U96OIAK8YBfJG/LkZ/5KyX6PvE0M6XVid+3Rsanc
vvAk6IengbTlH9dfO70YDq/CVQ1hmakQxzeBSob+a5gNGUmYw/gTFYIO8d423l69
oQIDAQAB
-----END PUBLIC KEY-----
"""
SHORT_KEY = """\
-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCdNsiRGoFuJW8N0T6Yw+oXCIP
X36IhwHhlo4un458rJfvdt9ztblFGb/XCEqEwi+ogYqpaIvBjEZLmaXUL/E2XLoM
f+ONlN3ZmrdqjNigIyN8Q8w0sHUMIizDbAEh0T8or1n8MJFBDQ5zGxSStKMbfOMB
ce5Q/E6jONAVVXIcEwIDAQAB
-----END PUBLIC KEY-----
"""
_RSA = (SignatureMethod.RSA_SHA1, SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA512)
_HMAC = (SignatureMethod.HMAC_SHA1, SignatureMethod.HMAC_SHA256)
_NAMES = {"7": "reports", "9": "robin"}


def _enable(users: tuple[str, ...] = (), *, level: Level = Level.OAUTH) -> Direction:
    return Direction(level=level, protocols=("oauth1",), user_scopes=users)


JIRA = replace(
    CLOUD,
    id=make_id(3),
    handle="jira",
    name="Northwind Jira",
    peer=replace(CLOUD.peer, id="0a1b", name="Northwind Jira", url=JIRA_URL, kind="jira", is_primary=True),
    incoming=_enable(("issues:read", "issues:write")),
    outgoing=_enable(),
    check="none",
    created_at=NOW - 20 * DAY,
    in_force_at=NOW - 20 * DAY,
)
GADGET = replace(BOT, id=make_id(4), handle="gadget", name="Gadget", incoming=_enable(("issues:read",)))
FAR = replace(
    JIRA,
    incoming=_enable(("issues:read", "issues:write"), level=Level.IMPERSONATION),
    outgoing=_enable(level=Level.IMPERSONATION),
)


def make_client(link: Link, oauth1: OAuth1Client, **changes: Any) -> Client:
    """Give a client of OAuth 1.0a."""
    client = Client(
        id="cli_7",
        client_id=f"{link.handle}-consumer",
        link_id=link.id,
        name=link.name,
        authentication=ClientAuthentication.SIGNATURE,
        redirect_uris=("https://gadget.hafen.example/oauth/done",),
        grant_types=(),
        scopes=link.incoming.user_scopes,
        oauth1=oauth1,
        created_at=NOW,
    )
    return replace(client, **changes)


_BY_KEY = make_client(
    JIRA,
    OAuth1Client(methods=_RSA, public_keys=(LONG_KEY,), two_legged=True, execute_as="7"),
    client_id="Jira:4711",
    redirect_uris=(f"{JIRA_URL}/plugins/servlet/applinks/oauth/login-dance/access",),
)
_FAR_KEY = replace(
    _BY_KEY,
    oauth1=OAuth1Client(
        methods=_RSA, public_keys=(LONG_KEY,), impersonation=True, protected_users=("9",), protected_groups=("board",)
    ),
)
_OLD = make_client(
    GADGET,
    OAuth1Client(methods=(*_RSA, *_HMAC), public_keys=(SHORT_KEY,), shared_secret=Secret("s"), dialect_1_0=True),
)
_TYPING = make_client(GADGET, OAuth1Client(methods=_HMAC, shared_secret=Secret("s")), redirect_uris=())
_ENDPOINTS = ServerEndpoints(
    temporary=f"{JIRA_URL}/plugins/servlet/oauth/request-token",
    token=f"{JIRA_URL}/plugins/servlet/oauth/access-token",
    authorization=f"{JIRA_URL}/plugins/servlet/oauth/authorize",
)
_OURS = Registration(
    link_id=JIRA.id,
    protocol="oauth1",
    client_id=OUR_KEY,
    authentication=ClientAuthentication.SIGNATURE,
    endpoints=_ENDPOINTS,
    signature_method=SignatureMethod.RSA_SHA1,
)
_THEIRS = replace(
    _OURS, client_id="tracker-4711", client_secret=Secret("s"), signature_method=SignatureMethod.HMAC_SHA1
)
_SECRET = NewSecret(
    title="Its secret, shown only now",
    text="8Qz4cRt2WnYbM7aTfK4ZrW8LnCd5HyEo1Pj6Us0Ga3k",
    client_id="gadget-consumer",
    label="Client key (consumer key)",
    hint="Tracker keeps it sealed, and never shows it again. Put it where Gadget reads its settings.",
)


def build(
    link: Link, *clients: Client, registration: Registration | None = None, secret: NewSecret | None = None
) -> LinkPage:
    """Give the page of a link."""
    facts = LinkFacts(
        scopes=SCOPES,
        own_keys=(),
        grants=3 if clients else 0,
        connections=0,
        linked_by="Robin Berg",
        may_change=True,
        clients=clients,
        redirect_uri=f"{BASE}/applinks/callback/{link.id}",
        public_key=LONG_KEY,
        names=_NAMES,
        secret=secret,
    )
    return build_link_page(look_at(link, registration=registration), facts)


LINK_PAGES = {
    "oauth1-both": build(JIRA, _BY_KEY, registration=_OURS),
    "oauth1-secret": build(replace(JIRA, incoming=Direction()), registration=_THEIRS),
    "oauth1-impersonation": build(FAR, _FAR_KEY, registration=_OURS),
    "oauth1-new": build(GADGET, _TYPING, secret=_SECRET),
    "oauth1-weak-key": build(GADGET, _OLD),
    "oauth1-two-clients": build(GADGET, _OLD, replace(_TYPING, id="cli_8", client_id="pocket", name="Pocket")),
}
"""Each state of the page of a link."""

_VARIANTS = (
    Variant(label="OAuth 2", url="?protocol=oauth2"),
    Variant(label="OAuth 1.0a", url="?protocol=oauth1", is_current=True),
)
_FOUND = KnownServer(
    url=JIRA_URL,
    name="Northwind Jira",
    kind="jira",
    peer_id="0a1b",
    consumer_key="Jira:4711",
    public_key=LONG_KEY,
    callback=f"{JIRA_URL}/plugins/servlet/applinks/oauth/login-dance/access",
    oauth1_endpoints={
        "temporary": _ENDPOINTS.temporary,
        "token": _ENDPOINTS.token,
        "authorization": _ENDPOINTS.authorization,
    },
)
_SILENT = KnownServer(url="https://mail.northwind.example", name="mail.northwind.example", is_silent=True)


def _fill(found: KnownServer | None, /, **changes: Any) -> HandPage:
    """Give the page on which a link is made, as it is opened."""
    client = ClientValues(scopes=("issues:read",))
    if found is not None:
        client = ClientValues.of_server(found, scopes=("issues:read",))
    values = OAuth1Values(
        name=found.name if found else "",
        client=client,
        server=ServerValues.of_server(found, consumer_key=OUR_KEY) if found else None,
    )
    return build_oauth1_page(
        found,
        replace(values, **changes),
        us="Tracker",
        scopes=SCOPES,
        tint=3,
        once="sample",
        variants=_VARIANTS,
    )


_PRIVATE = (
    "This is a private key, which belongs to the other application alone: paste the public one, and have them make a "
    "new pair if this one went through other hands."
)
NEW_PAGES = {
    "new-oauth1": _fill(_FOUND),
    "new-oauth1-old": _fill(replace(_FOUND, consumer_key="", public_key="", warnings=("too_old", "no_consumer"))),
    "new-oauth1-silent": _fill(_SILENT, server=ServerValues(client_id=OUR_KEY)),
    "new-oauth1-no-address": _fill(None),
    "new-oauth1-problems": _fill(
        _SILENT,
        name="",
        client=ClientValues(key="gadget", two_legged=True, methods=("PLAINTEXT",), makes_secret=True),
        server=ServerValues(endpoints={"temporary": "/oauth/request"}, client_id="tracker", method="HMAC-SHA1"),
        problems=Problems(
            fields={
                "name": "Give it a name; users read it when they are asked for access.",
                "public_key": _PRIVATE,
                "method": "PLAINTEXT shows the secret to whoever reads along: it is had over https only.",
                "scope": "Name at least one scope: without any it may do nothing.",
                "execute_as": "Name the user as whom such calls run.",
                "token_endpoint": "Here those are exchanged once a user has said yes.",
                "client_secret": "Type the secret again: nothing is saved yet, and a page never sends one back.",
            }
        ),
    ),
}
"""Making a link."""


def _change_client(link: Link, client: Client, **problems: str) -> Any:
    assert client.oauth1 is not None
    values = ClientValues.of_client(client, client.oauth1, names=_NAMES)
    side = build_client_side(
        values, SCOPES, us="Tracker", them=link.name, is_new=False, is_only=True, problems=problems
    )
    return build_client_page(look_at(link), side, client=client.client_id)


def _change_server(link: Link, registration: Registration, **problems: str) -> Any:
    side = build_server_side(
        ServerValues.of_link(link, registration),
        us="Tracker",
        them=link.name,
        kind=link.peer.kind,
        is_new=False,
        problems=problems,
    )
    return build_change_page(look_at(link, registration=registration), side, is_new=False)


CHANGE_PAGES = {
    "oauth1-client": _change_client(FAR, _FAR_KEY),
    "oauth1-client-secret": _change_client(
        GADGET, _OLD, callback="'gadget' cannot be a callback: it begins with https://."
    ),
    "oauth1-outgoing": _change_server(JIRA, _OURS),
    "oauth1-outgoing-secret": _change_server(
        JIRA, _THEIRS, client_secret="Type the secret again: nothing is saved yet, and a page never sends one back."
    ),
    "oauth1-incoming": build_change_page(
        look_at(FAR),
        build_incoming_side(
            IncomingValues.of_link(FAR, ()), SCOPES, us="Tracker", them=FAR.name, names={}, problems={}
        ),
        is_new=False,
    ),
    "oauth1-incoming-new": build_change_page(
        look_at(CLOUD),
        build_client_side(
            ClientValues(scopes=("issues:read",)), SCOPES, us="Tracker", them="Cloud", is_only=True, problems={}
        ),
        is_new=True,
        variants=_VARIANTS,
    ),
}
"""Changing a link."""


def build_consents(consent: ConsentPage) -> dict[str, ConsentPage]:
    """Give what a user is asked over OAuth 1.0a, where it is not the same as over OAuth 2."""
    gadget = replace(
        consent,
        them=End(name="Gadget", tint=4),
        asks="Gadget asks for access",
        title="Let Gadget use your Tracker account?",
        can_title="Gadget will be able to",
        returns_to="",
    )
    return {
        "consent-typed": replace(gadget, after="Then Tracker shows you a code to type into Gadget."),
        "consent-older": replace(
            gadget,
            after="Then go back to Gadget yourself.",
            warning=Sentence(
                what="Gadget speaks an older protocol, which cannot tell who began this",
                advice="If you followed an address that somebody sent you, say no.",
            ),
        ),
    }


_TYPED = DecidedPage(
    us=End(name="Tracker"),
    them=End(name="Gadget", tint=4),
    user_name="alice",
    lanes=(Lane(direction="in", state="wait", words="Gadget wants to call Tracker"),),
    title="Type this code into Gadget",
    text="Then Gadget may use your Tracker account. Give the code to nobody else.",
    code="TfK4ZrW8LnCd5HyEo1Pj6Us0Ga3k8Qz4cRt2WnYbM7a",
    hint="One click marks all of it. It is good once, for another 8 minutes.",
)
DECIDED_PAGES = {
    "verifier": _TYPED,
    "allowed": replace(
        _TYPED,
        title="Gadget may use your Tracker account now",
        text="Go back to Gadget: it goes on by itself.",
        code="",
        hint="",
    ),
    "denied": replace(
        _TYPED,
        title="Gadget was not let in",
        text="It cannot use your Tracker account. You can close this page.",
        code="",
        hint="",
        is_denied=True,
    ),
}
"""What came of a user's answer where no address takes her back."""
