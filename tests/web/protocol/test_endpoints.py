"""What stands at our addresses for programs, apart from what the sides answer."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.clients import ClientAuthentication
from applinks.records.links import Direction, Link, LinkKind, Peer
from applinks.records.registrations import Registration
from applinks.web.protocol.endpoints import HEALTH_PATH, build_endpoints
from applinks.web.protocol.routes import Endpoint
from applinks.wire.http import Request, Response
from applinks.wire.linking.terms import Level
from tests.hostile.messages import Sent
from tests.hostile.site import BASE, Site, open_site

pytestmark = pytest.mark.anyio

DOCUMENT = "kT3wq9ZrB2mX7vLhN0cYpA"
HAND_LINK = "lnk_0000000000000000000009"


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    site = await open_site(tmp_path, monkeypatch)
    yield site
    await site.applinks.shutdown()


async def add_registration(site: Site, document: str = DOCUMENT) -> Link:
    """Link a server by hand that knows us by a document."""
    link = Link(
        id=HAND_LINK,
        handle="files",
        name="Files",
        kind=LinkKind.BY_HAND,
        peer=Peer(id="", name="Files", url="https://files.example", manifest={}, keys=()),
        outgoing=Direction(level=Level.OAUTH, protocols=("oauth2",), user_scopes=("openid",)),
        check="none",
        created_at=1,
        created_by="user:9",
        in_force_at=1,
    )
    registration = Registration(
        link_id=link.id,
        client_id=f"{BASE}/applinks/oauth2/clients/{document}.json" if document else "tracker",
        authentication=ClientAuthentication.PRIVATE_KEY_JWT,
        document=document,
    )
    write = LinkWrite(link=link, expected_version=None, registration=registration)
    assert await site.storage.linking.commit(write) is CommitResult.WRITTEN
    return link


async def test_health_is_good_while_the_database_answers(site: Site) -> None:
    """Product §3: 200 only when the database answers."""
    answer = await site.get(HEALTH_PATH)
    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok"})
    assert answer.header(b"cache-control") == b"no-store"
    head = await site.send(Sent(method="HEAD", path=HEALTH_PATH))
    assert (head.status, head.body) == (200, b"")


async def test_health_is_bad_when_the_database_does_not_answer_and_names_nothing(site: Site) -> None:
    """Product §3: neither names links to strangers, nor what broke."""
    await site.storage.close()
    answer = await site.get(HEALTH_PATH)
    assert (answer.status, json.loads(answer.body)) == (503, {"status": "unavailable"})
    assert int(answer.header(b"retry-after") or 0) > 0
    assert answer.header(b"cache-control") == b"no-store"
    assert (await site.send(Sent(method="HEAD", path=HEALTH_PATH))).status == 503


async def test_a_client_id_document_stands_at_its_random_address(site: Site) -> None:
    """draft-ietf-oauth-client-id-metadata-document §4: the client id is the address."""
    link = await add_registration(site)
    path = f"/applinks/oauth2/clients/{DOCUMENT}.json"
    answer = await site.get(path, query="x=1")
    document = json.loads(answer.body)
    assert (answer.status, document["client_id"]) == (200, BASE + path)
    assert document["redirect_uris"] == [f"{BASE}/applinks/callback/{link.id}"]
    assert answer.header(b"content-type") == b"application/json"
    ended = replace(link, version=link.version + 1, ended_at=5)
    assert await site.storage.linking.commit(LinkWrite(link=ended, expected_version=link.version))
    assert (await site.get(path)).status == 404


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize(
    "name",
    [
        *("", ".json", "x", "x.json", DOCUMENT, f"{DOCUMENT}.txt", f"{DOCUMENT}.json.json", f"{DOCUMENT}.json/"),
        *(f"{DOCUMENT}.json\0", f"{DOCUMENT}\0.json", f"{DOCUMENT}.json\n", f"x/{DOCUMENT}.json", "%.json", "é.json"),
        *(f"../clients/{DOCUMENT}.json", f"{DOCUMENT.lower()}.json", "a" * 70 + ".json", "a" * 9000 + ".json"),
    ],
)
async def test_no_other_name_finds_a_document(site: Site, name: str) -> None:
    """Ours: whom we are linked with is told only to whoever knows the random name; never a 5xx."""
    await add_registration(site)
    assert (await site.get(f"/applinks/oauth2/clients/{name}")).status in {303, 404}


@pytest.mark.parametrize("name", ["", ".json", "%00.json"])
async def test_a_registration_without_a_document_is_found_by_no_name(site: Site, name: str) -> None:
    """Ours: having none is no name."""
    await add_registration(site, document="")
    assert (await site.get(f"/applinks/oauth2/clients/{name}")).status == 404


async def test_a_form_of_this_product_adds_its_own_endpoints_and_replaces_none(site: Site) -> None:
    """Ours: what it serves beside the protocol."""

    async def answer(_request: Request, _source: str) -> Response:
        return Response(status=200)

    mine = Endpoint("GET", "me", answer)
    sides = site.applinks._running.sides
    extra = {"/applinks/api/v1/me": mine, HEALTH_PATH: mine}
    found = build_endpoints(incoming=sides.incoming, linking=sides.linking, extra=extra)
    assert found["/applinks/api/v1/me"] is mine
    assert found[HEALTH_PATH] is not mine
    assert found.keys() - build_endpoints(incoming=sides.incoming, linking=sides.linking).keys() == {
        "/applinks/api/v1/me"
    }


@pytest.mark.parametrize(
    "path", ["/applinks/oauth2/clients", "/applinks/oauth2", "/applinks/oauth2/clients/a/b.json", "/x", "/"]
)
async def test_only_what_is_ours_is_answered_here(site: Site, path: str) -> None:
    """Ours: the rest is the host's, or a page."""
    assert site.applinks._running.guard.endpoints.find(path) is None


@pytest.mark.requirement("N-10")
@pytest.mark.parametrize("path", ["token", "revoke", "introspect"])
async def test_every_endpoint_that_takes_secrets_limits_guesses_by_the_address_of_the_connection(
    site: Site, path: str
) -> None:
    """Security N-10, N-03: not by a header that anybody may send."""
    form = {"grant_type": "client_credentials", "token": "x", "client_id": "nobody", "client_secret": "als_wrong"}
    headers = (b"content-type", b"application/x-www-form-urlencoded")
    body = "&".join(f"{name}={value}" for name, value in form.items()).encode()
    for number in range(61):
        forged = (
            (b"x-forwarded-for", f"198.51.100.{number}".encode()),
            (b"forwarded", f"for=10.0.0.{number}".encode()),
        )
        sent = Sent(method="POST", path=f"/applinks/oauth2/{path}", headers=(headers, *forged), parts=(body,))
        answer = await site.send(sent)
        assert answer.status == (429 if number == 60 else 401)
    assert 1 <= int(answer.header(b"retry-after") or 0) <= 60
    assert json.loads(answer.body)["error"] == "too_many_requests"
    assert answer.header(b"cache-control") == b"no-store"
