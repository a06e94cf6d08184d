"""What is found at the address of an application with Atlassian's application links."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.json import encode

from applinks.bounds import Sizes
from applinks.fetching.transport import Fetcher
from applinks.linking.discovery.atlassian import FoundAtlassian, find_atlassian_application
from applinks.linking.documents import build_own_atlassian_manifest
from applinks.linking.errors import LinkingError
from applinks.linking.side import LinkingSide
from applinks.records.registrations import ServerEndpoints
from applinks.wire.atlassian.authentication_types import AuthenticationType
from applinks.wire.atlassian.consumer_info import ConsumerInfo, format_consumer_info
from applinks.wire.atlassian.manifest import AtlassianManifest, build_manifest_json, format_manifest_xml
from tests.linking.world import A_URL, World
from tests.rsa_keys import make_rsa_key

pytestmark = pytest.mark.anyio

WIKI = "https://wiki.example/confluence"
MANIFEST = "/rest/applinks/1.0/manifest"
CAPABILITIES = "/rest/applinks/3.0/capabilities"
CONSUMER = "/plugins/servlet/oauth/consumer-info"
XML = "application/xml;charset=UTF-8"
PUBLIC_KEY = make_rsa_key().public_key()
SHORT_KEY = make_rsa_key(1024).public_key()
SAID = AtlassianManifest(
    id="4fd9a5c5-12bb-3ac3-8bdd-5a1ee3a6a0dd",
    name="Wiki & Söhne",
    type_id="confluence",
    url=WIKI,
    version="9.2.1",
    build_number="9012",
    applinks_version="9.1.2",
    incoming=(AuthenticationType.OAUTH, AuthenticationType.TWO_LEGGED, AuthenticationType.IMPERSONATION),
    outgoing=(AuthenticationType.OAUTH,),
    icon_url="http://169.254.169.254/icon.png",
)
WHO = ConsumerInfo(key="Confluence:1234", name="Wiki", public_key=PUBLIC_KEY, description="a wiki")


def as_xml(body: bytes) -> httpx2.Response:
    return httpx2.Response(200, content=body, headers={"Content-Type": XML})


def as_json(value: Any) -> httpx2.Response:
    return httpx2.Response(200, content=encode(value), headers={"Content-Type": "application/json"})


class Web:
    """Documents by address; everything else is not found."""

    def __init__(self, side: LinkingSide) -> None:
        self.documents: dict[str, Any] = {
            WIKI + MANIFEST: as_xml(format_manifest_xml(SAID)),
            WIKI + CAPABILITIES: as_json(["STATUS_API", "MIGRATION_API"]),
            WIKI + CONSUMER: as_xml(format_consumer_info(WHO)),
        }
        self.seen: list[httpx2.Request] = []
        self.private: set[str] = set()
        fetcher = Fetcher(side.settings, transport=httpx2.MockTransport(self.answer))
        fetcher.is_private = self.is_private  # type: ignore[method-assign]
        self.side = replace(side, fetcher=fetcher)

    async def is_private(self, url: str) -> bool:
        return httpx2.URL(url).host in self.private

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.seen.append(request)
        found = self.documents.get(str(request.url))
        if isinstance(found, Exception):
            raise found
        if isinstance(found, asyncio.Event):
            await found.wait()
        return found if isinstance(found, httpx2.Response) else httpx2.Response(404, text="no")

    async def find(self, pasted: str = WIKI, **options: Any) -> FoundAtlassian | None:
        return await find_atlassian_application(pasted, side=self.side, **options)

    async def get(self, pasted: str = WIKI, **options: Any) -> FoundAtlassian:
        found = await self.find(pasted, **options)
        assert found is not None
        return found

    async def refuse(self, pasted: str = WIKI, **options: Any) -> LinkingError:
        with pytest.raises(LinkingError) as refused:
            await self.find(pasted, **options)
        return refused.value


@pytest.fixture
def web(world: World) -> Iterator[Web]:
    return Web(world.a.linking)


@pytest.mark.parametrize("form", ["xml", "json"])
async def test_manifest_capabilities_and_consumer_are_read(web: Web, form: str) -> None:
    """Atlassian-wire, Discovery: XML by default, JSON where it is asked for."""
    if form == "json":
        web.documents[WIKI + MANIFEST] = as_json(build_manifest_json(SAID))
    found = await web.get()
    assert (found.url, found.manifest, found.consumer, found.capabilities) == (
        WIKI,
        SAID,
        WHO,
        ("STATUS_API", "MIGRATION_API"),
    )
    assert (found.name, found.private, found.private_origins, found.warnings) == ("Wiki & Söhne", False, (), ())


async def test_what_is_found_says_all_that_a_link_over_oauth_1_needs(web: Web) -> None:
    """Atlassian-wire, OAuth 1.0a: the addresses of such a peer."""
    found = await web.get()
    assert found.endpoints == ServerEndpoints(
        temporary=f"{WIKI}/plugins/servlet/oauth/request-token",
        authorization=f"{WIKI}/plugins/servlet/oauth/authorize",
        token=f"{WIKI}/plugins/servlet/oauth/access-token",
    )
    assert found.callback == f"{WIKI}/plugins/servlet/applinks/oauth/login-dance/access"


@pytest.mark.parametrize("pasted", [f"{WIKI}/", f"{WIKI}/display/DEMO?x=1#y", "wiki.example/confluence/a/b/c"])
async def test_a_page_of_the_application_leads_to_it(web: Web, pasted: str) -> None:
    """Handshake §1 Discovery: the address, then each parent path."""
    assert (await web.get(pasted)).url == WIKI


async def test_nothing_else_is_asked_than_its_three_documents(web: Web) -> None:
    """Atlassian-wire, known holes: no URL that it names is fetched, its icon neither."""
    await web.get()
    assert [str(request.url) for request in web.seen] == [WIKI + path for path in (MANIFEST, CONSUMER, CAPABILITIES)]
    assert not any("cookie" in request.headers or "authorization" in request.headers for request in web.seen)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        httpx2.Response(401, text="no"),
        httpx2.Response(200, text="<manifest/>", headers={"Content-Type": "text/html"}),
        httpx2.Response(200, content=b'{"status": "ok"}', headers={"Content-Type": "application/json"}),
        httpx2.Response(200, content=b"<rss/>", headers={"Content-Type": XML}),
        httpx2.Response(200, content=b"<manifest>" + b" " * 70_000, headers={"Content-Type": XML}),
        httpx2.Response(302, headers={"Location": "https://wiki.example/login?next=/rest"}),
        httpx2.Response(302),
    ],
    ids=range(8),
)
async def test_another_kind_of_application_is_none_of_these(web: Web, answer: httpx2.Response | None) -> None:
    """Ours: then the next kind is looked for."""
    web.documents[WIKI + MANIFEST] = answer
    assert await web.find() is None


_BOMB = b'<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><manifest><typeId>&b;</typeId></manifest>'


@pytest.mark.parametrize(
    "body",
    [
        _BOMB,
        b'<!DOCTYPE m SYSTEM "http://127.0.0.1/x.dtd"><manifest><typeId>jira</typeId></manifest>',
        b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><manifest><typeId>&x;</typeId></manifest>',
        b"<manifest>" + b"<a>" * 50 + b"<typeId/>" + b"</a>" * 50 + b"</manifest>",
        b"<manifest>" + b"<typeId/>" * 1000 + b"</manifest>",
        b"<manifest><typeId>jira</typeId></manifest>",
        b"<manifest><typeId>jira",
        format_manifest_xml(replace(SAID, name="evil\u202e")),
    ],
    ids=range(8),
)
async def test_a_hostile_manifest_is_refused_and_nothing_in_it_is_fetched(web: Web, body: bytes) -> None:
    """Issue 6: hostile XML: entities, size, depth."""
    web.documents[WIKI + MANIFEST] = as_xml(body)
    assert (await web.refuse()).code == "invalid_manifest"
    assert [str(request.url) for request in web.seen] == [WIKI + MANIFEST]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(body=st.binary(max_size=200), kind=st.sampled_from([XML, "application/json", "text/xml", "", "x"]))
async def test_any_bytes_at_all_three_addresses_are_an_answer_or_our_refusal(web: Web, body: bytes, kind: str) -> None:
    """Ours: whatever a peer says."""
    hostile = httpx2.Response(200, content=body, headers={"Content-Type": kind})
    web.documents = {WIKI + CONSUMER: hostile, WIKI + CAPABILITIES: hostile, WIKI + MANIFEST: hostile}
    with contextlib.suppress(LinkingError):
        assert await web.find() is None
    web.documents[WIKI + MANIFEST] = as_xml(format_manifest_xml(SAID))
    found = await web.get()
    assert (found.consumer, found.warnings) == (None, ("no_consumer",))


@pytest.mark.parametrize(
    ("named", "offer"),
    [
        ("https://wiki.example/wiki", "https://wiki.example/wiki"),
        ("https://other.example", "https://other.example"),
        ("https://wiki.example/confluence/x", "https://wiki.example/confluence/x"),
        ("javascript:alert(1)", None),
        ("https://wiki.example/a%20b", "https://wiki.example"),
        ("http://wiki.example/confluence", None),
        ("nonsense nonsense", None),
    ],
)
async def test_another_address_in_the_manifest_is_offered_and_never_followed(
    web: Web, named: str, offer: str | None
) -> None:
    """Issue 6; handshake §1: a manifest that names another url is offered as a new start."""
    web.documents[WIKI + MANIFEST] = as_xml(format_manifest_xml(replace(SAID, url=named)))
    refused = await web.refuse()
    assert (refused.code, refused.offer) == ("invalid_manifest", offer)
    assert len(web.seen) == 1


@pytest.mark.parametrize("named", [f"{WIKI}/", "https://WIKI.example:443/confluence"])
async def test_an_address_that_is_only_written_otherwise_is_the_same(web: Web, named: str) -> None:
    """Ours: case of the host, default port and final slash mean nothing."""
    web.documents[WIKI + MANIFEST] = as_xml(format_manifest_xml(replace(SAID, url=named)))
    assert (await web.get()).url == WIKI


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_offered_where_the_whole_application_moved_and_never_followed(
    web: Web, status: int
) -> None:
    """Handshake §1: redirects are never followed: offer the target as a new start."""
    target = f"https://new.example/wiki{MANIFEST}"
    web.documents[target] = as_xml(format_manifest_xml(replace(SAID, url="https://new.example/wiki")))
    web.documents[WIKI + MANIFEST] = httpx2.Response(status, headers={"Location": target})
    refused = await web.refuse()
    assert (refused.code, refused.offer) == ("peer_redirects", "https://new.example/wiki")
    assert len(web.seen) == 1


@pytest.mark.parametrize("location", [f"http://[{MANIFEST}", f"http://169.254.169.254{MANIFEST}", f"//é{MANIFEST}"])
async def test_a_redirect_to_an_address_that_cannot_be_called_is_offered_to_nobody(web: Web, location: str) -> None:
    """Atlassian-wire, known holes: following a redirect to an internal address."""
    web.documents[WIKI + MANIFEST] = httpx2.Response(302, headers={"Location": location.encode()})
    offers: list[str | None] = []
    try:
        assert await web.find() is None
    except LinkingError as error:
        offers = [error.offer]
    assert offers in ([], [None])
    assert all(request.url.host == "wiki.example" for request in web.seen)


@pytest.mark.parametrize(
    ("version", "is_old"),
    [
        ("3.10.6", True),
        ("4.0.12", True),
        ("4.0.13", False),
        ("5", False),
        ("9.1.2-m01", False),
        ("", True),
        ("x", True),
    ],
)
async def test_a_version_that_is_too_old_is_warned_about(web: Web, version: str, is_old: bool) -> None:
    """Atlassian-wire, Discovery: below 4.0.13 incompatible, 5 and above current."""
    web.documents[WIKI + MANIFEST] = as_xml(format_manifest_xml(replace(SAID, applinks_version=version)))
    assert ("too_old" in (await web.get()).warnings) == is_old


async def test_what_an_administrator_has_to_know_is_warned_about(web: Web) -> None:
    """Atlassian-wire: keys under 2048 bits; authentication types; what it does not say."""
    web.documents[WIKI + CONSUMER] = as_xml(format_consumer_info(replace(WHO, public_key=SHORT_KEY)))
    basic = replace(SAID, incoming=(AuthenticationType.BASIC,))
    web.documents[WIKI + MANIFEST] = as_xml(format_manifest_xml(basic))
    found = await web.get()
    assert found.warnings == ("no_oauth", "weak_key")
    del web.documents[WIKI + CONSUMER]
    del web.documents[WIKI + CAPABILITIES]
    found = await web.get()
    assert (found.consumer, found.capabilities, found.warnings) == (None, (), ("no_oauth", "no_consumer"))


@pytest.mark.parametrize("answer", [{"a": 1}, [1], [""], ["x" * 101], ["x"] * 101, "STATUS_API"])
async def test_capabilities_that_are_no_short_list_of_names_are_none(web: Web, answer: Any) -> None:
    """Ours: what is said beside the manifest may be missing."""
    web.documents[WIKI + CAPABILITIES] = as_json(answer)
    assert (await web.get()).capabilities == ()


async def test_a_long_name_is_cut_to_what_a_link_may_be_called(web: Web) -> None:
    """Ours: a link's name has at most 60 characters."""
    web.documents[WIKI + MANIFEST] = as_xml(format_manifest_xml(replace(SAID, name="Wiki " * 40)))
    name = (await web.get()).name
    assert (len(name) <= 60, name.startswith("Wiki Wiki"), name.endswith("Wiki")) == (True, True, True)


async def test_our_own_manifest_at_another_address_is_ourselves(web: Web) -> None:
    """Handshake §10: clone or alias of ourselves."""
    own = await build_own_atlassian_manifest(web.side)
    for said in (own, replace(SAID, url=A_URL), replace(SAID, id=own.id.upper())):
        web.documents[WIKI + MANIFEST] = as_xml(format_manifest_xml(said))
        assert (await web.refuse()).code == "self_link"
    assert (await web.refuse(f"{A_URL}/x")).code == "self_link"


async def test_a_private_address_is_asked_about_before_the_first_fetch(web: Web) -> None:
    """Security N-02: private addresses only where an administrator typed or confirmed them."""
    web.private = {"wiki.example"}
    refused = await web.refuse()
    assert (refused.code, refused.asks_private, web.seen) == ("address_not_allowed", True, [])
    found = await web.get(private_confirmed=["https://wiki.example"])
    assert (found.private, found.private_origins) == (True, ("https://wiki.example",))


async def test_an_application_that_cannot_be_reached_is_not_taken_for_another_kind(web: Web) -> None:
    """Ours: whoever is down may be anything."""
    web.documents[WIKI + MANIFEST] = httpx2.ConnectError("refused")
    assert (await web.refuse()).code == "peer_unreachable"


async def test_one_that_drips_its_answers_holds_nobody(web: Web) -> None:
    """Ours: many addresses are tried, and a person waits."""
    web.documents[WIKI + MANIFEST] = asyncio.Event()
    sizes = Sizes(call_seconds=0.05)
    web.side = replace(web.side, settings=replace(web.side.settings, sizes=sizes))
    assert (await web.refuse()).code == "peer_unreachable"
