"""Well-known documents: at the base URL, at the places of the RFCs where a request gets there, the host's first."""

import logging
from pathlib import Path

import pytest
from authlib.oauth2.rfc8414 import get_well_known_url
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.mounted.hosts import ORIGIN, PLACES, Site, browse, build_applinks, build_host

pytestmark = pytest.mark.anyio

SERVER = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"
MANIFEST = "/.well-known/application-link"


def is_reachable(site: Site) -> bool:
    """Whether requests outside the base URL's path reach the host at all."""
    return site.place.name != "in a Mount"


async def test_the_server_metadata_is_found_as_a_client_looks_for_it(site: Site) -> None:
    """RFC 8414 §3.1: the well-known part stands before the issuer's path."""
    answer = await site.http.get(get_well_known_url(site.place.base_url, external=True))
    if is_reachable(site):
        assert answer.json()["issuer"] == site.place.base_url
    else:
        assert answer.status_code == 404


async def test_the_metadata_of_a_resource_is_found_as_a_client_looks_for_it(site: Site) -> None:
    """RFC 9728 §3.1: the same for a resource with a path."""
    for part in ("", "/notes"):
        answer = await site.http.get(f"{ORIGIN}{RESOURCE}{site.place.path}{part}")
        if is_reachable(site):
            assert answer.json()["resource"] == site.place.base_url + part
        else:
            assert answer.status_code == 404


async def test_the_link_manifest_is_below_the_base_url_alone(site: Site) -> None:
    """Product §3: application-link never stands at the RFC 8414 place."""
    assert (await site.get(MANIFEST)).json()["url"] == site.place.base_url
    if site.place.path:
        assert (await site.http.get(f"{ORIGIN}{MANIFEST}{site.place.path}")).status_code == 404


@pytest.mark.parametrize("path", [SERVER, f"{SERVER}/tracker", f"{RESOURCE}/notes", f"{RESOURCE}/tracker", MANIFEST])
@pytest.mark.parametrize("begin", ["", "/tracker"])
async def test_what_the_host_serves_itself_wins_with_a_warning(
    path: str, begin: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Product §3: where the host already serves one of these, the host's wins and a start-up warning says so."""

    async def own(request):
        return JSONResponse({"of": "the host"})

    applinks = build_applinks(f"{ORIGIN}/tracker", tmp_path)
    host = build_host(applinks, begin, Route(begin + path, own))
    (warning,) = [record for record in caplog.records if record.name == "applinks.hosts"]
    assert (warning.levelno, path in warning.getMessage()) == (logging.WARNING, True)
    async with browse(host) as http:
        assert (await http.get(begin + path)).json() == {"of": "the host"}
        assert (await http.get(f"{begin}{RESOURCE}")).json()["resource"] == f"{ORIGIN}/tracker"
    await applinks.shutdown()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.path or "root")
def test_a_host_without_documents_of_its_own_gets_no_warning(place, tmp_path, caplog) -> None:
    """Ours: a warning that is always there is never read."""
    build_host(build_applinks(place.base_url, tmp_path), place.routes_begin)
    assert not caplog.records
