"""Atlassian's addresses, wherever a host is mounted: they stand below the base URL, and so does what they lead to."""

import json
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx2
import pytest
from oauthlib.oauth1 import SIGNATURE_RSA
from oauthlib.oauth1 import Client as OAuthClient

from applinks.administration.actor import Actor
from applinks.administration.by_hand import add_link
from applinks.administration.hand_values import NewLink, NewOAuth1Client, NewOutgoing
from applinks.administration.side import build_administration
from applinks.incoming.oauth1.owner_authorization import approve_authorization, open_owner_authorization
from applinks.linking.discovery.atlassian import get_atlassian_endpoints
from tests.administration.oauth1 import private_pem, public_pem
from tests.mounted.hosts import Site, Users

pytestmark = pytest.mark.anyio

KEY, PEER_ID, URL = "board:1", "6d1f0a52-2b27-3e55-9c5f-0f6a1f6f7a11", "https://board.example"
REST, SERVLETS = "/rest/applinks/3.0", "/plugins/servlet/oauth"
DANCE = "/plugins/servlet/applinks/oauth/login-dance"
ON = {"enabled": True, "twoLoEnabled": True, "twoLoImpersonationEnabled": False}


async def link_board(site: Site) -> str:
    """Link by hand with an application that may administer links here; the id of the link."""
    await site.applinks.startup()
    running = site.applinks._running
    assert running is not None
    clock, entropy = running.incoming.clock, running.incoming.entropy
    side = build_administration(running.storage, clock=clock, entropy=entropy, users=Users())
    scopes = ("issues:read", "applinks:admin")
    new = NewLink(
        name="Board",
        url=URL,
        peer_id=PEER_ID,
        incoming=NewOAuth1Client(key=KEY, public_key=public_pem(), callback=f"{URL}/back", scopes=scopes),
        outgoing=NewOutgoing(protocol="oauth1", endpoints=get_atlassian_endpoints(URL)),
    )
    return (await add_link(new, actor=Actor.for_command("root"), side=side)).link.id


async def call(site: Site, method: str, path: str, body: str | None = None, **signing: Any) -> httpx2.Response:
    """Call as oauthlib signs: with the address that a client sees."""
    running = site.applinks._running
    assert running is not None
    client = OAuthClient(
        KEY,
        rsa_key=private_pem(),
        signature_method=SIGNATURE_RSA,
        timestamp=str(running.incoming.clock.now()),
        **signing,
    )
    headers = {"Content-Type": "application/json"} if body is not None else {}
    url, headers, content = client.sign(site.url(path), method, body=body, headers=headers)
    return await site.http.request(method, url, headers=headers, content=content)


async def get_token(site: Site) -> str:
    """Go all three legs for our administrator."""
    running = site.applinks._running
    assert running is not None
    said = dict(parse_qsl((await call(site, "POST", f"{SERVLETS}/request-token", callback_uri=f"{URL}/back")).text))
    opened = await open_owner_authorization(f"oauth_token={said['oauth_token']}", side=running.incoming)
    approved = await approve_authorization(opened, Users.alice, side=running.incoming)
    assert approved.oauth_verifier is not None
    signing = {"resource_owner_key": said["oauth_token"], "verifier": approved.oauth_verifier.reveal()}
    answer = await call(site, "POST", f"{SERVLETS}/access-token", **signing)
    return dict(parse_qsl(answer.text))["oauth_token"]


async def test_a_peer_reads_us_below_the_base_url(site: Site) -> None:
    """Product §3."""
    for version in ("1.0", "latest"):
        manifest = (await site.get(f"/rest/applinks/{version}/manifest.json")).json()
        assert manifest["url"] == site.place.base_url
    assert "publicKey" in (await site.get(f"{SERVLETS}/consumer-info")).text
    assert (await site.get(f"{REST}/capabilities/STATUS_API")).json() == ["STATUS_API"]
    for path in (f"{REST}/manifest", f"{SERVLETS}/consumer-info", f"{DANCE}/authorize"):
        answer = await site.http.request("DELETE", site.url(path))
        assert (answer.status_code, "GET" in answer.headers["allow"]) == (405, True)


async def test_a_peer_sets_us_up_below_the_base_url(site: Site) -> None:
    """Security O1-02: the base URL is configured, not the Host header."""
    link_id = await link_board(site)
    assert (await call(site, "GET", f"{REST}/manifest")).status_code == 200
    token = await get_token(site)
    body = json.dumps({"incoming": ON, "outgoing": ON})
    path = f"{REST}/status/{PEER_ID}/oauth"
    assert (await call(site, "PUT", path, body, resource_owner_key=token)).status_code == 204
    assert (await site.get(f"{REST}/status/{link_id}/oauth")).json() == {"incoming": ON, "outgoing": ON}
    new = '{"name":"Wiki","rpcUrl":"https://wiki.example","typeId":"confluence"}'
    added = await call(site, "PUT", f"{REST}/applicationlink", new, resource_owner_key=token)
    assert added.status_code == 201
    assert added.headers["location"].startswith(f"{site.place.base_url}{REST}/applicationlink/lnk_")
    too_much = await call(site, "PUT", path, json.dumps({"x": "y" * 70_000}), resource_owner_key=token)
    assert too_much.status_code == 413


async def test_browsers_are_led_to_our_pages_below_the_base_url(site: Site) -> None:
    """Decision 20."""
    link_id = await link_board(site)
    led = await site.get(f"{SERVLETS}/authorize?oauth_token=a%2Bb")
    assert (led.status_code, led.headers["location"]) == (303, site.url("/applinks/oauth1/authorize?oauth_token=a%2Bb"))
    posted = await site.http.post(site.url(f"{SERVLETS}/authorize"), data={"oauth_token": "t", "approve": ""})
    assert (posted.status_code, posted.headers["location"]) == (307, site.url("/applinks/oauth1/authorize"))
    back = quote(site.url("/gadgets?a=b"), safe="")
    led = await site.get(f"{DANCE}/authorize?applicationLinkID={PEER_ID}&redirectUrl={back}")
    inside = quote(f"{site.place.path}/gadgets?a=b", safe="")
    assert led.headers["location"] == site.url(f"/applinks/connect/{link_id}?return_to={inside}")
    outside = quote(f"{site.place.base_url}-other/", safe="")
    assert (await site.get(f"{DANCE}/authorize?applicationLinkID={PEER_ID}&redirectUrl={outside}")).status_code == 400
    led = await site.get(f"{DANCE}/access?applicationLinkID={link_id}&oauth_token=t&oauth_verifier=v")
    assert led.headers["location"].startswith(site.url(f"/applinks/callback/{link_id}?"))
