"""What Data Center peers send: whatever it is, it is read, or refused with our error."""

import contextlib
import json
from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from applinks.wire.atlassian.capabilities import MalformedCapabilitiesError, parse_capabilities
from applinks.wire.atlassian.consumer_info import (
    ConsumerInfo,
    MalformedConsumerInfoError,
    format_consumer_info,
    parse_consumer_info,
)
from applinks.wire.atlassian.manifest import MalformedManifestError, parse_atlassian_manifest
from applinks.wire.atlassian.status import (
    DirectionStatus,
    LinkStatus,
    MalformedStatusError,
    build_link_status,
    parse_application_link,
    parse_consumer_configuration,
    parse_link_status,
    parse_provider_configuration,
)
from applinks.wire.atlassian.xml_document import format_xml_document
from applinks.wire.oauth1.keys import MalformedKeyError, format_bare_key, parse_public_jwk, parse_public_key
from tests.properties.strategies import json_objects, json_values

PROVIDER = "com.atlassian.applinks.api.auth.types.OAuthAuthenticationProvider"
DOCUMENTS = {
    "manifest": {
        "id": "11111111-1111-1111-1111-111111111111",
        "name": "Jira",
        "typeId": "jira",
        "url": "https://jira.example/jira",
        "version": "9.12.0",
        "buildNumber": 912000,
        "applinksVersion": "9.0.12",
        "inboundAuthenticationTypes": [PROVIDER],
        "outboundAuthenticationTypes": [],
        "publicSignup": False,
    },
    "status": {
        direction: {"enabled": True, "twoLoEnabled": "true", "twoLoImpersonationEnabled": False}
        for direction in ("incoming", "outgoing")
    },
    "consumer": {
        "key": "jira:1",
        "name": "Jira",
        "publicKey": "",
        "sharedSecret": "secret",
        "signatureMethod": "RSA-SHA1",
        "callback": "https://jira.example/callback",
        "outgoing": False,
        "twoLOAllowed": True,
        "executingTwoLOUser": "alice",
        "twoLOImpersonationAllowed": False,
    },
    "provider": {
        "provider": PROVIDER,
        "config": {
            "consumerKey.outbound": "key",
            "serviceProvider.requestTokenUrl": "https://jira.example/request",
            "serviceProvider.accessTokenUrl": "https://jira.example/access",
            "serviceProvider.authorizeUrl": "https://jira.example/authorize",
        },
    },
    "application": {"name": "Jira", "rpcUrl": "https://jira.example", "displayUrl": "", "typeId": "jira"},
}
PARSERS = {
    "manifest": (lambda body: parse_atlassian_manifest(body, "application/json"), MalformedManifestError),
    "status": (parse_link_status, MalformedStatusError),
    "consumer": (parse_consumer_configuration, MalformedStatusError),
    "provider": (parse_provider_configuration, MalformedStatusError),
    "application": (parse_application_link, MalformedStatusError),
}


@cache
def make_key() -> RSAPublicKey:
    return generate_private_key(public_exponent=65537, key_size=1024).public_key()


@given(st.sampled_from(sorted(PARSERS)), st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_bodies_of_any_kind_are_refused_with_our_error(name, body):
    """Ours: the parser raises nothing else."""
    parse, error = PARSERS[name]
    with contextlib.suppress(error):
        assert parse(body) is not None
    with contextlib.suppress(MalformedCapabilitiesError):
        assert all(parse_capabilities(body))


@given(st.data())
def test_a_document_with_one_member_changed_is_read_or_refused_with_our_error(data):
    """Ours: whatever stands where a text, a truth value, a list or an object should."""
    name = data.draw(st.sampled_from(sorted(PARSERS)))
    document = json.loads(json.dumps(DOCUMENTS[name]))
    inner = data.draw(
        st.sampled_from([document, *(each for each in document.values() if isinstance(each, dict) and each)])
    )
    inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(json_values)
    parse, error = PARSERS[name]
    with contextlib.suppress(error):
        assert parse(json.dumps(document).encode()) is not None


@given(json_objects)
def test_members_that_nobody_knows_are_left_alone(more):
    """Ours: newer versions say more."""
    for name, (parse, _) in PARSERS.items():
        document = DOCUMENTS[name]
        extended = document | {key: value for key, value in more.items() if key not in document}
        assert parse(json.dumps(extended).encode()) == parse(json.dumps(document).encode())


switches = st.builds(DirectionStatus, enabled=st.booleans(), two_legged=st.booleans(), impersonation=st.booleans())


@given(st.builds(LinkStatus, incoming=switches, outgoing=switches))
def test_a_status_that_was_written_is_read_again(status):
    """Ours: parse(format(x)) == x."""
    assert parse_link_status(json.dumps(build_link_status(status)).encode()) == status


visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)


@given(visible, visible, visible | st.just(""))
def test_a_consumer_that_was_written_is_read(key, name, description):
    """Ours: parse(format(x)) == x, whatever XML makes of its letters."""
    consumer = ConsumerInfo(key=key, name=name, public_key=make_key(), description=description)
    found = parse_consumer_info(format_consumer_info(consumer), "application/xml;charset=UTF-8")
    assert (found.key, found.name, found.description) == (key, name, description)
    assert found.public_key.public_numbers() == make_key().public_numbers()


@given(st.lists(st.tuples(st.sampled_from(["key", "name", "publicKey", "x"]), st.text(max_size=20)), max_size=5))
def test_a_consumer_of_any_members_is_refused_with_our_error(pairs):
    """Ours: one without a key that verifies is none."""
    with contextlib.suppress(MalformedConsumerInfoError):
        parse_consumer_info(format_xml_document("consumer", pairs), "text/xml")
        raise AssertionError(pairs)


@given(json_objects, st.sampled_from(["e", "n", "kty"]), json_values)
def test_a_key_of_a_key_set_with_any_members_is_refused_with_our_error(members, name, value):
    """Ours: the parser raises nothing else."""
    for jwk in (members, {"kty": "RSA", "e": "AQAB", "n": "AQAB", name: value}):
        with contextlib.suppress(MalformedKeyError):
            assert parse_public_jwk(jwk).key_size >= 1024


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_key_with_one_letter_changed_is_another_or_refused_with_our_error(position, flip):
    """Ours: DER that is nearly right."""
    text = format_bare_key(make_key())
    place = position % len(text)
    changed = text[:place] + chr(ord(text[place]) ^ flip) + text[place + 1 :]
    with contextlib.suppress(MalformedKeyError):
        assert parse_public_key(changed).key_size >= 1024
