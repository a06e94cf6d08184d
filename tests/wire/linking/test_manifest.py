import json
from dataclasses import asdict

import pytest

from applinks.wire.linking.manifest import MalformedManifestError, build_manifest, parse_manifest
from tests.wire.linking.samples import ONE, TWO, make_manifest, make_oauth1

EXAMPLE = """{"applinks": "1", "id": "urn:uuid:6f1c1f0e-3b0a-4c55-9a52-0d6a1f3f7e11",
 "name": "Tracker", "type": "tracker",
 "url": "https://example.org/tracker", "issuer": "https://example.org/tracker", "resource": "https://example.org/tracker",
 "jwks_uri": "https://example.org/tracker/applinks/oauth2/jwks",
 "client_id": "https://example.org/tracker/applinks/oauth2/client.json",
 "redirect_uri_base": "https://example.org/tracker/applinks/callback/",
 "link_endpoint": "https://example.org/tracker/applinks/link",
 "link_callback_endpoint": "https://example.org/tracker/applinks/link/callback",
 "link_statement_endpoint": "https://example.org/tracker/applinks/link/statement",
 "check_endpoint": "https://example.org/tracker/applinks/link/check",
 "protocols": ["oauth2"], "levels": ["oauth"], "directions": ["incoming", "outgoing"],
 "scopes": [{"name": "issues:read", "description": "Read issues", "application": true}]}"""

DOCUMENT = build_manifest(make_manifest(ONE))
URLS = [
    *("jwks_uri", "client_id", "redirect_uri_base", "link_endpoint"),
    *("link_callback_endpoint", "link_statement_endpoint", "check_endpoint"),
]


def read(document, **changes):
    return parse_manifest(document, **{"fetched_under": ONE, "allow_http": False} | changes)


def refuse(document, code="invalid_manifest", **changes):
    with pytest.raises(MalformedManifestError) as caught:
        read(document, **changes)
    assert caught.value.code == code
    return caught.value


def without(name):
    return {key: value for key, value in DOCUMENT.items() if key != name}


def test_the_example_of_the_handshake_is_read_and_built():
    """handshake.md §1."""
    document = json.loads(EXAMPLE)
    manifest = read(document, fetched_under="https://example.org/tracker")
    assert (manifest.kind, manifest.version, manifest.scope_names) == ("tracker", "", {"issues:read"})
    assert build_manifest(manifest) == document


def test_what_we_build_is_what_we_read():
    """Ours: both halves together, with and without what is optional."""
    for manifest in (make_manifest(ONE), make_manifest(ONE, kind="", version="", extensions=("x",), directions=())):
        assert read(build_manifest(manifest)) == manifest


def test_unknown_members_are_ignored():
    """handshake.md §1, §9."""
    assert read(DOCUMENT | {"logo": "https://evil.example", "x": {"y": []}}) == read(DOCUMENT)


def test_scopes_for_applications_are_told_from_others():
    """handshake.md §2, Terms."""
    manifest = read(DOCUMENT)
    assert manifest.scope_names == {"issues:read", "issues:write"}
    assert manifest.application_scope_names == {"issues:read"}
    assert manifest.find_scope("issues:write").description == "Change issues"
    assert manifest.find_scope("x") is None


@pytest.mark.parametrize("document", [None, [], "x", 1, {}, {"name": "Tracker"}, {"links": {}, "id": "x"}])
def test_another_document_is_not_applinks(document):
    """handshake.md §8: `not_applinks`."""
    refuse(document, "not_applinks")


@pytest.mark.parametrize("version", ["2", "", 1, None, ["1"]])
def test_another_version_is_unsupported(version):
    """handshake.md §8: `unsupported_version`."""
    refuse(DOCUMENT | {"applinks": version}, "unsupported_version")


@pytest.mark.parametrize("name", sorted(set(DOCUMENT) - {"applinks", "resource", "type", "version", "directions"}))
def test_a_required_member_is_required_and_typed(name):
    """handshake.md §1, schema."""
    refuse(without(name))
    for value in (None, 1, {}, "", [1], True):
        refuse(DOCUMENT | {name: value})


def test_optional_members_have_their_default():
    """handshake.md §1, schema."""
    for name in ("resource", "type", "version", "directions"):
        assert read(without(name)).url == ONE
        refuse(DOCUMENT | {name: 1})
    assert read(without("resource")).resource == ONE
    assert read(without("directions")).directions == ("incoming", "outgoing")


@pytest.mark.requirement("handshake-10-9")
@pytest.mark.requirement("LK-05")
@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize(
    "url",
    [
        *("https://evil.example/x", "https://one.example/other/x", "https://one.example/trackers/x", ONE, ONE + "?x"),
        *(
            ONE + "/../other/x",
            ONE + "/%2e%2e/x",
            ONE + "/x?y",
            ONE + "/x#",
            ONE + "//x",
            "http://one.example/tracker/x",
        ),
        *(
            "https://one.example.evil.example/tracker/x",
            "https://u@one.example/tracker/x",
            ONE + "/x\\y",
            ONE + "/" + "x" * 512,
        ),
    ],
)
def test_no_url_lies_outside_the_base_url(name, url):
    """handshake.md §1, §10: keys on another host, the neighbour's path, `@` and `..`."""
    refuse(DOCUMENT | {name: url})


def test_a_final_slash_is_for_the_redirect_uri_base_alone():
    """handshake.md §1."""
    assert read(DOCUMENT | {"redirect_uri_base": ONE + "/cb"})
    refuse(DOCUMENT | {"jwks_uri": ONE + "/jwks/"})


@pytest.mark.requirement("handshake-10-9")
@pytest.mark.requirement("LK-05")
@pytest.mark.parametrize("name", ["issuer", "resource"])
@pytest.mark.parametrize("url", [ONE + "/", ONE + "/x", "https://one.example", TWO])
def test_issuer_and_resource_equal_the_base_url(name, url):
    """handshake.md §1."""
    refuse(DOCUMENT | {name: url})


@pytest.mark.requirement("handshake-10-9")
@pytest.mark.requirement("LK-05")
def test_a_manifest_that_names_another_url_is_refused_and_says_which():
    """handshake.md §1, Discovery: offered as a new start, never followed."""
    assert refuse(DOCUMENT, fetched_under="https://one.example").named_url == ONE
    assert refuse(DOCUMENT | {"url": "https://one.example/"}).named_url == ""
    assert refuse(DOCUMENT | {"url": "http://one.example"}).named_url == ""


def test_a_loopback_manifest_is_for_those_who_allow_it():
    """handshake.md §1."""
    url = "http://127.0.0.1:8001"
    document = build_manifest(make_manifest(url))
    assert read(document, fetched_under=url, allow_http=True).url == url
    refuse(document, fetched_under=url)


@pytest.mark.parametrize(
    "identifier",
    [
        "urn:uuid:6F1C1F0E-3b0a-4c55-9a52-0d6a1f3f7e11",
        "6f1c1f0e-3b0a-4c55-9a52-0d6a1f3f7e11",
        "urn:uuid:6f1c1f0e",
        DOCUMENT["id"] + "\n",
    ],
)
def test_an_id_has_one_spelling(identifier):
    """handshake.md §1, schema."""
    refuse(DOCUMENT | {"id": identifier})


@pytest.mark.requirement("handshake-10-23")
@pytest.mark.parametrize(
    "text", ["", "x" * 61, "a\u202eb", "a\u200bb", "a\nb", "a\x7fb", "a\u0378b", "\ufeffa", "a\u2066b"]
)
def test_a_name_that_a_page_would_show_as_something_else_is_refused(text):
    """handshake.md §1: no control, format (bidi), surrogate or unassigned characters."""
    refuse(DOCUMENT | {"name": text})


@pytest.mark.parametrize("text", [" ", "\u00a0\u3000", "\u3164", "\u2800 \uffa0", "a\u2028b", "a\u2029b"])
def test_a_name_of_which_nothing_is_seen_or_that_breaks_the_line_is_refused(text):
    """Ours: the approving page quotes the name, and an empty quotation says nothing of who asks."""
    refuse(DOCUMENT | {"name": text})


def test_names_of_other_scripts_are_fine():
    """Ours: the rule is about tricks, not about languages."""
    for name in ("Aufgaben für Köln", "課題", "משימות", "x" * 60):
        assert read(DOCUMENT | {"name": name}).name == name


@pytest.mark.parametrize(
    "changes",
    [
        *({"protocols": value} for value in ([], ["oauth3"], ["oauth2", "oauth2"], [1], "oauth2", {})),
        *({"levels": value} for value in ([], ["disabled"], ["oauth", "oauth"], "oauth")),
        *({"directions": value} for value in (["both"], ["incoming", "incoming"], "incoming")),
        *({"extensions": value} for value in ("x", [1], ["x"] * 65)),
        *({"type": value} for value in ("x" * 41, "a\u202eb")),
        *({"version": value} for value in ("x" * 41, "\u0000")),
        {"scopes": [{"name": "a", "description": "b"}] * 2},
        {"scopes": [{"name": str(each), "description": "b"} for each in range(65)]},
        {"scopes": [{"name": "a b", "description": "b"}]},
        {"scopes": [{"name": "a" * 65, "description": "b"}]},
        {"scopes": [{"name": "", "description": "b"}]},
        {"scopes": [{"name": "a"}]},
        {"scopes": [{"description": "b"}]},
        {"scopes": [{"name": "a", "description": "b" * 201}]},
        {"scopes": [{"name": "a", "description": "b\u202e"}]},
        {"scopes": [{"name": "a", "description": "b", "application": "yes"}]},
        {"scopes": ["a"]},
        {"oauth1": {}},
        {"oauth1": "x"},
        {
            "oauth1": {
                "consumer_key": "k",
                "jwks_uri": TWO + "/x",
                "request_token_uri": "",
                "authorize_uri": "",
                "access_token_uri": "",
            }
        },
    ],
)
def test_a_member_against_the_schema_is_refused(changes):
    """handshake.md §1, schema."""
    refuse(DOCUMENT | changes)


def test_a_peer_may_offer_oauth_1_besides():
    """handshake.md §1: the consumer's addresses lie under the base URL too."""
    manifest = make_manifest(ONE, protocols=("oauth1", "oauth2"))
    document = build_manifest(manifest)
    assert read(document) == manifest
    assert document["oauth1"]["jwks_uri"] == f"{ONE}/applinks/oauth1/jwks"
    assert "oauth1" not in build_manifest(make_manifest(ONE))


def test_who_offers_oauth_1_says_where():
    """handshake.md §1: consumer key, keys and three addresses."""
    refuse(DOCUMENT | {"protocols": ["oauth2", "oauth1"]})


@pytest.mark.parametrize("name", list(asdict(make_oauth1(ONE))))
@pytest.mark.parametrize(
    "value", [None, "", 1, "http://127.0.0.1:1/x", TWO + "/x", ONE, ONE + "/../x", "a b", "\u202e"]
)
def test_a_member_of_oauth_1_that_is_missing_or_elsewhere_refuses_the_manifest(name, value):
    """handshake.md §1: every address begins with url and a slash; Ours: a key is 1 to 255 visible ASCII characters."""
    if name == "consumer_key" and value and str(value).startswith("http"):
        value = "k" * 256
    member = {key: each for key, each in (asdict(make_oauth1(ONE)) | {name: value}).items() if each is not None}
    refuse(DOCUMENT | {"protocols": ["oauth2", "oauth1"], "oauth1": member})
    # Whether the protocol is offered or not: nobody pins an address that lies elsewhere.
    refuse(DOCUMENT | {"oauth1": member})
