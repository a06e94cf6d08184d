"""What Data Center applications read of us, and where they lead our users."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from applinks.web.protocol.atlassian import VERSIONS, build_atlassian_endpoints
from applinks.wire.atlassian.consumer_info import parse_consumer_info
from applinks.wire.atlassian.manifest import parse_atlassian_manifest
from applinks.wire.http import Request
from applinks.wire.oauth1.problems import Problem
from tests.administration.hand import URL
from tests.linking.world import A_URL, World
from tests.rsa_keys import make_rsa_key
from tests.web.protocol.atlassian import PEER_ID, PEER_KEY, REST, RestPeer, read_json

pytestmark = pytest.mark.anyio

MANIFEST = f"{REST}/manifest"
DANCE = "/plugins/servlet/applinks/oauth/login-dance"


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        (MANIFEST, None, "application/xml;charset=UTF-8"),
        (MANIFEST, "*/*", "application/xml;charset=UTF-8"),
        (MANIFEST, "application/xml, application/json", "application/xml;charset=UTF-8"),
        (MANIFEST, "text/html, application/json;q=0.5, text/xml;q=0.9", "application/xml;charset=UTF-8"),
        (MANIFEST, "application/json;q=x", "application/xml;charset=UTF-8"),
        (MANIFEST, "application/json", "application/json"),
        (MANIFEST, "Application/JSON , application/xml;q=0.9", "application/json"),
        (f"{MANIFEST}.json", None, "application/json"),
        *[(f"/rest/applinks/{version}/manifest", None, "application/xml;charset=UTF-8") for version in VERSIONS],
    ],
)
async def test_anybody_may_read_who_we_are_in_xml_or_json(
    peer: RestPeer, path: str, accept: str | None, kind: str
) -> None:
    """Atlassian wire, discovery."""
    headers = () if accept is None else (("Accept", accept),)
    answer = await peer.answer(Request(method="GET", url=A_URL + path, headers=headers))
    assert (answer.status, answer.header("content-type"), answer.header("vary")) == (200, kind, "Accept")
    manifest = parse_atlassian_manifest(answer.body, answer.header("content-type"))
    instance = await peer.ours.storage.keys.get_instance()
    assert (manifest.id, manifest.url, manifest.type_id) == (instance.id.removeprefix("urn:uuid:"), A_URL, "generic")
    assert (len(manifest.incoming), manifest.incoming) == (3, manifest.outgoing)


async def test_a_peer_reads_which_key_we_sign_with(peer: RestPeer) -> None:
    """Atlassian wire, discovery: consumer-info; issue: an RSA key of its own."""
    answer = await peer.call("GET", "/plugins/servlet/oauth/consumer-info", signed=False)
    assert (answer.header("content-type") or "").startswith("application/xml")
    consumer = parse_consumer_info(answer.body, answer.header("content-type"))
    assert consumer.key == (await peer.ours.storage.keys.get_instance()).consumer_key
    assert consumer.public_key.key_size == 2048


async def test_a_peer_reads_what_we_can(peer: RestPeer) -> None:
    """Atlassian wire, discovery: capabilities."""
    for path, names in (("capabilities", ["STATUS_API"]), ("capabilities/STATUS_API", ["STATUS_API"])):
        answer = await peer.call("GET", f"{REST}/{path}", signed=False)
        assert (answer.status, read_json(answer)) == (200, names)
    for other in ("MIGRATION_API", "", "%00"):
        assert (await peer.call("GET", f"{REST}/capabilities/{other}", signed=False)).status == 404


async def test_a_signed_reading_proves_that_both_sides_fit(peer: RestPeer) -> None:
    """Atlassian wire: a healthy peer check ends with a two-legged signed GET of the manifest, answered 200."""
    assert (await peer.call("GET", MANIFEST, user=None)).status == 200
    assert (await peer.call("GET", MANIFEST, user="3")).status == 200


@pytest.mark.parametrize(
    ("signing", "problem"),
    [
        ({"oauth_consumer_key": "nobody"}, Problem.CONSUMER_KEY_UNKNOWN),
        ({"key": make_rsa_key(1024)}, Problem.SIGNATURE_INVALID),
        ({"oauth_timestamp": "1000"}, Problem.TIMESTAMP_REFUSED),
    ],
)
async def test_a_badly_signed_reading_is_refused_though_anybody_may_read(
    peer: RestPeer, signing: dict[str, str], problem: Problem
) -> None:
    """Atlassian wire: the manifest answers a signed request only if the signature is good."""
    answer = await peer.call("GET", MANIFEST, user=None, **signing)  # type: ignore[arg-type]
    assert answer.status in {400, 401}
    assert f"oauth_problem={problem.value}".encode() in answer.body
    assert (answer.header("www-authenticate") or "").startswith(f'OAuth realm="{A_URL}"')


async def test_a_reading_with_a_token_of_nobody_is_refused(peer: RestPeer) -> None:
    """Ours: what is shown has to be good."""
    request = Request(method="GET", url=A_URL + MANIFEST)
    answer = await peer.answer(peer.sign(request, oauth_token="alo_unknown"))
    assert (answer.status, b"token_rejected" in answer.body) == (401, True)


async def test_a_nonce_counts_here_as_everywhere(peer: RestPeer) -> None:
    """Security O1-03."""
    request = peer.sign(Request(method="GET", url=A_URL + MANIFEST), oauth_token="")
    assert (await peer.answer(request)).status == 200
    again = await peer.answer(request)
    assert (again.status, b"nonce_used" in again.body) == (401, True)


async def test_who_would_allow_a_client_something_is_led_to_our_page(peer: RestPeer) -> None:
    """Product §3: Atlassian's addresses answer the same."""
    query = "oauth_token=alt_1&oauth_callback=https%3A%2F%2Fboard.example%2F%3Fa%3Db"
    for method, status in (("GET", 303), ("POST", 307)):
        answer = await peer.answer(Request(method=method, url=f"{A_URL}/plugins/servlet/oauth/authorize?{query}"))
        assert (answer.status, answer.header("location")) == (status, f"{A_URL}/applinks/oauth1/authorize?{query}")
        assert answer.header("referrer-policy") == "no-referrer"


async def test_who_would_connect_an_account_is_led_to_where_that_begins(peer: RestPeer) -> None:
    """Atlassian wire: the consumer's own round trip."""
    for name in (PEER_ID, peer.link.id, f"urn:uuid:{PEER_ID}"):
        begin = await peer.answer(
            Request(method="GET", url=f"{A_URL}{DANCE}/authorize?applicationLinkID={quote(name, safe='')}")
        )
        assert (begin.status, begin.header("location")) == (303, f"{A_URL}/applinks/connect/{peer.link.id}")
    back = quote(f"{A_URL}/gadgets?a=b&c=d", safe="")
    begin = await peer.answer(
        Request(method="GET", url=f"{A_URL}{DANCE}/authorize?applicationLinkID={PEER_ID}&redirectUrl={back}")
    )
    wanted = f"{A_URL}/applinks/connect/{peer.link.id}?return_to=%2Fgadgets%3Fa%3Db%26c%3Dd"
    assert begin.header("location") == wanted
    query = f"applicationLinkID={PEER_ID}&oauth_token=t&oauth_verifier=v"
    end = await peer.answer(Request(method="GET", url=f"{A_URL}{DANCE}/access?{query}"))
    assert end.header("location") == f"{A_URL}/applinks/callback/{peer.link.id}?{query}"


@pytest.mark.requirement("AS-09")
@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        f"{A_URL}.evil.example/",
        f"{A_URL}@evil.example/",
        f"{A_URL}//evil.example",
        f"{A_URL}/\\evil.example",
        f"{A_URL}?x=1",
        "javascript:alert(1)",
        "//evil.example",
        "/relative",
        f"{A_URL}/\r\nSet-Cookie: a=b",
    ],
)
async def test_nobody_is_led_elsewhere_afterwards(peer: RestPeer, back: str) -> None:
    """Atlassian wire: redirectUrl must be ours; known holes: script in redirectUrl."""
    query = f"applicationLinkID={PEER_ID}&redirectUrl={quote(back, safe='')}"
    answer = await peer.answer(Request(method="GET", url=f"{A_URL}{DANCE}/authorize?{query}"))
    assert (answer.status, answer.header("location")) == (400, None)


@pytest.mark.parametrize("step", ["authorize", "access"])
@pytest.mark.parametrize("query", ["", "?applicationLinkID=", "?applicationLinkID=other", "?applicationLinkID=board"])
async def test_an_unknown_link_leads_nowhere(peer: RestPeer, step: str, query: str) -> None:
    """Ours: a handle is a name for people here, and no id."""
    assert (await peer.answer(Request(method="GET", url=f"{A_URL}{DANCE}/{step}{query}"))).status == 404


async def test_where_oauth_1_0a_is_switched_off_the_addresses_are_the_host_s(both: World) -> None:
    """Settings.protocols says what we speak."""
    linking = replace(both.a.linking, settings=both.a.linking.settings.changed(protocols=("oauth2",)))
    found = build_atlassian_endpoints(incoming=both.a.incoming, linking=linking, administration=both.a.administration)
    assert found == {}


async def test_the_key_of_a_client_in_the_query_is_a_signature_too(peer: RestPeer) -> None:
    """RFC 5849 §3.5.3."""
    answer = await peer.answer(Request(method="GET", url=f"{A_URL}{MANIFEST}?oauth_consumer_key={PEER_KEY}"))
    assert (answer.status, b"parameter_absent" in answer.body) == (400, True)
    assert URL.encode() not in answer.body
