"""Links by hand as the tests of their pages make and find them."""

import re
from typing import Any
from urllib.parse import quote

from applinks.incoming.store import FoundClient
from applinks.records.links import Link
from applinks.records.registrations import Registration
from tests.web.site import Site

ROBIN = "9"
CLOUD = "https://cloud.example"
NEW = f"/applinks/new/by-hand?url={quote(CLOUD, safe='')}"
ALONE = "/applinks/new/by-hand"
CALLBACK = "https://ci.example/callback"
_SECRET = re.compile(r"als_[0-9A-Za-z]+_[0-9A-Za-z_-]{43}_[0-9A-Za-z]{6}")


def publish_metadata(site: Site, **changes: Any) -> None:
    """Let the cloud say what it is."""
    site.documents[f"{CLOUD}/.well-known/openid-configuration"] = {
        "issuer": CLOUD,
        "authorization_endpoint": f"{CLOUD}/authorize",
        "token_endpoint": f"{CLOUD}/token",
        "jwks_uri": f"{CLOUD}/jwks",
        "scopes_supported": ["openid", "profile", "files.read"],
        "response_types_supported": ["code"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
    } | changes


async def look(site: Site, url: str = CLOUD, **fields: str) -> Any:
    return await site.submit("/applinks/new", {"url": url, "look": "1"} | fields, user=ROBIN)


async def add_alone(site: Site, **changes: Any) -> Any:
    """Link an application that only calls us."""
    fields = {"name": "Build bot", "redirect_uris": CALLBACK, "scope": ["issues:read"], "add": "1"}
    return await site.submit(ALONE, fields | changes, user=ROBIN)


async def add_cloud(site: Site, **changes: Any) -> Any:
    publish_metadata(site)
    await look(site)
    fields = {
        "name": "Cloud",
        "enable_out": "1",
        "out_scopes": "openid profile",
        "authentication": "client_secret_post",
    }
    return await site.submit(NEW, fields | {"add": "1"} | changes, user=ROBIN)


async def find_link(site: Site, handle: str) -> Link:
    link = await site.context.linking.store.find_link(handle)
    assert link is not None
    return link


async def find_registration(site: Site, handle: str) -> Registration:
    found = await site.context.outgoing.store.find_registration((await find_link(site, handle)).id)
    assert found is not None
    return found


async def find_client(site: Site, handle: str) -> FoundClient:
    (found,) = await site.context.incoming.store.list_clients(link_id=(await find_link(site, handle)).id)
    return found


def find_secret(page: Any) -> str:
    found = _SECRET.search(page.text)
    assert found is not None, page.text
    return found[0]
