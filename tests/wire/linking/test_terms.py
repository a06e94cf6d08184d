from dataclasses import replace

import pytest

from applinks.wire.linking.messages import MalformedMessageError
from applinks.wire.linking.terms import (
    Allows,
    Level,
    Terms,
    check_terms,
    format_allows,
    format_terms,
    is_within,
    parse_allows,
    parse_terms,
)
from tests.wire.linking.samples import ONE, TERMS, TWO, make_access, make_manifest

DOCUMENT = format_terms(TERMS)
ENTRY = DOCUMENT["access"][0]


def read(value, **changes):
    terms = parse_terms(value)
    check_terms(terms, **{"one": make_manifest(ONE), "other": make_manifest(TWO)} | changes)
    return terms


def refuse(value, code="unsupported_terms", **changes):
    with pytest.raises(MalformedMessageError) as caught:
        read(value, **changes)
    assert caught.value.code == code


def with_entry(**changes):
    return {"access": [ENTRY | changes]}


def test_terms_are_the_object_of_the_handshake():
    """handshake.md §2, Terms."""
    assert ENTRY == {
        "from": ONE,
        "to": TWO,
        "protocols": ["oauth2"],
        "level": "oauth",
        "user_scopes": ["issues:read", "issues:write"],
        "application_scopes": ["issues:read"],
    }
    assert read(DOCUMENT) == TERMS


def test_one_direction_is_enough():
    """handshake.md §2: a missing direction is *Disabled*."""
    terms = read({"access": [ENTRY]})
    assert terms.find(from_url=ONE, to_url=TWO) is not None
    assert terms.find(from_url=TWO, to_url=ONE) is None


@pytest.mark.requirement("LK-08")
@pytest.mark.parametrize(
    "value",
    [
        DOCUMENT | {"until": 1},
        with_entry(note="x"),
        with_entry(level="disabled"),
        with_entry(level="root"),
        with_entry(protocols=["oauth3"]),
        with_entry(protocols=[]),
        with_entry(protocols=["oauth2", "oauth2"]),
        with_entry(protocols=[["oauth2"]]),
        {"access": []},
        {"access": [ENTRY, ENTRY]},
        {"access": [*DOCUMENT["access"], ENTRY | {"from": "https://three.example"}]},
    ],
)
def test_an_unknown_member_or_value_refuses_the_whole(value):
    """handshake.md §2: an administrator cannot approve what her page cannot show."""
    refuse(value)


@pytest.mark.parametrize(
    "value",
    [
        *(None, [], "x", {}, {"access": None}, {"access": {}}, {"access": [1]}, {"access": [{}]}),
        *({"access": [{key: value for key, value in ENTRY.items() if key != name}]} for name in ENTRY),
        *(with_entry(**{name: None}) for name in ENTRY),
        *(with_entry(user_scopes=value) for value in ("x", [1], [""], ["a b"], ["a", "a"], ["a" * 65], [["a"]])),
        with_entry(application_scopes=[str(each) for each in range(65)]),
        with_entry(**{"from": 1}),
        with_entry(level=[]),
    ],
)
def test_a_member_that_is_missing_or_mistyped_is_an_invalid_claim(value):
    """handshake.md §2, Types."""
    refuse(value, "invalid_claims")


@pytest.mark.requirement("LK-08")
@pytest.mark.parametrize(
    "value",
    [
        with_entry(**{"from": "https://three.example"}),
        with_entry(to=ONE),
        with_entry(to="https://three.example"),
        with_entry(level="impersonation"),
        with_entry(user_scopes=["issues:delete"]),
        with_entry(application_scopes=["issues:write"]),
        with_entry(application_scopes=["issues:delete"]),
    ],
)
def test_what_the_manifests_do_not_declare_is_refused(value):
    """handshake.md §2: protocols, levels and scopes are declared by the manifests."""
    refuse(value)


def test_scopes_are_those_of_the_application_that_serves():
    """handshake.md §2: scopes by `to`'s."""
    refuse(DOCUMENT, other=make_manifest(TWO, scopes=()))
    assert read(DOCUMENT, one=make_manifest(ONE, scopes=()))


def test_a_direction_has_to_be_offered_by_both():
    """handshake.md §1, `directions`."""
    refuse({"access": [ENTRY]}, other=make_manifest(TWO, directions=("outgoing",)))
    refuse({"access": [ENTRY]}, one=make_manifest(ONE, directions=("incoming",)))
    narrow = {
        "one": make_manifest(ONE, directions=("outgoing",)),
        "other": make_manifest(TWO, directions=("incoming",)),
    }
    assert read({"access": [ENTRY]}, **narrow)


def test_a_protocol_that_not_both_have_is_no_common_protocol():
    """handshake.md §8."""
    refuse(with_entry(protocols=["oauth1"]), "no_common_protocol")
    both = {name: make_manifest(url, protocols=("oauth2", "oauth1")) for name, url in (("one", ONE), ("other", TWO))}
    assert read(with_entry(protocols=["oauth1", "oauth2"]), **both).access[0].protocols == ("oauth1", "oauth2")


def test_impersonation_runs_over_oauth_1_alone():
    """handshake.md §2, Terms: as long as our OAuth 2 cannot impersonate."""
    both = {name: make_manifest(url, protocols=("oauth2", "oauth1")) for name, url in (("one", ONE), ("other", TWO))}
    alone = with_entry(protocols=["oauth1"], level="impersonation")
    assert read(alone, **both).access[0].level is Level.IMPERSONATION
    refuse(with_entry(protocols=["oauth2"], level="impersonation"), **both)
    refuse(with_entry(protocols=["oauth1", "oauth2"], level="impersonation"), **both)
    less = {name: replace(manifest, levels=("oauth",)) for name, manifest in both.items()}
    for changed in ({"one": less["one"]}, {"other": less["other"]}):
        refuse(alone, **both | changed)


def test_manifests_of_other_applications_do_not_count():
    """LK-05: identity is the base URL."""
    refuse(DOCUMENT, other=make_manifest("https://three.example"))
    with pytest.raises(MalformedMessageError):
        check_terms(TERMS, one=make_manifest(ONE), other=make_manifest("https://three.example"))


@pytest.mark.requirement("LK-08")
def test_less_is_within_and_more_is_not():
    """handshake.md §3: an answer never widens the terms."""
    wide = Terms(access=(make_access(protocols=("oauth2", "oauth1"), level=Level.IMPERSONATION),))
    for changes in (
        {},
        {"protocols": ("oauth1",)},
        {"level": Level.OAUTH},
        {"user_scopes": ()},
        {"application_scopes": ()},
    ):
        assert is_within(Terms(access=(make_access(**changes),)), wide)
    for changes in (
        {"protocols": ("oauth2", "oauth3")},
        {"user_scopes": ("issues:read", "other")},
        {"application_scopes": ("issues:write",)},
        {"from_url": TWO, "to_url": ONE},
        {"to_url": "https://three.example"},
    ):
        assert not is_within(Terms(access=(make_access(**changes),)), wide)
    assert not is_within(wide, Terms(access=(make_access(protocols=("oauth2", "oauth1")),)))
    assert not is_within(TERMS, Terms(access=TERMS.access[:1]))
    assert is_within(Terms(access=TERMS.access[:1]), TERMS)


def test_the_form_alone_can_be_read_without_manifests():
    """handshake.md §3: syntax comes before anything is fetched."""
    assert parse_terms(DOCUMENT) == TERMS


def test_what_a_server_serves_now_is_read_and_built():
    """handshake.md §2: both lists empty: switched off there."""
    for allows in (Allows(), Allows(user_scopes=("a",), application_scopes=("b", "c"))):
        assert parse_allows(format_allows(allows)) == allows
    for value in (None, [], {}, {"user_scopes": []}, {"user_scopes": "x", "application_scopes": []}):
        with pytest.raises(MalformedMessageError):
            parse_allows(value)
