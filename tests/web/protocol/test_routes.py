"""Which endpoint stands where."""

import pytest

from applinks.web.protocol.routes import Endpoint, EndpointTable, find_names
from applinks.wire.http import Request, Response


async def answer(_request: Request, _source: str) -> Response:
    return Response(status=200)


STATUS = "/rest/applinks/3.0/status/{id}/oauth"
ALL, ONE, DEEP = Endpoint("GET", "all", answer), Endpoint(("GET", "PUT"), "one", answer), Endpoint("PUT", "x", answer)
TABLE = EndpointTable({"/things": ALL, "/things/{name}": ONE, "/things/own": DEEP, STATUS: DEEP})


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/things", ALL),
        ("/things/a", ONE),
        ("/things/", ONE),
        ("/things/a.json", ONE),
        ("/things/own", DEEP),
        ("/things/a/b", None),
        ("/things/a/", None),
        ("/thing", None),
        ("/", None),
        ("/rest/applinks/3.0/status/x/oauth", DEEP),
        ("/rest/applinks/3.0/status/x/y/oauth", None),
        ("/rest/applinks/3.0/status/x", None),
        ("/rest/applinks/3x0/status/x/oauth", None),
        ("/things/{name}", ONE),
    ],
)
def test_an_exact_path_goes_before_a_pattern_and_a_name_is_one_segment(path: str, found: Endpoint | None) -> None:
    """Ours: what is not ours is the host's."""
    assert TABLE.find(path) == found


def test_the_names_of_a_path_are_given() -> None:
    """Ours: as the host's server decoded them."""
    assert find_names(STATUS, "/rest/applinks/3.0/status/lnk_1/oauth") == {"id": "lnk_1"}
    assert find_names(STATUS, "/elsewhere") == {}


def test_a_table_without_patterns_matches_none() -> None:
    """Ours: nothing begins with nothing."""
    table = EndpointTable({"/things": ALL})
    assert table.find("/things/a") is None
    assert (list(table), len(table), table["/things"]) == (["/things"], 1, ALL)


def test_an_endpoint_says_what_it_allows() -> None:
    """RFC 9110 §10.2.1."""
    assert (ALL.allowed, ONE.allowed, DEEP.allowed) == ("GET, HEAD", "GET, HEAD, PUT", "PUT")
