"""OAuth 1.0a at the guard of a whole host: addresses, raw paths, forms, cookies, and what a refusal looks like."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from starlette.responses import JSONResponse
from starlette.routing import Route

from applinks.linking.store import CommitResult, LinkWrite
from applinks.records.clients import Client, ClientAuthentication, OAuth1Client
from applinks.records.links import Direction, Link, LinkKind, Peer
from applinks.secret import Secret
from applinks.wire.http import Request
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.credentials import parse_temporary_credentials
from applinks.wire.oauth1.parameters import FORM, Transmission
from applinks.wire.oauth1.problems import parse_problem
from applinks.wire.oauth1.signature import SharedSecrets, SignatureMethod
from applinks.wire.oauth1.signed_request import sign_request
from tests.hostile.messages import Answer
from tests.hostile.site import BASE, Site, make_settings, open_site
from tests.incoming.oauth1.world import HMAC_METHODS, SECRET, Signer

pytestmark = pytest.mark.anyio

CLIENT = "script"
METHOD = SignatureMethod.HMAC_SHA256
SIGNER = Signer(METHOD, secrets=SharedSecrets.join(Secret(SECRET)))


@dataclass
class Host:
    """The host, to which requests go as bytes."""

    site: Site
    count: int = 0

    def sign(self, request: Request, **said: str) -> Request:
        self.count += 1
        transmission = Transmission(said.pop("transmission", "header"))
        parameters = {
            "oauth_consumer_key": CLIENT,
            "oauth_timestamp": str(self.site.clock.now()),
            "oauth_nonce": f"n{self.count}",
        } | said
        return sign_request(request, parameters, SIGNER, transmission=transmission)

    async def send(self, request: Request, *, parts: int = 1, asgi: dict[str, Any] | None = None) -> Answer:
        raw_path, _, query = request.url.removeprefix(BASE).partition("?")
        size = max(len(request.body) // parts, 1)
        chunks = [request.body[place : place + size] for place in range(0, len(request.body), size)]
        messages = iter([{"type": "http.request", "body": each, "more_body": True} for each in chunks])
        ended = [False]
        came: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            message = next(messages, None)
            if message is None and not ended[0]:
                ended[0] = True
                return {"type": "http.request", "body": b""}
            return message or {"type": "http.disconnect"}

        async def take(message: Any) -> None:
            came.append(message)

        scope = {
            "type": "http",
            "method": request.method,
            "path": unquote(raw_path),
            "raw_path": raw_path.encode("latin-1"),
            "root_path": "",
            "query_string": query.encode("latin-1"),
            "scheme": "http",
            "headers": [
                (b"host", b"evil.example:8080"),
                *[(name.lower().encode(), value.encode("latin-1")) for name, value in request.headers],
            ],
            "client": ("192.0.2.7", 4711),
        }
        await self.site.app(scope | (asgi or {}), receive, take)
        return Answer(
            came[0]["status"], tuple(came[0]["headers"]), b"".join(each.get("body", b"") for each in came[1:])
        )

    async def get(self, path: str, **said: str) -> Answer:
        return await self.send(self.sign(Request(method="GET", url=BASE + path), **said))


@pytest.fixture
async def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    site = await open_site(tmp_path, monkeypatch)
    await add_client(site)
    add_routes(site)
    yield Host(site)
    await site.applinks.shutdown()


async def add_client(site: Site) -> None:
    link = Link(
        id="lnk_0000000000000000000007",
        handle="script",
        name="Script",
        kind=LinkKind.BY_HAND,
        peer=Peer(id="", name="Script", url="", manifest={}, keys=()),
        incoming=Direction(level=Level.OAUTH, protocols=("oauth1",), user_scopes=("issues:read",)),
        check="none",
        created_at=1,
        created_by="user:9",
        in_force_at=1,
    )
    oauth1 = OAuth1Client(methods=HMAC_METHODS, shared_secret=Secret(SECRET), two_legged=True, execute_as="1")
    client = Client(
        id="cli_script",
        client_id=CLIENT,
        link_id=link.id,
        name="Script",
        authentication=ClientAuthentication.SIGNATURE,
        redirect_uris=("https://script.example/done",),
        grant_types=(),
        scopes=("issues:read",),
        oauth1=oauth1,
        created_at=1,
    )
    written = await site.storage.linking.commit(LinkWrite(link=link, expected_version=None, clients=(client,)))
    assert written is CommitResult.WRITTEN


def add_routes(site: Site) -> None:
    applinks = site.applinks

    async def echo(request: Any) -> JSONResponse:
        form = await request.form() if request.method == "POST" else {}
        caller = applinks.caller(request)
        body = {"path": request.url.path, "form": dict(form), "of": caller.user.name if caller else None}
        return JSONResponse(body, headers={"Set-Cookie": "session=1"})

    routes = site.app.router.routes
    routes.append(Route("/api/form", applinks.requires("issues:read")(echo), methods=["GET", "POST"]))
    routes.append(Route("/api/echo/{rest:path}", echo, methods=["GET", "POST"]))


@pytest.mark.requirement("O1-02")
async def test_the_base_url_is_the_configured_one_whatever_the_host_header_says(host: Host) -> None:
    """Security O1-02: every request here comes with another Host header, and over http."""
    answer = await host.get("/api/issues")
    assert (answer.status, answer.body) == (200, b'{"of":"alice"}')
    forged = host.sign(Request(method="GET", url="http://evil.example:8080/api/issues"))
    answer = await host.send(replace(forged, url=f"{BASE}/api/issues"))
    assert answer.status == 401


@pytest.mark.requirement("O1-01", "rfc5849-3.4.1.2-1")
@pytest.mark.parametrize(
    "path",
    [
        "/api/echo/a%20b?x=1",
        "/api/echo/%E4%BD%A0",
        "/api/echo/a%2Fb%3Fc",
        "/api/echo/a%3Foauth_consumer_key=x",
        '/api/echo/a+b|[c]"?d=[1]|2&e=%22&f=+&g&=h&a=%c3%a9',
        "/api/echo/%61%7E",
    ],
)
async def test_the_request_is_verified_as_it_was_on_the_wire(host: Host, path: str) -> None:
    """RFC 5849 §3.4.1.2, §3.4.1.3: the raw target, not what the host reads from it."""
    answer = await host.get(path)
    assert answer.status == 200, answer.text
    assert b'"of":"alice"' in answer.body


@pytest.mark.parametrize("asgi", [{"raw_path": None}, {"raw_path": b"/api/echo/a%20b?x=1"}])
async def test_a_server_that_does_not_tell_the_raw_path_gets_the_usual_spelling(
    host: Host, asgi: dict[str, Any]
) -> None:
    """ASGI: raw_path is optional, and some servers leave the query in."""
    request = host.sign(Request(method="GET", url=f"{BASE}/api/echo/a%20b?x=1"))
    assert (await host.send(request, asgi=asgi)).status == 200


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("transmission", ["header", "query", "form"])
async def test_a_form_is_verified_and_the_host_can_still_read_it(host: Host, transmission: str, parts: int) -> None:
    """RFC 5849 §3.4.1.3.1, §3.5.2; Product §5."""
    form = Request(method="POST", url=f"{BASE}/api/form", headers=(("Content-Type", FORM),), body=b"a=1&b=%26+c")
    answer = await host.send(host.sign(form, transmission=transmission), parts=parts)
    assert answer.status == 200, answer.text
    assert b'"a":"1","b":"& c"' in answer.body
    assert b'"of":"alice"' in answer.body


async def test_credentials_in_a_form_count_where_a_route_needs_a_caller_alone(host: Host) -> None:
    """Product §5: a route without requires gets the form as it is."""
    form = Request(method="POST", url=f"{BASE}/api/echo/x", headers=(("Content-Type", FORM),), body=b"a=1")
    answer = await host.send(host.sign(form, transmission="form"))
    assert answer.status == 200
    assert b'"of":null' in answer.body
    assert b'"a":"1"' in answer.body


async def test_a_long_form_is_not_looked_at_and_reaches_the_host(host: Host) -> None:
    """Product §5: at most 64 KiB."""
    body = b"a=" + b"x" * 70_000
    form = Request(method="POST", url=f"{BASE}/api/form", headers=(("Content-Type", FORM),), body=body)
    answer = await host.send(host.sign(form, transmission="form"), parts=4)
    assert answer.status == 401
    open_form = replace(form, url=f"{BASE}/api/echo/x")
    answer = await host.send(open_form, parts=4)
    assert answer.status == 200
    assert len(answer.body) > 70_000
    signed = host.sign(form)
    assert (await host.send(signed, parts=4)).status == 200
    huge = replace(form, body=b"a=" + b"x" * 1_100_000)
    assert (await host.send(host.sign(huge), parts=40)).status == 413


async def test_no_session_begins_with_a_signed_call(host: Host) -> None:
    """Ours, as Data Center servers do: after an OAuth-authenticated request no cookie is set."""
    assert (await host.get("/api/echo/x")).header(b"set-cookie") is None
    form = Request(method="POST", url=f"{BASE}/api/form", headers=(("Content-Type", FORM),), body=b"a=1")
    assert (await host.send(host.sign(form, transmission="form"))).header(b"set-cookie") is None
    assert (await host.send(Request(method="GET", url=f"{BASE}/api/echo/x"))).header(b"set-cookie") == b"session=1"
    plain = replace(form, url=f"{BASE}/api/echo/x")
    assert (await host.send(plain)).header(b"set-cookie") == b"session=1"


@pytest.mark.requirement("N-07", "rfc5849-3.5.1-1")
async def test_a_refusal_says_its_problem_in_the_challenge_and_in_the_body(host: Host) -> None:
    """RFC 5849 §3.2; OAuth Problem Reporting; ours: the reference."""
    request = host.sign(Request(method="GET", url=f"{BASE}/api/issues?a=1"))
    answer = await host.send(replace(request, url=f"{BASE}/api/issues?a=2"))
    assert answer.status == 401
    assert answer.header(b"content-type") == b"application/x-www-form-urlencoded"
    assert answer.header(b"cache-control") == b"no-store"
    challenge = (answer.header(b"www-authenticate") or b"").decode()
    assert challenge.startswith(f'OAuth realm="{BASE}", oauth_problem="signature_invalid"')
    said, same = parse_problem(challenge, ""), parse_problem(None, answer.text)
    assert said == same
    assert said is not None
    details = dict(said.details)
    assert details["reference"] == answer.reference
    assert details["oauth_signature_method"] == METHOD
    assert details["oauth_signature_base_string"].startswith("GET&https%3A%2F%2Ftracker.example%2Fapi%2Fissues&a%3D2")
    assert SECRET not in unquote(answer.text)


async def test_a_long_base_string_stands_in_the_body_alone(host: Host) -> None:
    """Ours: servers and clients limit the length of headers."""
    request = host.sign(Request(method="GET", url=f"{BASE}/api/issues?a=1"))
    answer = await host.send(replace(request, url=f"{BASE}/api/issues?a={'x' * 20_000}"))
    assert len(answer.header(b"www-authenticate") or b"") < 1000
    report = parse_problem(None, answer.text)
    assert report is not None
    assert len(dict(report.details)["oauth_signature_base_string"]) > 20_000


@pytest.mark.parametrize("root", ["/applinks/oauth1", "/plugins/servlet/oauth"])
async def test_both_addresses_give_temporary_credentials(host: Host, root: str) -> None:
    """Product §3: ours, and those of Data Center applications."""
    request = Request(method="POST", url=f"{BASE}{root}/request-token")
    answer = await host.send(host.sign(request, oauth_callback="oob"))
    assert (answer.status, answer.header(b"content-type")) == (200, b"text/plain")
    assert parse_temporary_credentials(answer.body).token
    wrong = await host.get(f"{root}/request-token", oauth_callback="oob")
    assert (wrong.status, wrong.header(b"allow")) == (405, b"POST")
    refused = await host.send(host.sign(Request(method="POST", url=f"{BASE}{root}/access-token")))
    assert (refused.status, parse_problem(None, refused.text).problem) == (400, "parameter_absent")
    form = replace(request, headers=(("Content-Type", FORM),))
    answer = await host.send(host.sign(form, transmission="form", oauth_callback="oob"))
    assert answer.status == 200


async def test_a_head_request_is_signed_as_one(host: Host) -> None:
    """RFC 5849 §3.4.1.1: the method that was sent."""
    answer = await host.send(host.sign(Request(method="HEAD", url=f"{BASE}/api/echo/x")))
    assert answer.status == 200
    forged = replace(host.sign(Request(method="GET", url=f"{BASE}/api/echo/x")), method="HEAD")
    refused = await host.send(forged)
    assert (refused.status, refused.body) == (401, b"")


async def test_our_rsa_keys_have_an_address_of_their_own(host: Host) -> None:
    """Ours: a key never signs for two protocols."""
    rsa = await host.site.get("/applinks/oauth1/jwks")
    other = await host.site.get("/applinks/oauth2/jwks")
    assert (rsa.status, other.status) == (200, 200)
    assert b'"RSA"' in rsa.body
    assert b'"RSA"' not in other.body
    assert b'"d"' not in rsa.body


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize("transmission", ["header", "query", "form"])
@pytest.mark.parametrize(
    "value", [b"\xff", b"\0", b"%00", b"%ff", b"%", b'"', b"a" * 100_000, b"=", b"&&&", b"\xe4\xbd\xa0", b"{}"]
)
async def test_no_input_gives_a_5xx(host: Host, transmission: str, value: bytes) -> None:
    """House §7."""
    text = value.decode("latin-1")
    for name in ("oauth_token", "oauth_callback", "oauth_nonce", "oauth_timestamp", "oauth_signature", "x"):
        said = f"oauth_consumer_key={CLIENT}&{name}={text}&oauth_signature_method=HMAC-SHA1&oauth_signature=x"
        for path in ("/applinks/oauth1/request-token", "/applinks/oauth1/access-token", "/api/form"):
            url, headers, body = f"{BASE}{path}", (), b""
            if transmission == "header":
                headers = (("Authorization", "OAuth " + said.replace("&", ",")),)
            elif transmission == "query":
                url = f"{url}?{said}"
            else:
                headers, body = (("Content-Type", FORM),), said.encode("latin-1")
            answer = await host.send(Request(method="POST", url=url, headers=headers, body=body))
            assert 400 <= answer.status < 500


async def test_where_we_do_not_speak_it_there_is_none_of_its_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours: Settings.protocols."""
    site = await open_site(tmp_path, monkeypatch, settings=make_settings(tmp_path, protocols=("oauth2",)))
    table = site.applinks._running.guard.endpoints
    assert [path for path in table if "oauth1" in path or path.startswith(("/plugins", "/rest"))] == []
    await site.applinks.shutdown()


async def test_a_stranger_is_answered_where_a_route_needs_a_caller_alone(host: Host) -> None:
    """Product §5."""
    header = (("Authorization", 'OAuth oauth_consumer_key="launcher"'),)
    answer = await host.send(Request(method="GET", url=f"{BASE}/api/issues", headers=header))
    assert answer.status == 400
    assert answer.reference
    report = parse_problem((answer.header(b"www-authenticate") or b"").decode(), "")
    assert report is not None
    assert report.problem == "parameter_absent"
    untouched = await host.send(Request(method="GET", url=f"{BASE}/api/echo/x", headers=header))
    assert untouched.status == 200
