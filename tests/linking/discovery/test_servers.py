"""What is found at the address of an application that is no Applinks."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from applinks.bounds import Sizes
from applinks.fetching.transport import Fetcher
from applinks.linking.discovery.servers import FoundServer, choose_authentication, find_server, read_server
from applinks.linking.errors import LinkingError
from applinks.linking.side import LinkingSide
from applinks.records.clients import ClientAuthentication
from applinks.settings import Settings
from applinks.wire.oauth2.metadata import ServerMetadata
from tests.linking.world import A_URL, World

pytestmark = pytest.mark.anyio

APP = "https://app.example/api"
ID = "https://id.example/realms/x"
OAUTH = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
RESOURCE = "/.well-known/oauth-protected-resource"


def describe(issuer: str, **changes: Any) -> dict[str, Any]:
    base = issuer.removesuffix("/")
    document = {
        "issuer": issuer,
        "authorization_endpoint": f"{base}/auth",
        "token_endpoint": f"{base}/token",
        "scopes_supported": ["openid", "things"],
    } | changes
    return {name: value for name, value in document.items() if value is not None}


class Web:
    """Documents by address; everything else is not found."""

    def __init__(self, side: LinkingSide) -> None:
        self.documents: dict[str, Any] = {}
        self.seen: list[str] = []
        self.private: set[str] = set()
        self.asked: list[str] = []
        fetcher = Fetcher(side.settings, transport=httpx2.MockTransport(self.answer))
        fetcher.is_private = self.is_private  # type: ignore[method-assign]
        self.side = replace(side, fetcher=fetcher)

    async def is_private(self, url: str) -> bool:
        self.asked.append(url)
        return httpx2.URL(url).host in self.private

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        url = str(request.url)
        self.seen.append(url)
        found = self.documents.get(url)
        if isinstance(found, Exception):
            raise found
        if isinstance(found, asyncio.Event):
            await found.wait()
        if isinstance(found, httpx2.Response):
            return found
        return httpx2.Response(404, text="no") if found is None else httpx2.Response(200, json=found)

    async def find(self, pasted: str = APP, **options: Any) -> FoundServer:
        return await find_server(pasted, side=self.side, **options)

    async def refuse(self, pasted: str = APP, **options: Any) -> LinkingError:
        with pytest.raises(LinkingError) as refused:
            await self.find(pasted, **options)
        return refused.value


@pytest.fixture
def web(world: World) -> Iterator[Web]:
    return Web(world.a.linking)


@pytest.mark.parametrize("pasted", [ID, f"{ID}/", f"{ID}/account?tab=1", "id.example/realms/x"])
@pytest.mark.parametrize(
    "place",
    [
        f"https://id.example{OAUTH}/realms/x",
        f"https://id.example/realms/x{OAUTH}",
        f"https://id.example/realms/x{OPENID}",
        f"https://id.example{OPENID}/realms/x",
    ],
)
async def test_a_server_is_found_wherever_the_standards_put_its_metadata(web: Web, pasted: str, place: str) -> None:
    """RFC 8414 §3.1, §5; OpenID Connect Discovery §4.1."""
    web.documents[place] = describe(ID, client_id_metadata_document_supported=True)
    found = await web.find(pasted)
    assert (found.url, found.issuer, found.resource, found.name) == (ID, ID, "", "id.example")
    assert found.metadata is not None
    assert found.metadata.token_endpoint == f"{ID}/token"
    assert (found.scopes, found.takes_documents, found.warnings) == (("openid", "things"), True, ())


@pytest.mark.parametrize(
    ("own", "issuer", "can_read"),
    [
        ("https://start.example", ID, True),
        ("https://start.example", "http://127.0.0.1:4600", True),
        ("https://localhost:8001", ID, False),
        ("https://localhost:8001", "http://127.0.0.1:4600", True),
        ("https://[::1]", "https://[::1]:4600", True),
        ("http://127.0.0.1:8001", ID, False),
        ("http://127.0.0.1:8001", "http://127.0.0.1:4600", False),
    ],
)
async def test_a_document_is_offered_where_the_server_can_read_it_over_https(
    world: World, own: str, issuer: str, can_read: bool
) -> None:
    """draft-ietf-oauth-client-id-metadata-document §3 MUST: https; one on this machine is read here alone."""
    web = Web(replace(world.a.linking, settings=Settings(base_url=own, allow_http_for_loopback=True)))
    document = describe(issuer, client_id_metadata_document_supported=True)
    web.documents[f"{issuer}{OPENID}"] = document
    found = await web.find(issuer)
    assert found.metadata is not None
    assert found.takes_documents is can_read


async def test_an_issuer_with_a_final_slash_is_kept_as_it_is_spelled(web: Web) -> None:
    """OpenID Connect Discovery §4.1: the slash is removed for the address alone."""
    web.documents[f"https://id.example{OPENID}"] = describe("https://id.example/")
    found = await web.find("https://id.example")
    assert (found.url, found.issuer) == ("https://id.example", "https://id.example/")


@pytest.mark.parametrize("place", [f"https://app.example{RESOURCE}/api", f"{APP}{RESOURCE}"])
async def test_a_resource_names_the_server_that_guards_it(web: Web, place: str) -> None:
    """RFC 9728 §3."""
    web.documents |= {
        place: {
            "resource": APP,
            "authorization_servers": [ID],
            "scopes_supported": ["api"],
            "resource_name": "The\nApp\u202e",
        },
        f"{ID}{OPENID}": describe(ID),
    }
    found = await web.find(f"{APP}/v1/me")
    assert (found.url, found.issuer, found.resource) == (APP, ID, APP)
    assert (found.scopes, found.name) == (("api",), "The App")


async def test_a_resource_whose_server_says_nothing_still_names_it(web: Web) -> None:
    """Issue: by metadata if it publishes any, else by hand."""
    web.documents[f"{APP}{RESOURCE}"] = {"resource": APP, "authorization_servers": [ID]}
    found = await web.find()
    assert (found.issuer, found.metadata, found.warnings) == (ID, None, ())


@pytest.mark.requirement("CL-21")
async def test_a_resource_that_says_to_be_another_is_not_believed(web: Web) -> None:
    """RFC 9728 §3.3 MUST."""
    web.documents[f"{APP}{RESOURCE}"] = {"resource": "https://other.example", "authorization_servers": [ID]}
    web.documents[f"{ID}{OPENID}"] = describe(ID)
    assert (await web.find()).issuer == ""


async def test_an_address_that_says_nothing_is_given_back_for_entering_by_hand(web: Web) -> None:
    """Issue: else by hand."""
    found = await web.find(f"{APP}/v1")
    assert found == FoundServer(url=f"{APP}/v1", issuer="", name="app.example")


@pytest.mark.requirement("CL-21")
@pytest.mark.parametrize(
    ("document", "warning"),
    [
        (describe("https://other.example"), "wrong_issuer"),
        (describe(ID, token_endpoint=None), "unusable_metadata"),
        (describe(ID, token_endpoint="http://id.example/token"), "unusable_metadata"),
        (describe(ID, authorization_endpoint="javascript:alert(1)"), "unusable_metadata"),
        (describe(ID, scopes_supported="openid"), "unusable_metadata"),
    ],
)
async def test_metadata_of_another_or_without_tls_is_left_aside_and_said(
    web: Web, document: dict[str, Any], warning: str
) -> None:
    """RFC 8414 §3.3 MUST."""
    web.documents[f"{ID}{OPENID}"] = document
    found = await web.find(ID)
    assert (found.issuer, found.metadata, found.warnings) == ("", None, (warning,))
    assert f"{ID}{OPENID}" in found.detail


@pytest.mark.requirement("CL-21")
async def test_a_token_endpoint_on_another_host_is_flagged(web: Web) -> None:
    """Ours: what proves us goes there."""
    web.documents[f"{ID}{OPENID}"] = describe(ID, token_endpoint="https://tokens.example/token")
    assert (await web.find(ID)).warnings == ("token_endpoint_elsewhere",)


async def test_what_a_parent_says_makes_up_for_what_was_left_aside_below(web: Web) -> None:
    """Ours: one document is often answered at every path."""
    root = "https://id.example"
    web.documents = {f"{root}{path}{OPENID}": describe(root) for path in ("", "/deep", "/deep/page")}
    found = await web.find(f"{root}/deep/page")
    assert (found.url, found.issuer, found.warnings) == (root, root, ())


@pytest.mark.parametrize(
    "hostile",
    [
        httpx2.Response(200, content=b'{"issuer": 1, "issuer": 2}', headers={"Content-Type": "application/json"}),
        httpx2.Response(200, content=b"[" * 9999, headers={"Content-Type": "application/json"}),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(200, json=["x"]),
        httpx2.Response(200, content=b" " * 300_000, headers={"Content-Type": "application/json"}),
        httpx2.Response(302, headers={"Location": "https://evil.example/"}),
        httpx2.Response(500),
        httpx2.Response(503),
    ],
)
async def test_a_hostile_answer_is_as_none_and_leads_nowhere(web: Web, hostile: httpx2.Response) -> None:
    """Ours: hostile answers from servers that are not ours."""
    for path in (OAUTH, OPENID, RESOURCE):
        web.documents[f"https://evil.example{path}"] = httpx2.Response(
            hostile.status_code, content=hostile.content, headers=hostile.headers
        )
    found = await web.find("https://evil.example")
    assert (found.issuer, found.metadata) == ("", None)
    assert all(url.startswith("https://evil.example/.well-known/") for url in web.seen)


async def test_a_host_that_does_not_answer_is_unreachable_after_one_try(web: Web) -> None:
    """Handshake §8 peer_unreachable."""
    web.documents[f"https://app.example{RESOURCE}/api"] = httpx2.ConnectError("refused")
    error = await web.refuse()
    assert (error.code, error.peer, len(web.seen)) == ("peer_unreachable", APP, 1)


@pytest.mark.requirement("N-04")
async def test_all_of_it_has_one_deadline(web: Web) -> None:
    """Ours: a person waits."""
    web.documents[f"https://app.example{RESOURCE}/api"] = asyncio.Event()
    web.side = replace(web.side, settings=replace(web.side.settings, sizes=replace(Sizes(), call_seconds=0)))
    assert (await web.refuse()).code == "peer_unreachable"


@pytest.mark.parametrize("pasted", [A_URL, f"{A_URL}/page"])
async def test_our_own_address_is_refused(web: Web, pasted: str) -> None:
    """Product §5: a link to oneself."""
    assert (await web.refuse(pasted)).code == "self_link"


async def test_a_resource_that_is_guarded_by_us_is_refused(web: Web) -> None:
    """Product §5: a link to oneself."""
    web.documents[f"{APP}{RESOURCE}"] = {"resource": APP, "authorization_servers": [f"{A_URL}/"]}
    assert (await web.refuse()).code == "self_link"


@pytest.mark.parametrize("pasted", ["", "ftp://x.example", "https://u@x.example", "http://app.example"])
async def test_what_is_no_address_is_invalid(web: Web, pasted: str) -> None:
    """Handshake §8 invalid_url."""
    assert (await web.refuse(pasted)).code == "invalid_url"
    assert web.seen == []


@pytest.mark.requirement("N-02")
async def test_a_private_address_is_asked_about_before_anything_is_fetched(web: Web) -> None:
    """Security N-02."""
    web.private = {"app.example"}
    error = await web.refuse()
    assert (error.code, error.asks_private, web.seen) == ("address_not_allowed", True, [])
    confirmed = (await web.find(private_confirmed={"https://app.example"})).private_origins
    assert confirmed == ("https://app.example",)


@pytest.mark.requirement("N-02")
async def test_a_private_server_behind_a_public_resource_is_asked_about(web: Web) -> None:
    """Ours: a stranger's document must not open our network."""
    web.documents[f"{APP}{RESOURCE}"] = {"resource": APP, "authorization_servers": [ID]}
    web.documents[f"{ID}{OPENID}"] = describe(ID)
    web.private = {"id.example"}
    error = await web.refuse()
    assert (error.code, error.asks_private, error.peer) == ("address_not_allowed", True, ID)
    assert not [url for url in web.seen if url.startswith(ID)]
    assert (await web.find(private_confirmed={"https://id.example"})).private_origins == ("https://id.example",)


@pytest.mark.requirement("N-02")
@pytest.mark.parametrize("named", ["https://other.example", "https://id.example:8443", "https://app.example:8443/as"])
async def test_what_was_confirmed_of_one_origin_opens_no_other(web: Web, named: str) -> None:
    """Ours: at the second look the same document may name another machine, or another port."""
    web.documents[f"{APP}{RESOURCE}"] = {"resource": APP, "authorization_servers": [named]}
    web.private = {"app.example", "id.example", "other.example"}
    error = await web.refuse(private_confirmed={"https://app.example", "https://id.example"})
    assert (error.code, error.asks_private, error.peer) == ("address_not_allowed", True, named)
    assert not [url for url in web.seen if url.startswith(named)]


async def test_a_named_issuer_is_read_in_either_spelling(web: Web) -> None:
    """OpenID Connect Discovery §4.1."""
    web.documents[f"{ID}{OPENID}"] = describe(f"{ID}/")
    for typed in (ID, f"{ID}/"):
        found = await read_server(typed, side=web.side)
        assert (found.url, found.issuer, found.metadata is not None) == (ID, f"{ID}/", True)


@pytest.mark.parametrize("typed", ["id.example", "http://id.example", f"{ID}?x=1", f"{ID}#x", "https://u@id.example"])
async def test_what_is_no_issuer_is_refused(web: Web, typed: str) -> None:
    """RFC 8414 §2: https, no query, no fragment."""
    with pytest.raises(LinkingError) as refused:
        await read_server(typed, side=web.side)
    assert (refused.value.code, web.seen) == ("invalid_url", [])


async def test_a_named_issuer_without_metadata_is_kept_for_entering_by_hand(web: Web) -> None:
    """Issue: else by hand."""
    found = await read_server(ID, side=web.side)
    assert (found.issuer, found.metadata) == (ID, None)


@pytest.mark.parametrize(
    ("methods", "algorithms", "with_document", "expected"),
    [
        (("client_secret_post", "client_secret_basic"), (), False, ClientAuthentication.CLIENT_SECRET_BASIC),
        (("client_secret_post",), (), False, ClientAuthentication.CLIENT_SECRET_POST),
        (("private_key_jwt",), (), False, ClientAuthentication.PRIVATE_KEY_JWT),
        (("none",), (), False, ClientAuthentication.NONE),
        (("tls_client_auth",), (), False, ClientAuthentication.CLIENT_SECRET_BASIC),
        (("none", "private_key_jwt"), ("RS256", "ES256"), True, ClientAuthentication.PRIVATE_KEY_JWT),
        (("none", "private_key_jwt"), ("RS256",), True, ClientAuthentication.NONE),
        (("client_secret_basic",), (), True, ClientAuthentication.NONE),
    ],
)
def test_the_best_proof_that_a_server_takes_is_chosen(
    methods: tuple[str, ...], algorithms: tuple[str, ...], with_document: bool, expected: ClientAuthentication
) -> None:
    """RFC 8414 §2; draft-ietf-oauth-client-id-metadata-document: no shared secrets."""
    metadata = ServerMetadata(
        issuer=ID,
        authorization_endpoint=f"{ID}/auth",
        token_endpoint=f"{ID}/token",
        client_authentication_methods=methods,
        client_assertion_algorithms=algorithms,
    )
    assert choose_authentication(metadata, with_document=with_document) is expected
    assert choose_authentication(None) is ClientAuthentication.CLIENT_SECRET_BASIC


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_server_on_this_machine_may_be_http_where_the_setting_says_so(world: World, allowed: bool) -> None:
    """Product §4: allow_http_for_loopback lets issuers on the loopback hosts be http, whatever our own base URL is."""
    local = "http://127.0.0.1:4600"
    web = Web(
        replace(world.a.linking, settings=Settings(base_url="https://start.example", allow_http_for_loopback=allowed))
    )
    web.documents[f"{local}{OPENID}"] = describe(local)
    if not allowed:
        assert (await web.refuse(local)).code == "invalid_url"
        return
    assert (await web.find(local)).issuer == local
    assert (await read_server(local, side=web.side)).metadata is not None


@pytest.mark.parametrize("scopes", [["openid"], ["things"]])
async def test_what_only_the_openid_configuration_says_is_read_there(web: Web, scopes: list[str]) -> None:
    """OpenID Connect Discovery §4: some servers publish both documents, and name less in the other."""
    web.documents[f"{ID}{OAUTH}"] = describe(ID, scopes_supported=scopes)
    web.documents[f"{ID}{OPENID}"] = describe(ID, userinfo_endpoint=f"{ID}/me", jwks_uri=f"{ID}/keys")
    metadata = (await web.find(ID)).metadata
    assert metadata is not None
    expected = (f"{ID}/me", f"{ID}/keys") if "openid" in scopes else (None, None)
    assert (metadata.userinfo_endpoint, metadata.jwks_uri) == expected
