"""What is found at an address that somebody pasted."""

import json
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from applinks.fetching.transport import Fetcher
from applinks.linking.discovery.applications import discover, read_application
from applinks.linking.errors import LinkingError
from applinks.wire.http import Response
from tests.linking.world import A_URL, B_URL, World

pytestmark = pytest.mark.anyio

JSON = (("Content-Type", "application/json"),)
WELL_KNOWN = f"{B_URL}/.well-known/application-link"
OAUTH1 = {
    "consumer_key": "tracker",
    **{name: f"{B_URL}/{name}" for name in ("jwks_uri", "request_token_uri", "authorize_uri", "access_token_uri")},
}


async def change_manifest(world: World, **changes: Any) -> None:
    document = json.loads((await world.network.answer_well_known(B_URL)).body)
    body = json.dumps({name: value for name, value in (document | changes).items() if value is not None}).encode()
    world.network.answers[WELL_KNOWN] = lambda _: Response(status=200, headers=JSON, body=body)


@pytest.mark.parametrize(
    "pasted", [B_URL, f"{B_URL}/", f"{B_URL}?a=b#c", "HTTPS://Hafen.Example/tracker/issues/1", "hafen.example/tracker"]
)
async def test_an_application_is_found_under_any_of_its_addresses(world: World, pasted: str) -> None:
    """Handshake §1 Discovery: drop query and fragment, lower-case the host, try it and each parent path."""
    found = await discover(pasted, side=world.a.linking)
    assert (found.url, found.manifest.name, found.private) == (B_URL, "Tracker", False)
    assert len(found.keys) == 1


async def refuse(world: World, pasted: str) -> LinkingError:
    with pytest.raises(LinkingError) as refused:
        await discover(pasted, side=world.a.linking)
    return refused.value


@pytest.mark.requirement("handshake-10-9")
@pytest.mark.parametrize(
    "pasted", ["", "ftp://x.example", "https://user@hafen.example", "https://", "mailto:a@b.example"]
)
async def test_what_is_no_address_is_invalid(world: World, pasted: str) -> None:
    """Handshake §8 invalid_url."""
    assert (await refuse(world, pasted)).code == "invalid_url"
    assert world.network.seen == []


async def test_plain_http_is_refused_and_https_offered(world: World) -> None:
    """Handshake §1: https."""
    error = await refuse(world, "http://hafen.example/tracker")
    assert (error.code, error.offer) == ("invalid_url", B_URL)


@pytest.mark.requirement("handshake-10-9")
async def test_whoever_is_on_http_while_we_are_not_is_no_applinks_for_us(world: World) -> None:
    """Handshake §1: http only between two on http; the setting alone lets the server there be linked by hand."""
    settings = replace(world.a.linking.settings, allow_http_for_loopback=True)
    with pytest.raises(LinkingError) as refused:
        await discover("localhost:8001", side=replace(world.a.linking, settings=settings))
    assert (refused.value.code, refused.value.peer) == ("not_applinks", "http://localhost:8001")
    assert world.network.seen == []


async def test_a_host_that_does_not_answer_is_unreachable(world: World) -> None:
    """Handshake §8 peer_unreachable."""
    assert (await refuse(world, "https://nobody.example")).code == "peer_unreachable"


async def test_an_application_without_applinks_is_said_to_be_one(world: World) -> None:
    """Handshake §8 not_applinks."""
    world.network.answers[WELL_KNOWN] = lambda _: Response(status=200, headers=JSON, body=b'{"a": 1}')
    assert (await refuse(world, B_URL)).code == "not_applinks"


@pytest.mark.parametrize(
    "answer",
    [
        Response(status=404),
        Response(status=200, headers=(("Content-Type", "text/html"),), body=b"<p>hello"),
        Response(status=200, headers=JSON, body=b'{"applinks": "1", "applinks": "1"}'),
        Response(status=200, headers=JSON, body=b"[" * 10_000),
        Response(status=200, headers=JSON, body=b'"' + b"x" * 70_000 + b'"'),
    ],
)
async def test_an_answer_that_is_no_manifest_is_no_applinks(world: World, answer: Response) -> None:
    """Handshake §1: 64 KiB, JSON content type, strict JSON."""
    world.network.answers[WELL_KNOWN] = lambda _: answer
    world.network.answers["https://hafen.example/.well-known/application-link"] = lambda _: Response(status=404)
    assert (await refuse(world, B_URL)).code == "not_applinks"


@pytest.mark.requirement("N-02")
@pytest.mark.requirement("handshake-10-12")
async def test_a_redirect_is_not_followed_and_its_target_offered(world: World) -> None:
    """Handshake §1: redirects are never followed."""
    target = f"{A_URL}/.well-known/application-link"
    for url in (WELL_KNOWN, "https://hafen.example/.well-known/application-link"):
        world.network.answers[url] = lambda _: Response(status=301, headers=(("Location", target),))
    error = await refuse(world, B_URL)
    assert (error.code, error.offer) == ("peer_redirects", A_URL)
    assert target not in {request.url for request in world.network.seen}


@pytest.mark.requirement("handshake-10-9")
async def test_a_manifest_that_names_another_url_is_offered_as_a_new_start(world: World) -> None:
    """Handshake §1 Discovery."""
    await change_manifest(world, url="https://other.example")
    error = await refuse(world, B_URL)
    assert (error.code, error.offer) == ("invalid_manifest", "https://other.example")


@pytest.mark.requirement("handshake-10-9")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"applinks": "2"}, "unsupported_version"),
        ({"issuer": "https://hafen.example"}, "invalid_manifest"),
        ({"jwks_uri": "https://evil.example/jwks"}, "invalid_manifest"),
        ({"jwks_uri": f"{B_URL}er/jwks"}, "invalid_manifest"),
        ({"link_statement_endpoint": f"{B_URL}/../x"}, "invalid_manifest"),
        ({"redirect_uri_base": "https://evil.example/"}, "invalid_manifest"),
        ({"name": "Track\u202eer"}, "invalid_manifest"),
        ({"id": "me"}, "invalid_manifest"),
        ({"protocols": ["oauth1"], "oauth1": OAUTH1}, "no_common_protocol"),
        ({"protocols": ["oauth2", "oauth1"]}, "invalid_manifest"),
        ({"oauth1": OAUTH1 | {"jwks_uri": "https://evil.example/jwks"}}, "invalid_manifest"),
        ({"check_endpoint": None}, "invalid_manifest"),
    ],
)
@pytest.mark.requirement("LK-05")
async def test_a_manifest_that_lies_is_refused(world: World, changes: dict[str, Any], code: str) -> None:
    """Handshake §1, §10: manifest lies."""
    await change_manifest(world, **changes)
    assert (await refuse(world, B_URL)).code == code


@pytest.mark.parametrize(
    "body", [b'{"keys": []}', b"{}", b'{"keys": [{"kty": "oct", "k": "AAAA", "kid": "x"}]}', b"<p>"]
)
async def test_keys_that_cannot_be_used_make_the_manifest_invalid(world: World, body: bytes) -> None:
    """Handshake §1 JWKS."""
    world.network.answers[f"{B_URL}/applinks/oauth2/jwks"] = lambda _: Response(status=200, headers=JSON, body=body)
    assert (await refuse(world, B_URL)).code == "invalid_manifest"


@pytest.mark.requirement("handshake-10-12")
@pytest.mark.requirement("N-02")
async def test_a_private_address_is_asked_about_before_anything_is_fetched(world: World) -> None:
    """Security N-02; handshake §3 step 2: private address: ask first."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["10.0.0.7"]

    settings = world.a.linking.settings
    fetcher = Fetcher(settings, resolve=resolve)
    side = replace(world.a.linking, fetcher=fetcher)
    for ask in (discover(B_URL, side=side), read_application(B_URL, private=False, side=side)):
        with pytest.raises(LinkingError) as refused:
            await ask
        assert refused.value.code == "address_not_allowed"
        assert refused.value.asks_private
    assert asked == ["hafen.example"] * 2
    await fetcher.aclose()


@pytest.mark.requirement("N-02")
async def test_an_address_that_no_confirmation_opens_is_not_asked_about(world: World) -> None:
    """Security N-02: refusal says nothing of what answered."""

    async def resolve(host: str, port: int) -> list[str]:
        return ["169.254.169.254"]

    fetcher = Fetcher(world.a.linking.settings, resolve=resolve)
    side = replace(world.a.linking, fetcher=fetcher)
    for confirmed in (False, True):
        with pytest.raises(LinkingError) as refused:
            await discover(B_URL, private_confirmed=confirmed, side=side)
        assert (refused.value.code, refused.value.asks_private) == ("address_not_allowed", False)
        assert "169.254" not in refused.value.description
    await fetcher.aclose()


async def test_a_private_address_that_was_typed_is_meant(world: World) -> None:
    """Security N-02: typed or expressly confirmed."""
    fetcher = Fetcher(world.a.linking.settings, transport=httpx2.MockTransport(world.network.carry))

    async def is_private(url: str) -> bool:
        return True

    fetcher.is_private = is_private  # type: ignore[method-assign]
    side = replace(world.a.linking, fetcher=fetcher)
    with pytest.raises(LinkingError) as refused:
        await discover("https://10.0.0.7/tracker", side=side)
    assert refused.value.code == "peer_unreachable"
    found = await discover(B_URL, private_confirmed=True, side=side)
    assert found.private
