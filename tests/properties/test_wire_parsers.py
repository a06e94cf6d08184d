"""Whatever comes, a parser gives a value or its own error."""

import contextlib
import json
from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from applinks.wire.base64url import format_base64url
from applinks.wire.forms import Form, MalformedFormError, collect_form, parse_form
from applinks.wire.headers import format_challenge, parse_basic_credentials, parse_content_type
from applinks.wire.jose import (
    JoseError,
    build_public_jwk,
    check_public_jwks,
    compute_thumbprint,
    digest_jwt,
    parse_jwt,
    sign_jwt,
    verify_jwt,
)
from applinks.wire.linking.answer import build_answer, parse_answer
from applinks.wire.linking.manifest import MalformedManifestError, build_manifest, parse_manifest
from applinks.wire.linking.messages import MalformedMessageError, check_common_claims
from applinks.wire.linking.proposal import build_proposal, parse_proposal
from applinks.wire.linking.statement import build_statement, parse_statement
from applinks.wire.linking.terms import parse_allows, parse_terms
from applinks.wire.oauth2.assertions import parse_client_assertion, verify_client_assertion
from applinks.wire.oauth2.messages import (
    ErrorAnswer,
    MalformedAnswerError,
    MalformedRequestError,
    build_error_answer,
    parse_authorization_request,
    parse_authorization_response,
    parse_authorization_target,
    parse_error_answer,
    parse_introspection_request,
    parse_revocation_request,
    parse_token_answer,
    parse_token_request,
)
from applinks.wire.oauth2.metadata import MalformedMetadataError, parse_resource_metadata, parse_server_metadata
from applinks.wire.oauth2.pkce import is_code_challenge_of
from applinks.wire.oauth2.scope import MalformedScopeError, parse_scope
from applinks.wire.strict_json import MalformedJsonError, parse_json, parse_json_object
from applinks.wire.token_format import has_token_prefix, parse_token
from applinks.wire.urls import (
    MalformedUrlError,
    check_base_url,
    check_endpoint_url,
    check_redirect_uri,
    describe_host,
    get_host,
    get_origin,
    is_redirect_uri_match,
    is_under,
    list_base_url_candidates,
)
from tests.properties import strategies as wire

# Any text at all, lone surrogates included, and what looks like an address, a form or a JWT.
anything = st.text(st.characters(exclude_categories=()), max_size=60)
near_urls = st.text("htps:/.@#?%2eE\\*[]1280lcoa \n\u00fc", max_size=30).map(lambda text: "https://" + text) | anything
near_forms = st.text("abc=&%+0f\x00\u00fc", max_size=40) | anything
near_json = st.binary(max_size=60) | st.text('{}[]",:0123456789.eE+-\\u0dntrfalsNI ', max_size=40) | anything
json_bytes = wire.json_values.map(lambda value: json.dumps(value).encode())

PRIVATE = ECKey.generate_key("P-256", private=True).as_dict(private=True)
PUBLIC = build_public_jwk(PRIVATE, algorithm="ES256")
TYP = "applinks-statement+jwt"


@given(near_json)
def test_only_malformed_json_escapes(data):
    """house.md §7."""
    with contextlib.suppress(MalformedJsonError):
        parse_json(data, limit=1000)
    with contextlib.suppress(MalformedJsonError):
        assert isinstance(parse_json_object(data, limit=1000), dict)


@given(near_json)
def test_strict_json_takes_nothing_that_the_standard_library_refuses(data):
    """RFC 8259: the standard library is the oracle."""
    with contextlib.suppress(MalformedJsonError):
        value = parse_json(data, limit=1000)
        assert json.loads(data) == value


@given(near_urls, near_urls)
def test_only_malformed_url_escapes(url, other):
    """house.md §7."""
    for read in (check_redirect_uri, get_origin, get_host, describe_host):
        with contextlib.suppress(MalformedUrlError):
            read(url)
    for allow_http in (True, False):
        for check in (check_base_url, check_endpoint_url):
            with contextlib.suppress(MalformedUrlError):
                check(url, allow_http=allow_http)
        with contextlib.suppress(MalformedUrlError):
            for candidate in list_base_url_candidates(url, allow_http=allow_http):
                check_base_url(candidate, allow_http=allow_http)
    is_under(url, other)
    is_under(url, other, final_slash=True)
    is_redirect_uri_match(url, [other])


@given(near_urls)
def test_what_may_be_registered_has_no_second_reading(url):
    """AS-01, AS-04."""
    with contextlib.suppress(MalformedUrlError):
        check_redirect_uri(url)
        assert url.isascii()
        assert not set(url) & set("#\\* \n\t\r<>\"'`{}|^") - {"'"}
        assert is_redirect_uri_match(url, [url])


@given(near_forms, st.binary(max_size=40))
def test_only_malformed_form_escapes(text, raw):
    """house.md §7, AS-07."""
    for data in (text, raw):
        collect_form(data)
        with contextlib.suppress(MalformedFormError):
            parse_form(data)


near_basic = (
    anything
    | st.binary(max_size=40).map(lambda raw: "Basic " + b64encode(raw).decode())
    | st.text("abc:%2e+=\0é", max_size=20).map(lambda text: "basic " + b64encode(text.encode()).decode())
)


@given(near_forms, st.none() | near_basic)
def test_requests_of_any_kind_are_refused_with_our_error(text, authorization):
    """house.md §7: no input gives a 5xx."""
    for parse in (parse_token_request, parse_revocation_request, parse_introspection_request):
        with contextlib.suppress(MalformedRequestError):
            parse(text, authorization)
    for read in (parse_authorization_request, parse_authorization_target):
        with contextlib.suppress(MalformedRequestError):
            read(collect_form(text))
    with contextlib.suppress(MalformedAnswerError):
        parse_authorization_response(text)


names = st.sampled_from(
    [
        *("grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_assertion", "client_secret"),
        *("client_assertion_type", "scope", "resource", "refresh_token", "token", "response_type", "state", "iss"),
        *("error", "code_challenge", "code_challenge_method"),
    ]
)
known = (
    st.sampled_from(["authorization_code", "refresh_token", "client_credentials", "code", "S256", "a" * 43]) | anything
)


@given(st.lists(st.tuples(names, known), max_size=10))
def test_forms_of_known_names_are_refused_with_our_error(pairs):
    """house.md §7."""
    form = Form(tuple(pairs))
    for read in (parse_authorization_request, parse_authorization_target):
        with contextlib.suppress(MalformedRequestError):
            read(form)


@given(near_json | json_bytes)
def test_answers_of_any_kind_are_refused_with_our_error(data):
    """CL-30."""
    for parse in (parse_token_answer, parse_error_answer):
        with contextlib.suppress(MalformedAnswerError):
            parse(data)


@given(wire.json_values)
def test_documents_of_any_kind_are_refused_with_our_error(value):
    """house.md §7."""
    with contextlib.suppress(MalformedManifestError):
        parse_manifest(value, fetched_under="https://h", allow_http=True)
    with contextlib.suppress(JoseError):
        check_public_jwks(value)
    for parse in (parse_terms, parse_allows):
        with contextlib.suppress(MalformedMessageError):
            parse(value)


@given(wire.json_objects)
def test_objects_of_any_kind_are_refused_with_our_error(members):
    """house.md §7."""
    for parse in (parse_proposal, parse_answer, parse_statement):
        with contextlib.suppress(MalformedMessageError):
            parse(members)
    with contextlib.suppress(MalformedMessageError):
        check_common_claims(members, issuer=None, audience="https://h", now=0, lifetime=600)
    with contextlib.suppress(MalformedMetadataError):
        parse_server_metadata(members | {"issuer": "https://h"}, issuer="https://h", allow_http=True)
    with contextlib.suppress(MalformedMetadataError):
        parse_resource_metadata(members | {"resource": "https://h"}, resource="https://h", allow_http=True)
    with contextlib.suppress(JoseError):
        compute_thumbprint(members)


@given(st.data())
def test_a_message_with_one_claim_changed_is_read_or_refused_with_our_error(data):
    """house.md §7: close misses reach deeper than noise."""
    build, parse, made = data.draw(
        st.sampled_from(
            [
                (build_proposal, parse_proposal, wire.proposals()),
                (build_answer, parse_answer, wire.answers()),
                (build_statement, parse_statement, wire.statements()),
            ]
        )
    )
    claims = build(data.draw(made))
    name = data.draw(st.sampled_from(sorted(claims)))
    with contextlib.suppress(MalformedMessageError):
        parse(claims | {name: data.draw(wire.json_values)})


@given(st.data())
def test_a_manifest_with_one_member_changed_is_read_or_refused_with_our_error(data):
    """house.md §7."""
    manifest = data.draw(wire.manifests())
    document = build_manifest(manifest)
    name = data.draw(st.sampled_from(sorted(document)))
    with contextlib.suppress(MalformedManifestError):
        parse_manifest(document | {name: data.draw(wire.json_values)}, fetched_under=manifest.url, allow_http=False)


@given(st.data())
def test_a_key_set_with_one_member_changed_is_read_or_refused_with_our_error(data):
    """house.md §7: the library's own errors and TypeError stay inside."""
    name = data.draw(st.sampled_from([*PUBLIC, "key_ops", "d"]))
    with contextlib.suppress(JoseError):
        check_public_jwks({"keys": [PUBLIC | {name: data.draw(wire.json_values)}]})


jwt_parts = st.binary(max_size=40) | json_bytes
near_jwts = (
    st.lists(jwt_parts, min_size=2, max_size=4).map(lambda parts: ".".join(format_base64url(part) for part in parts))
    | anything
)


@given(near_jwts)
def test_jwts_of_any_kind_are_refused_with_our_error(text):
    """libraries.md: the library raises TypeError and RecursionError on some of these."""
    digest_jwt(text)
    for exact in (True, False):
        with contextlib.suppress(JoseError):
            verify_jwt(parse_jwt(text, limit=1000, typ=frozenset({TYP}), exact=exact), [PUBLIC])
    with contextlib.suppress(JoseError):
        jwt = parse_client_assertion(text)
        verify_client_assertion(jwt, keys=[PUBLIC], client_id="c", issuer="https://h", now=0)


@given(wire.json_objects)
def test_claims_that_were_signed_are_proved(claims):
    """RFC 7515."""
    text = sign_jwt(claims, typ=TYP, private_key=PRIVATE, algorithm="ES256", kid=PUBLIC["kid"])
    assert verify_jwt(parse_jwt(text, limit=100_000, typ=frozenset({TYP})), [PUBLIC]) == claims


@given(wire.json_objects, st.data())
def test_flipping_any_bit_of_what_was_signed_fails(claims, data):
    """house.md §7."""
    text = sign_jwt(claims, typ=TYP, private_key=PRIVATE, algorithm="ES256", kid=PUBLIC["kid"])
    position, bit = data.draw(st.integers(0, len(text) - 1)), data.draw(st.integers(0, 6))
    flipped = text[:position] + chr(ord(text[position]) ^ 1 << bit) + text[position + 1 :]
    proved = False
    with contextlib.suppress(JoseError):
        verify_jwt(parse_jwt(flipped, limit=100_000, typ=frozenset({TYP})), [PUBLIC])
        proved = True
    assert not proved


@given(anything, anything)
def test_short_texts_of_any_kind_do_no_harm(text, other):
    """house.md §7: total functions are total."""
    parse_token(text)
    has_token_prefix(text)
    parse_content_type(text)
    parse_basic_credentials(text)
    is_code_challenge_of(text, other)
    with contextlib.suppress(MalformedScopeError):
        parse_scope(text)


@given(anything, anything)
def test_nothing_breaks_out_of_a_challenge_or_a_description(text, other):
    """RFC 9110 §5.5, RFC 6749 §5.2."""
    written = format_challenge("Bearer", {"error_description": text, "scope": other})
    assert written.isascii()
    assert written.isprintable()
    description = build_error_answer(ErrorAnswer(error="e", description=text)).get("error_description", "")
    assert description.isascii()
    assert not set(description) & {'"', "\\", "\n", "\r"}
