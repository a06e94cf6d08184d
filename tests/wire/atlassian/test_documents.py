"""What Data Center peers say of themselves and ask of each other."""

import contextlib
from xml.etree import ElementTree as ET

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import encode

from applinks.wire.atlassian.authentication_types import AuthenticationType
from applinks.wire.atlassian.consumer_info import (
    ConsumerInfo,
    MalformedConsumerInfoError,
    format_consumer_info,
    parse_consumer_info,
)
from applinks.wire.atlassian.manifest import (
    PLACEHOLDER,
    AtlassianManifest,
    MalformedManifestError,
    build_manifest_json,
    format_manifest_xml,
    parse_atlassian_manifest,
)
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
from applinks.wire.atlassian.xml_document import MalformedXmlError, format_xml_document, parse_xml_document
from applinks.wire.oauth1.keys import format_bare_key

XML = "application/xml;charset=UTF-8"
TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=50)
PUBLIC_KEY = generate_private_key(public_exponent=65537, key_size=1024).public_key()
MANIFEST = AtlassianManifest(
    id="4fd9a5c5-12bb-3ac3-8bdd-5a1ee3a6a0dd",
    name="Wiki & Söhne",
    type_id="confluence",
    url="https://wiki.example.org/confluence",
    version="9.2.1",
    build_number="9012",
    applinks_version="9.1.2",
    incoming=(AuthenticationType.OAUTH, AuthenticationType.TWO_LEGGED),
    outgoing=(AuthenticationType.OAUTH,),
    icon_url="https://wiki.example.org/icon.png",
)


@pytest.mark.parametrize("manifest", [MANIFEST, AtlassianManifest(id="1", name="n", type_id="generic", url="http://a")])
def test_a_manifest_is_read_as_it_was_written_in_either_form(manifest):
    """Ours: XML by default, JSON where it is asked for."""
    assert parse_atlassian_manifest(format_manifest_xml(manifest), XML) == manifest
    assert parse_atlassian_manifest(encode(build_manifest_json(manifest)), "application/json") == manifest


def test_the_lists_of_a_manifest_carry_the_placeholder_that_real_hosts_have():
    """Ours: atlassian-wire, Discovery."""
    found = ET.fromstring(format_manifest_xml(MANIFEST))
    assert [each.text for each in found.findall("inboundAuthenticationTypes")] == [*MANIFEST.incoming, PLACEHOLDER]
    assert build_manifest_json(MANIFEST)["outboundAuthenticationTypes"] == [*MANIFEST.outgoing, PLACEHOLDER]


@given(TEXTS, TEXTS, st.lists(TEXTS.filter(lambda text: text != PLACEHOLDER), max_size=3))
def test_any_names_of_a_manifest_survive_both_forms(id_, name, types):
    """Ours: parse(format(x)) == x."""
    manifest = AtlassianManifest(id=id_, name=name, type_id="jira", url="https://a.example", incoming=tuple(types))
    assert parse_atlassian_manifest(format_manifest_xml(manifest), XML) == manifest
    assert parse_atlassian_manifest(encode(build_manifest_json(manifest)), "application/json") == manifest


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", XML),
        (b"<html></html>", XML),
        (b"<manifest></manifest>", XML),
        (b"<manifest><id>1</id><name>n</name><typeId>t</typeId><url>", XML),
        (b"<manifest><id>1</id><id>2</id><name>n</name><typeId>t</typeId><url>u</url></manifest>", XML),
        (format_manifest_xml(MANIFEST), "text/html"),
        (format_manifest_xml(MANIFEST), None),
        (b"[]", "application/json"),
        (b'{"id":"1","name":"n","typeId":"t"}', "application/json"),
        (b'{"id":"1","name":"n","typeId":"t","url":5}', "application/json"),
        (b'{"id":"1","name":"n","typeId":"t","url":"u","inboundAuthenticationTypes":"x"}', "application/json"),
        (b'{"id":"1","id":"2","name":"n","typeId":"t","url":"u"}', "application/json"),
    ],
)
def test_what_is_no_manifest_is_our_error(body, content_type):
    """Ours: another document, half of one, or another content type."""
    with pytest.raises(MalformedManifestError):
        parse_atlassian_manifest(body, content_type)


_BOMB = b'<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><manifest><id>&b;</id></manifest>'


@pytest.mark.parametrize(
    "document",
    [
        _BOMB,
        b'<!DOCTYPE m SYSTEM "http://127.0.0.1/evil.dtd"><manifest/>',
        b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><manifest><id>&x;</id></manifest>',
        b'<!DOCTYPE m [<!ENTITY % p SYSTEM "http://127.0.0.1/p"> %p;]><manifest/>',
        b"<manifest>" + b"<a>" * 50 + b"</a>" * 50 + b"</manifest>",
        b"<manifest>" + b"<a/>" * 1000 + b"</manifest>",
        b"<manifest><id>" + b"x" * 70000 + b"</id></manifest>",
        b"<manifest><id>&undefined;</id></manifest>",
        b'<?xml version="1.0" encoding="no-such"?><manifest/>',
        b'<?xml version="1.0" encoding="utf-7"?><manifest/>',
        b"<manifest><id>\x00</id></manifest>",
        b"<manifest><id>\xff</id></manifest>",
        b"<manifest/><manifest/>",
    ],
    ids=range(13),
)
def test_hostile_xml_is_refused_before_anything_is_expanded_or_fetched(document):
    """Ours: entities, external documents, size, depth, number, encodings."""
    with pytest.raises(MalformedXmlError):
        parse_xml_document(document, root="manifest", limit=65536)


@given(st.binary())
def test_any_bytes_are_xml_or_our_error(data):
    """Ours: the parser raises nothing else."""
    with contextlib.suppress(MalformedXmlError):
        parse_xml_document(data, root="a", limit=1000)
    with contextlib.suppress(MalformedXmlError):
        assert parse_xml_document(b"<a>" + data + b"</a>", root="a", limit=1000) is not None


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.text())))
def test_any_text_can_be_written_and_is_well_formed(pairs):
    """Ours: what XML cannot hold becomes a question mark; ElementTree as the oracle."""
    data = format_xml_document("root", pairs)
    ET.fromstring(data)
    assert len(parse_xml_document(data, root="root", limit=10**6)) == len(pairs)


def test_comments_namespaces_attributes_and_deeper_elements_do_not_count():
    """Ours: hosts add what they like."""
    data = b'<x:a xmlns:x="u" v="1"><!-- c --><x:b w="2">t<deep>no</deep>u</x:b><![CDATA[z]]></x:a>'
    assert parse_xml_document(data, root="a", limit=1000) == (("b", "tu"),)


def test_consumer_info_holds_the_bare_key():
    """Ours: atlassian-wire, base64 SubjectPublicKeyInfo without PEM lines."""
    consumer = ConsumerInfo(key="jira:123", name="Jira <prod>", public_key=PUBLIC_KEY, description="Ours")
    data = format_consumer_info(consumer)
    assert ET.fromstring(data).findtext("publicKey") == format_bare_key(PUBLIC_KEY)
    found = parse_consumer_info(data, XML)
    assert (found.key, found.name, found.description) == ("jira:123", "Jira <prod>", "Ours")
    assert found.public_key.public_numbers() == PUBLIC_KEY.public_numbers()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<consumer><key>k</key><name>n</name></consumer>", XML),
        (b"<consumer><key>k</key><name>n</name><publicKey>AAAA</publicKey></consumer>", XML),
        (f"<consumer><name>n</name><publicKey>{format_bare_key(PUBLIC_KEY)}</publicKey></consumer>".encode(), XML),
        (b"<consumer><key>a</key><key>b</key></consumer>", XML),
        (b"<consumer/>", "text/html"),
    ],
)
def test_what_is_no_consumer_is_our_error(body, content_type):
    """Ours: a missing key, a doubled member, a page."""
    with pytest.raises(MalformedConsumerInfoError):
        parse_consumer_info(body, content_type)


STATUS = LinkStatus(incoming=DirectionStatus(enabled=True, two_legged=True), outgoing=DirectionStatus())


def test_a_status_is_read_as_it_was_written():
    """Ours: parse(format(x)) == x."""
    assert parse_link_status(encode(build_link_status(STATUS))) == STATUS


def test_a_consumer_that_a_peer_sends_is_read():
    """Ours: atlassian-wire, REST between peers; words for truth values, as some send them."""
    found = parse_consumer_configuration(
        b'{"key":"k","name":"n","publicKey":"p","outgoing":false,"twoLOAllowed":"true","executingTwoLOUser":"bot"}'
    )
    assert (found.key, found.two_legged, found.execute_as, found.impersonation) == ("k", True, "bot", False)


def test_a_provider_that_a_peer_sends_is_read():
    """Ours: atlassian-wire, REST between peers."""
    urls = {name: f"https://a.example/{name}" for name in ("requestTokenUrl", "accessTokenUrl", "authorizeUrl")}
    config = {"consumerKey.outbound": "k", **{f"serviceProvider.{name}": url for name, url in urls.items()}}
    found = parse_provider_configuration(encode({"provider": AuthenticationType.OAUTH.value, "config": config}))
    assert (found.provider, found.consumer_key) == (AuthenticationType.OAUTH, "k")
    assert found.access_token_url == "https://a.example/accessTokenUrl"


def test_an_application_that_asks_for_a_link_is_read():
    """Ours: the address without its final slash, and one address for both where one is sent."""
    found = parse_application_link(b'{"name":"Wiki","rpcUrl":"https://wiki.example/","typeId":"confluence"}')
    assert (found.rpc_url, found.display_url) == ("https://wiki.example", "https://wiki.example")


@pytest.mark.parametrize(
    ("parse", "body"),
    [
        (parse_link_status, b"{}"),
        (parse_link_status, b'{"incoming":{},"outgoing":[]}'),
        (parse_link_status, b'{"incoming":{"enabled":1},"outgoing":{}}'),
        (parse_consumer_configuration, b"{}"),
        (parse_consumer_configuration, b'{"key":5}'),
        (parse_consumer_configuration, b'{"key":"k","outgoing":null}'),
        (parse_provider_configuration, b'{"provider":"x"}'),
        (parse_provider_configuration, b'{"provider":"x","config":{}}'),
        (parse_provider_configuration, encode({"provider": AuthenticationType.OAUTH.value, "config": {}})),
        (parse_application_link, b'{"name":"n"}'),
        (parse_application_link, b"not json"),
    ],
)
def test_a_body_that_lacks_what_the_call_needs_is_our_error(parse, body):
    """Ours: each call says what it needs."""
    with pytest.raises(MalformedStatusError):
        parse(body)
