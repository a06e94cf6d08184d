"""Whatever is sent to whatever address: a clear answer, and a refusal leaves everything as it was."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from applinks.web.pages.application import PAGES
from tests.hostile.loop import Loop
from tests.hostile.site import ALICE, LINK, ROBIN, Answer, Sent, Site, open_site
from tests.hostile.strategies import WHO, requests

FORM = b"application/x-www-form-urlencoded"
PROTOCOL = (
    *("/applinks/oauth2/token", "/applinks/oauth2/revoke", "/applinks/oauth2/jwks", "/applinks/oauth2/client.json"),
    *("/applinks/oauth2/introspect", "/applinks/oauth2/clients/", "/applinks/oauth2/clients/a.json"),
    *("/applinks/link/statement", "/applinks/link/check", "/applinks/health", "/.well-known/application-link"),
    *("/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource"),
    "/.well-known/oauth-protected-resource/notes",
    *("/applinks/oauth1/request-token", "/applinks/oauth1/access-token", "/applinks/oauth1/jwks"),
)
PEERS = (
    *("/plugins/servlet/oauth/consumer-info", "/plugins/servlet/oauth/authorize"),
    "/plugins/servlet/applinks/oauth/login-dance/authorize",
    "/plugins/servlet/applinks/oauth/login-dance/access",
    *("/rest/applinks/3.0/manifest", "/rest/applinks/latest/capabilities"),
    "/rest/applinks/1.0/capabilities/STATUS_API",
    *("/rest/applinks/3.0/status/x", f"/rest/applinks/3.0/status/{LINK}/oauth", "/rest/applinks/2.0/applicationlink"),
    f"/rest/applinks/3.0/applicationlink/{LINK}/authentication/provider",
    "/rest/applinks-oauth/latest/applicationlink/x/authentication/consumer",
)
PAGE_PATHS = tuple("/applinks" + page.path.replace("{link}", LINK) for page in PAGES)
NOWHERE = (
    *("/applinks/links/\0", "/applinks/links/" + "é" * 40, "/applinks/callback/start"),
    *("/applinks/nothing", "/applinks//", "/applinks/account/", "/applinks/oauth2/token/", "/applinks/static/../x"),
    *("/applinks/links/start/../..", "/applinks/connect/" + "a" * 9000, "/.well-known/nothing", "/api/issues"),
)


class Kept:
    """A site that lives as long as its state is what was laid, and is made anew when a request changed it."""

    def __init__(self, folder: Path, run: Loop) -> None:
        self._folder, self._run, self._count = folder, run, 0
        self._patch = pytest.MonkeyPatch()
        self._open()

    def _open(self) -> None:
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        self.site: Site = self._run(open_site(folder, self._patch))
        self.tokens = {name: self._run(self.site.get_token(user)) if user else "" for name, user in WHO.items()}
        tokens = json.loads(self._run(self._get_tokens()).body)
        self.secrets = (tokens["access_token"], tokens["refresh_token"], self._run(self.site.authorize()))
        self.before = self.site.dump()

    async def _get_tokens(self) -> Answer:
        return await self.site.exchange(await self.site.authorize(user=ALICE))

    def renew_if_changed(self) -> None:
        self.site.forget_limits()
        if self.site.dump() != self.before:
            self.close_site()
            self._open()

    def close_site(self) -> None:
        self._run(self.site.applinks.shutdown())

    def close(self) -> None:
        self.close_site()
        self._patch.undo()


@pytest.fixture(scope="module")
def run() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, run: Loop) -> Iterator[Kept]:
    kept = Kept(tmp_path_factory.mktemp("requests"), run)
    yield kept
    kept.close()


def check_answer(answer: Answer, sent: Sent) -> None:
    """Check what holds of every answer, whatever was asked."""
    # The peer of this site answers nothing: to connect there fails, in words.
    peer_fails = sent.path.startswith("/applinks/connect/") and answer.status == 502
    assert answer.status < 500 or peer_fails, (answer.status, answer.body)
    assert b"Traceback" not in answer.body
    if answer.status >= 300 and answer.status < 400:
        # A form of Data Center's stays a form on its way to our own page.
        leads_on = answer.status == 307 and sent.method == "POST" and sent.path.startswith("/plugins/servlet/")
        assert answer.status == 303 or leads_on
        location = answer.header(b"location").decode()
        assert "\r" not in location
        assert "\n" not in location
    is_ours = sent.path.startswith(("/applinks/", "/.well-known/o", "/.well-known/a", *PEERS))
    # A form that is asked again stands there itself, with what is missing beside its field.
    asks_again = answer.status == 400 and b'name="csrf_token"' in answer.body
    if answer.status >= 400 and is_ours and sent.method != "HEAD" and not asks_again:
        assert answer.reference, (answer.status, answer.body)
    if answer.status >= 400 and is_ours:
        assert answer.header(b"cache-control") == b"no-store"
    if answer.status == 429:
        assert answer.header(b"retry-after")
    if answer.status == 405:
        assert answer.header(b"allow")


def test_every_address_that_there_is_is_tried(kept: Kept) -> None:
    """Ours: an endpoint or page that is added later is tried as well."""
    table = kept.site.applinks._running.guard.endpoints
    tried = [table.find(path) for path in (*PROTOCOL, *PEERS)]
    assert [path for path, endpoint in table.items() if endpoint not in tried] == []


@pytest.mark.requirement("AS-07")
@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("path", [*PROTOCOL, *PEERS, *PAGE_PATHS, *NOWHERE])
def test_no_request_breaks_anything(kept: Kept, run: Loop, path: str, who: str) -> None:
    """Ours: never a 5xx, every refusal has a reference, and what was refused changed nothing (product §5)."""

    @settings(max_examples=settings().max_examples // 4, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def examine(data: st.DataObject) -> None:
        kept.renew_if_changed()
        site = kept.site
        token, user = kept.tokens[who], WHO[who]
        sent = data.draw(requests(path, site=site, user=user, token=token, secrets=kept.secrets))
        answer = run(site.send(sent))
        check_answer(answer, sent)
        if answer.status >= 400:
            assert site.dump() == kept.before

    examine()


@pytest.mark.anyio
async def test_a_browser_that_goes_away_inside_its_form_is_a_refusal(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """Ours: it is nobody's mistake here, so no traceback; nothing of half a form counts."""
    token, before = await site.get_token(ROBIN), site.dump()
    headers = (*site.identify(ROBIN), (b"sec-fetch-site", b"same-origin"), (b"content-type", FORM))
    body = f"csrf_token={token}&reason=".encode()
    path = f"/applinks/links/{LINK}/pause"
    answer = await site.send(Sent(method="POST", path=path, headers=headers, parts=(body,), breaks_off=True))
    assert (answer.status, bool(answer.reference)) == (400, True)
    assert not [record for record in caplog.records if record.exc_info]
    assert site.dump() == before


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/applinks/account", "POST", b"GET, HEAD"),
        (f"/applinks/links/{LINK}/pause", "PUT", b"GET, HEAD, POST"),
        (f"/applinks/links/{LINK}/resume", "GET", b"POST"),
        ("/applinks/oauth2/token", "GET", b"POST"),
        ("/applinks/oauth2/jwks", "POST", b"GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(site: Site, path: str, method: str, allowed: bytes) -> None:
    """RFC 9110 §15.5.6 MUST."""
    answer = await site.send(Sent(method=method, path=path, headers=site.identify(ROBIN)))
    assert (answer.status, answer.header(b"allow"), bool(answer.reference)) == (405, allowed, True)


@pytest.mark.anyio
async def test_what_breaks_in_an_endpoint_is_answered_with_a_reference(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Ours: a mistake of our own is said in the protocol's form; the traceback is for the log."""
    monkeypatch.setattr(site.storage.keys, "list_public_keys", lambda: 1 / 0)
    answer = await site.get("/applinks/oauth2/jwks")
    assert (answer.status, bool(answer.reference), b"ZeroDivision" in answer.body) == (500, True, False)
    assert "ZeroDivisionError" in caplog.text
