from collections.abc import Generator

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from applinks.errors import PeerProtocolError, PeerRefusedError, PeerUnreachableError, RefusedError
from applinks.outgoing.errors import GrantEndedError
from applinks.outgoing.oauth1.owner_authorization import build_authorization_url, is_owner_answer, read_owner_answer
from applinks.outgoing.oauth1.problems import build_error
from applinks.outgoing.oauth1.signed_request import (
    EMPTY_CREDENTIALS,
    Freshness,
    HeldCredentials,
    OwnClient,
    ParsedKeys,
    sign_as,
)
from applinks.outgoing.oauth1.temporary_credentials import request_temporary_credentials
from applinks.outgoing.oauth1.token_credentials import exchange_temporary_credentials, renew_token_credentials
from applinks.secret import Secret
from applinks.wire.http import Request, Response
from applinks.wire.oauth1.parameters import Transmission
from applinks.wire.oauth1.signature import SignatureMethod
from applinks.wire.oauth1.signed_request import parse_signed_request
from tests.outgoing.fakes import make_oauth1_key

# RFC 5849 §1.2.
PHOTOS = "https://photos.example.net"
PRINTER = OwnClient(key="dpf43f3p2l4k3l03", method=SignatureMethod.HMAC_SHA1, secret=Secret("kd94hf93k423kf44"))
TEMPORARY = HeldCredentials(token=Secret("hh5s93j4hdidpola"), secret=Secret("hdhd0244k9j7ao03"))
TOKEN = HeldCredentials(token=Secret("nnch734d00sl2jdk"), secret=Secret("pfkkdhi9sl3r4s00"))
NOW = Freshness(timestamp=137131200, nonce="wIjqoxSZ")


def run(exchange: Generator[Request, Response, object], answer: Response):
    """Give the request of an exchange and what it returned."""
    request = next(exchange)
    try:
        exchange.send(answer)
    except StopIteration as finished:
        return request, finished.value
    raise AssertionError("the exchange asks for more")


def text(body: str, status: int = 200) -> Response:
    return Response(status=status, headers=(("Content-Type", "text/plain"),), body=body.encode())


def ask_temporary(answer: Response):
    exchange = request_temporary_credentials(
        f"{PHOTOS}/initiate", callback="http://printer.example.com/ready", own=PRINTER, freshness=NOW
    )
    return run(exchange, answer)


def renew(answer: Response, own: OwnClient = PRINTER):
    exchange = renew_token_credentials(
        f"{PHOTOS}/token", held=TOKEN, session_handle=Secret("handle-1"), own=own, freshness=NOW
    )
    return run(exchange, answer)


def test_temporary_credentials_are_asked_for_as_the_rfc_shows():
    """RFC 5849 §1.2 and §2.1: its example, without realm and with a version."""
    request, held = ask_temporary(
        text("oauth_token=hh5s93j4hdidpola&oauth_token_secret=hdhd0244k9j7ao03&oauth_callback_confirmed=true")
    )
    assert (request.method, request.url, request.body) == ("POST", f"{PHOTOS}/initiate", b"")
    parsed = parse_signed_request(request)
    assert parsed.transmission is Transmission.HEADER
    assert parsed.unverified == {
        "oauth_consumer_key": "dpf43f3p2l4k3l03",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131200",
        "oauth_nonce": "wIjqoxSZ",
        "oauth_version": "1.0",
        "oauth_callback": "http://printer.example.com/ready",
        "oauth_signature": parsed.signature,
    }
    assert held == TEMPORARY


def test_token_credentials_are_asked_for_with_what_the_user_brought():
    """RFC 5849 §2.3."""
    exchange = exchange_temporary_credentials(
        f"{PHOTOS}/token", held=TEMPORARY, oauth_verifier=Secret("hfdp7dh39dks9884"), own=PRINTER, freshness=NOW
    )
    request, given = run(exchange, text("oauth_token=nnch734d00sl2jdk&oauth_token_secret=pfkkdhi9sl3r4s00"))
    said = parse_signed_request(request).unverified
    assert (said["oauth_token"], said["oauth_verifier"]) == ("hh5s93j4hdidpola", "hfdp7dh39dks9884")
    assert (given.token, given.secret, given.expires_in) == ("nnch734d00sl2jdk", TOKEN.secret, 0)


def test_a_renewal_shows_token_and_handle():
    """The session extension."""
    answer = "oauth_token=t&oauth_token_secret=&oauth_session_handle=h2&oauth_expires_in=60"
    request, given = renew(text(answer))
    said = parse_signed_request(request).unverified
    assert (said["oauth_token"], said["oauth_session_handle"]) == ("nnch734d00sl2jdk", "handle-1")
    assert (given.token, given.session_handle, given.expires_in) == ("t", "h2", 60)


def test_each_method_signs():
    """RFC 5849 §3.4."""
    key = ParsedKeys().get(make_oauth1_key())
    signatures = set()
    for method in SignatureMethod:
        own = OwnClient(key="k", method=method, private_key=key if method.is_rsa else None, secret=Secret("s&"))
        request = sign_as(own, Request(method="GET", url=f"{PHOTOS}/p"), NOW, held=EMPTY_CREDENTIALS)
        parsed = parse_signed_request(request)
        assert (parsed.method, parsed.unverified_token) == (method, "")
        signatures.add(parsed.signature)
    assert len(signatures) == 7
    assert "s%26&" in signatures


def test_two_legs_may_leave_the_token_out():
    """RFC 5849 §3.1: ``oauth_token`` may be omitted."""
    parsed = parse_signed_request(sign_as(PRINTER, Request(method="GET", url=f"{PHOTOS}/p"), NOW))
    assert parsed.unverified_token is None


@pytest.mark.parametrize(
    "own",
    [
        {"method": SignatureMethod.RSA_SHA1, "secret": Secret("s")},
        {"method": SignatureMethod.HMAC_SHA1},
        {"method": SignatureMethod.HMAC_SHA1, "secret": Secret("")},
        {"method": SignatureMethod.PLAINTEXT, "private_key": None},
    ],
)
def test_nobody_signs_without_what_the_method_signs_with(own):
    """Ours: an empty secret would let anybody sign."""
    with pytest.raises(ValueError, match="signs with"):
        OwnClient(key="k", **own)


def test_two_parsed_keys_are_kept_and_no_more():
    """Ours: a key is replaced now and then, and the process lives on."""
    kept, pair = ParsedKeys(), make_oauth1_key()
    first = kept.get(pair)
    assert kept.get(pair) is first
    for kid in ("rsa-2", "rsa-3"):
        kept.get(type(pair)(**{name: getattr(pair, name) for name in pair.__slots__} | {"kid": kid}))
    assert len(kept._kept) == 2
    assert kept.get(pair) is not first


OAUTH = 'OAuth realm="x", oauth_problem='


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (Response(status=401, headers=(("WWW-Authenticate", f'{OAUTH}"token_rejected"'),)), GrantEndedError, None),
        (Response(status=401, headers=(("WWW-Authenticate", f"{OAUTH}permission_denied"),)), GrantEndedError, None),
        (text("oauth_problem=token_expired", 401), GrantEndedError, "token_expired"),
        (text("oauth_problem=signature_invalid", 401), PeerRefusedError, "signature_invalid"),
        (text("oauth_problem=own_word", 400), PeerRefusedError, "peer_refused"),
        (text("<html>", 401), PeerRefusedError, "peer_refused"),
        (text("no", 403), PeerRefusedError, "peer_refused"),
        (text("oauth_problem=token_rejected", 503), PeerUnreachableError, "temporarily_unavailable"),
        (text("<html>", 404), PeerProtocolError, "peer_protocol"),
        (Response(status=302, headers=(("Location", "https://evil.example/"),)), PeerProtocolError, "peer_protocol"),
        (text("<html>"), PeerProtocolError, "peer_protocol"),
        (text(""), PeerProtocolError, "peer_protocol"),
        (text("oauth_token=a"), PeerProtocolError, "peer_protocol"),
        (text("oauth_token=a&oauth_token=b&oauth_token_secret=c"), PeerProtocolError, "peer_protocol"),
        (text("oauth_token=a&oauth_token_secret=c&oauth_expires_in=x"), PeerProtocolError, "peer_protocol"),
        (text("oauth_token=%ff&oauth_token_secret=c"), PeerProtocolError, "peer_protocol"),
        (text('{"oauth_token": "a", "oauth_token_secret": "c"}'), PeerProtocolError, "peer_protocol"),
        (text("oauth_token=a&oauth_token_secret=" + "c" * 20000), PeerProtocolError, "peer_protocol"),
    ],
)
def test_each_answer_is_told_apart(answer, error, code):
    """RFC 5849 §3.2; problem reporting."""
    with pytest.raises(error) as raised:
        renew(answer)
    assert type(raised.value) is error
    assert code is None or raised.value.code == code
    assert f"{PHOTOS}/token" in raised.value.detail


@pytest.mark.parametrize("body", ["oauth_token=a&oauth_token_secret=b", "oauth_problem=x", ""])
def test_temporary_credentials_come_whole_and_confirmed(body):
    """RFC 5849 §2.1 MUST ``oauth_callback_confirmed``."""
    with pytest.raises(PeerProtocolError):
        ask_temporary(text(body))


def test_a_client_that_is_refused_before_anybody_granted_is_no_grant_that_ended():
    """Ours: told apart."""
    with pytest.raises(PeerRefusedError) as raised:
        ask_temporary(text("oauth_problem=permission_denied", 401))
    assert type(raised.value) is PeerRefusedError


@pytest.mark.requirement("N-05")
@pytest.mark.parametrize("method", [SignatureMethod.PLAINTEXT, SignatureMethod.HMAC_SHA1])
def test_what_a_server_repeats_of_our_secrets_is_in_no_error(method):
    """Ours: a server says which parameters it refuses, and a hostile one says what it was sent; errors are logged."""
    own = OwnClient(key="printer", method=method, secret=Secret("our/secret"))
    repeated = "oauth_session_handle=handle-1 nnch734d00sl2jdk our%2Fsecret pfkkdhi9sl3r4s00 our%252Fsecret"
    said = "&".join(
        f"{name}={repeated.replace('=', '%3D').replace(' ', '+')}"
        for name in ("oauth_parameters_rejected", "oauth_problem_advice", "oauth_signature_base_string", "reference")
    )
    with pytest.raises(PeerRefusedError) as raised:
        renew(text(f"oauth_problem=parameter_rejected&{said}", 400), own)
    shown = raised.value.detail + raised.value.description
    secrets = ["handle-1", "nnch734d00sl2jdk"]
    if method is SignatureMethod.PLAINTEXT:
        # The other methods do not send them.
        secrets += ["our%2Fsecret", "pfkkdhi9sl3r4s00"]
    assert not [secret for secret in secrets if secret in shown]


def test_what_a_server_answers_in_the_place_of_credentials_is_kept_short():
    """Security N-05: the name of a parameter is the server's own text."""
    name = "oauth_handle-1" + "%0A" * 300
    with pytest.raises(PeerProtocolError) as raised:
        renew(text(f"{name}=a&{name}=b"))
    assert "handle-1" not in raised.value.detail
    assert len(raised.value.detail) < 300
    assert raised.value.detail.isprintable()


def test_an_address_with_parameters_of_oauth_in_it_is_no_trouble_of_ours():
    """Ours: an administrator may enter anything."""
    asked = sign_as(PRINTER, Request(method="POST", url=f"{PHOTOS}/t?oauth_token=x&oauth_nonce=y"), NOW)
    error = build_error(text("oauth_problem=nonce_used", 401), asked=asked, freshness=NOW)
    assert error.code == "nonce_used"


def test_an_error_names_what_helps_and_stays_short():
    """Ours: an administrator looks for a slip; the peer's reference leads to its own record."""
    body = "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_nonce&reference=AL-AAAA-BBBB&x=%0A" + "y" * 900
    asked = sign_as(PRINTER, Request(method="POST", url=f"{PHOTOS}/t?a=b"), NOW)
    error = build_error(text(body, 400), asked=asked, freshness=NOW)
    assert error.detail == (
        f"{PHOTOS}/t answered 400: parameter_absent, oauth_parameters_absent oauth_nonce, reference AL-AAAA-BBBB"
    )
    long = build_error(text(f"oauth_problem={'z%0A' * 900}", 400), asked=asked, freshness=NOW)
    assert len(long.detail) < 400
    assert long.detail.isprintable()


def test_the_address_that_asks_the_user_keeps_its_own_query():
    """RFC 5849 §2.2."""
    assert build_authorization_url(f"{PHOTOS}/a?x=1", token=Secret("a&b")) == f"{PHOTOS}/a?x=1&oauth_token=a%26b"
    assert build_authorization_url(f"{PHOTOS}/a", token=Secret("t")) == f"{PHOTOS}/a?oauth_token=t"


def test_what_comes_back_is_read():
    """RFC 5849 §2.2."""
    answer = read_owner_answer("oauth_token=t%2B&oauth_verifier=v+w&extra=1")
    assert (answer.token, answer.oauth_verifier) == (Secret("t+"), Secret("v w"))
    assert "v w" not in repr(answer)
    with pytest.raises(RefusedError):
        read_owner_answer("oauth_token=t&oauth_verifier=")


@pytest.mark.parametrize(
    ("query", "is_ours"),
    [
        ("oauth_token=t&oauth_verifier=v", True),
        ("oauth_token=t", True),
        ("oauth_problem=user_refused", True),
        ("denied=t", True),
        ("code=c&state=s&iss=i", False),
        ("error=access_denied&state=s", False),
        ("oauth_token=t&oauth_verifier=v&state=s", False),
        ("", False),
        ("%ff=%ff", False),
    ],
)
def test_answers_of_both_protocols_are_told_apart(query, is_ours):
    """Ours: both come back at the link's one address."""
    assert is_owner_answer(query) is is_ours


def test_a_key_of_ours_does_not_show_itself():
    """Security N-05."""
    own = OwnClient(key="k", method=SignatureMethod.RSA_SHA1, private_key=generate_private_key(65537, 1024))
    assert "RSAPrivateKey" not in repr(own)
    assert "kd94hf93k423kf44" not in repr(PRINTER)
