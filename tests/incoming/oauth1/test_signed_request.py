"""Which client signed a request: the method, the signature, the clock and the nonce."""

import asyncio
from dataclasses import replace
from typing import Any

import oauthlib.oauth1
import pytest

from applinks.errors import RefusedError
from applinks.incoming.authentication import authenticate
from applinks.incoming.oauth1.signed_request import verify_signed_request
from applinks.secret import Secret
from applinks.storage.open import open_storage
from applinks.wire.http import Request
from applinks.wire.oauth1.keys import format_public_key
from applinks.wire.oauth1.parameters import Transmission
from applinks.wire.oauth1.signature import SignatureMethod
from tests.fakes import CountingEntropy
from tests.incoming.oauth1.world import (
    KEY_CLIENT,
    SECRET,
    SECRET_CLIENT,
    OAuth1World,
    get_problem,
    make_rsa_key,
)
from tests.incoming.world import BASE, SOURCE, get_refusal

pytestmark = pytest.mark.anyio

HARD = '/api/issues?a=1&a=&b&c=%5B1%5D&d=[2]|%22"&e=a+b%20c&f=%E4%BD%A0&g=%26%3D&h=%2F%3f&='


async def allow_two_legs(oauth1: OAuth1World, client: str = KEY_CLIENT) -> None:
    await oauth1.change_client(client, oauth1={"two_legged": True, "execute_as": "2"})


@pytest.mark.requirement("O1-01")
@pytest.mark.parametrize("method", [oauthlib.oauth1.SIGNATURE_HMAC_SHA1, oauthlib.oauth1.SIGNATURE_HMAC_SHA256])
async def test_another_library_signs_what_we_verify(oauth1: OAuth1World, method: str) -> None:
    """House §7: an independent oracle; with parameters repeated, empty, reserved and beyond ASCII."""
    await allow_two_legs(oauth1, SECRET_CLIENT)
    signer = oauthlib.oauth1.Client(
        SECRET_CLIENT, SECRET, signature_method=method, timestamp=str(oauth1.inner.clock.now()), nonce="n"
    )
    url = f"{BASE}/api/issues?a=1&a=&c=%5B1%5D&e=a+b%20c&f=%E4%BD%A0&g=%26%3D&h=%2F"
    _, headers, _ = signer.sign(url)
    request = Request(method="GET", url=url, headers=tuple(headers.items()))
    assert await authenticate(request, side=oauth1.side) is not None


@pytest.mark.requirement("O1-01")
@pytest.mark.parametrize("transmission", [Transmission.HEADER, Transmission.QUERY])
async def test_hard_parameters_are_verified_as_they_came(oauth1: OAuth1World, transmission: Transmission) -> None:
    """RFC 5849 §3.4.1.3, errata; Ours: raw brackets, bars and quotes, whatever the host makes of them."""
    await allow_two_legs(oauth1)
    assert await oauth1.call(HARD, transmission=transmission) is not None


@pytest.mark.requirement("O1-01")
async def test_the_path_is_verified_as_it_came_and_routed_as_the_host_reads_it(oauth1: OAuth1World) -> None:
    """RFC 5849 §3.4.1.2: the path is not decoded before it is signed."""
    await allow_two_legs(oauth1)
    for raw in ("/api/a%20b", "/api/%E4%BD%A0", "/api/a%2Fb", "/api/%61", "/api/a%3Foauth_consumer_key=x"):
        signed = oauth1.sign_call(raw)
        came = replace(signed, url=f"{BASE}/api/decoded", raw_url=signed.url)
        assert await authenticate(came, side=oauth1.side) is not None
        decoded = replace(came, raw_url="")
        assert (await get_problem(authenticate(decoded, side=oauth1.side))).code == "signature_invalid"


@pytest.mark.requirement("O1-05", "rfc5849-3.4-1")
async def test_a_client_signs_only_as_its_record_says(oauth1: OAuth1World) -> None:
    """Security O1-05; OAuth Problem Reporting: signature_method_rejected."""
    await allow_two_legs(oauth1)
    await allow_two_legs(oauth1, SECRET_CLIENT)
    for signing in (
        {"method": SignatureMethod.HMAC_SHA1},
        {"method": SignatureMethod.PLAINTEXT},
        {"client": SECRET_CLIENT, "method": SignatureMethod.RSA_SHA1},
        {"client": SECRET_CLIENT, "method": SignatureMethod.PLAINTEXT},
    ):
        problem = await get_problem(oauth1.call(**signing))
        assert (problem.code, problem.status) == ("signature_method_rejected", 400)
    await oauth1.change_client(oauth1={"methods": (SignatureMethod.RSA_SHA256,)})
    assert (await get_problem(oauth1.call(method=SignatureMethod.RSA_SHA1))).code == "signature_method_rejected"
    assert await oauth1.call(method=SignatureMethod.RSA_SHA256) is not None


@pytest.mark.requirement("O1-05")
@pytest.mark.parametrize("method", [SignatureMethod.HMAC_SHA1, SignatureMethod.PLAINTEXT])
async def test_a_client_without_a_secret_is_never_verified_by_one(oauth1: OAuth1World, method: SignatureMethod) -> None:
    """Security O1-05: not even where its record names the method; an empty secret is anybody's."""
    await oauth1.change_client(oauth1={"methods": (*SignatureMethod,), "two_legged": True, "execute_as": "2"})
    header = (
        f'OAuth oauth_consumer_key="{KEY_CLIENT}", oauth_signature_method="{method.value}", oauth_signature="%26", '
        f'oauth_timestamp="{oauth1.inner.clock.now()}", oauth_nonce="n"'
    )
    request = Request(method="GET", url=f"{BASE}/api", headers=(("Authorization", header),))
    assert (await get_problem(authenticate(request, side=oauth1.side))).code == "signature_method_rejected"
    # As the signature of RSA, the public key's text is no secret either.
    pem = format_public_key(make_rsa_key(0).public_key())
    assert (await get_problem(oauth1.call(method=method, secret=pem))).code == "signature_method_rejected"


@pytest.mark.requirement("O1-05", "rfc5849-3.4.4-1")
async def test_plaintext_passes_where_it_is_switched_on_and_over_tls_alone(oauth1: OAuth1World) -> None:
    """RFC 5849 §3.4.4 MUST, §3.1: timestamp and nonce may be left out."""
    await oauth1.change_client(
        SECRET_CLIENT,
        oauth1={"methods": (SignatureMethod.PLAINTEXT,), "two_legged": True, "execute_as": "2"},
    )
    signing: dict[str, Any] = {"client": SECRET_CLIENT, "method": SignatureMethod.PLAINTEXT}
    assert await oauth1.call(**signing) is not None
    assert await oauth1.call(**signing, without=("oauth_timestamp", "oauth_nonce")) is not None
    assert (await get_problem(oauth1.call(**signing, secret="wrong"))).code == "signature_invalid"
    oauth1.side.rules = replace(
        oauth1.side.rules,
        issuer="http://127.0.0.1:8000",
        resources=(replace(oauth1.side.rules.resources[0], identifier="http://127.0.0.1:8000"),),
    )
    assert (await get_problem(oauth1.call(**signing))).code == "signature_method_rejected"


async def test_a_client_may_have_several_keys_while_it_changes_them(oauth1: OAuth1World) -> None:
    """Ours: the old key goes when nobody signs with it any more."""
    await allow_two_legs(oauth1)
    other = make_rsa_key(5)
    assert (await get_problem(oauth1.call(key=other))).code == "signature_invalid"
    pems = tuple(format_public_key(key.public_key()) for key in (make_rsa_key(0), other))
    await oauth1.change_client(oauth1={"public_keys": (*pems, "not a key")})
    assert await oauth1.call(key=other) is not None
    assert await oauth1.call() is not None
    await oauth1.change_client(oauth1={"public_keys": ()})
    assert (await get_problem(oauth1.call())).code == "signature_method_rejected"


@pytest.mark.requirement("rfc5849-3.2-1")
async def test_a_wrong_signature_is_answered_with_our_base_string_and_no_secret(oauth1: OAuth1World) -> None:
    """OAuth Problem Reporting; security N-05."""
    await allow_two_legs(oauth1, SECRET_CLIENT)
    problem = await get_problem(oauth1.call("/api/a?b=c", client=SECRET_CLIENT, secret="wrong"))
    details = dict(problem.report.details)
    assert (problem.code, problem.status) == ("signature_invalid", 401)
    assert details["oauth_signature_base_string"].startswith(
        "GET&https%3A%2F%2Ftracker.example%2Fapi%2Fa&b%3Dc%26oauth"
    )
    assert details["oauth_signature_method"] == "HMAC-SHA1"
    said = repr((problem.report, problem.detail, problem.description))
    assert "secret" not in said
    assert "oauth_signature%3D" not in said


@pytest.mark.requirement("O1-07", "rfc5849-3.2-1")
@pytest.mark.parametrize("client", [KEY_CLIENT, SECRET_CLIENT])
@pytest.mark.parametrize(
    "signature", ["x", "%00", "%FF", "%C3%A9", "\xe9", "!!!!", "=", "A" * 20000, "%0A%0A", "AAAA====", " "]
)
async def test_garbage_for_a_signature_is_a_401(oauth1: OAuth1World, client: str, signature: str) -> None:
    """Security O1-07."""
    signed = oauth1.sign_call(client=client)
    header = signed.headers[0][1]
    garbled = header[: header.index("oauth_signature=")] + f'oauth_signature="{signature}"'
    request = replace(signed, headers=(("Authorization", garbled),))
    problem = await get_problem(authenticate(request, side=oauth1.side))
    assert (problem.code, problem.status) == ("signature_invalid", 401)


@pytest.mark.requirement("O1-03", "rfc5849-3.3-1")
@pytest.mark.parametrize("seconds", [-301, 301, -(10**9), 10**9])
async def test_the_clocks_may_differ_by_five_minutes_either_way(oauth1: OAuth1World, seconds: int) -> None:
    """RFC 5849 §3.3; OAuth Problem Reporting: timestamp_refused, and which would not be."""
    await allow_two_legs(oauth1)
    now = oauth1.inner.clock.now()
    problem = await get_problem(oauth1.call(timestamp=str(max(now + seconds, 0))))
    assert (problem.code, problem.status) == ("timestamp_refused", 400)
    assert dict(problem.report.details) == {"oauth_acceptable_timestamps": f"{now - 300}-{now + 300}"}
    assert await oauth1.call(timestamp=str(now + max(min(seconds, 300), -300))) is not None


@pytest.mark.parametrize("timestamp", ["-1", "1.5", "now", "18000000000000", "１", "0x1"])
async def test_a_timestamp_is_a_number_of_seconds(oauth1: OAuth1World, timestamp: str) -> None:
    """RFC 5849 §3.3 MUST: a positive integer."""
    await allow_two_legs(oauth1)
    problem = await get_problem(oauth1.call(timestamp=timestamp))
    assert problem.code == "timestamp_refused"
    assert "oauth_acceptable_timestamps" in dict(problem.report.details)


@pytest.mark.requirement("O1-03", "rfc5849-3.3-2")
async def test_a_nonce_counts_once_for_a_client_a_token_and_a_timestamp(oauth1: OAuth1World) -> None:
    """RFC 5849 §3.2, §3.3: unique over all four."""
    await allow_two_legs(oauth1)
    await allow_two_legs(oauth1, SECRET_CLIENT)
    request = oauth1.sign_call(nonce="n")
    assert await authenticate(request, side=oauth1.side) is not None
    problem = await get_problem(authenticate(request, side=oauth1.side))
    assert (problem.code, problem.status) == ("nonce_used", 401)
    assert (await get_problem(oauth1.call("/another", nonce="n"))).code == "nonce_used"
    assert await oauth1.call(nonce="n", timestamp=str(oauth1.inner.clock.now() - 1)) is not None
    assert await oauth1.call(nonce="n", client=SECRET_CLIENT) is not None
    credentials = await oauth1.get_credentials()
    assert await oauth1.call(nonce="n", token=credentials.token) is not None


@pytest.mark.requirement("O1-03")
async def test_a_nonce_counts_once_for_all_processes_and_after_a_restart(oauth1: OAuth1World) -> None:
    """Security O1-03."""
    await allow_two_legs(oauth1)
    request = oauth1.sign_call()
    assert await authenticate(request, side=oauth1.side) is not None
    other = await open_storage(oauth1.side.settings, clock=oauth1.inner.clock, entropy=CountingEntropy("other"))
    try:
        elsewhere = replace_store(oauth1, other)
        assert (await get_problem(authenticate(request, side=elsewhere))).code == "nonce_used"
    finally:
        await other.close()


def replace_store(oauth1: OAuth1World, storage: Any) -> Any:
    """Give the same side over another opening of the database."""
    side = oauth1.side
    return type(side)(
        store=storage.incoming,
        oauth1=storage.oauth1,
        settings=side.settings,
        clock=side.clock,
        entropy=side.entropy,
        rows=side.rows,
        users=side.users,
        resources=side.resources,
        failures=side.failures,
    )


@pytest.mark.requirement("O1-03")
async def test_of_twenty_copies_of_a_request_one_passes(oauth1: OAuth1World) -> None:
    """Security O1-03: one atomic claim."""
    await allow_two_legs(oauth1)
    request = oauth1.sign_call()
    answers = await asyncio.gather(
        *(authenticate(request, side=oauth1.side) for _ in range(20)), return_exceptions=True
    )
    assert [each.code for each in answers if isinstance(each, RefusedError)] == ["nonce_used"] * 19


@pytest.mark.requirement("O1-03", "O1-04")
async def test_a_wrong_signature_and_a_wrong_clock_spend_no_nonce(oauth1: OAuth1World) -> None:
    """House §4: spent once it verified."""
    await allow_two_legs(oauth1)
    request = oauth1.sign_call(nonce="n")
    forged = replace(request, url=f"{request.url}?x=1")
    assert (await get_problem(authenticate(forged, side=oauth1.side))).code == "signature_invalid"
    oauth1.inner.clock.advance(400)
    assert (await get_problem(authenticate(request, side=oauth1.side))).code == "timestamp_refused"
    oauth1.inner.clock.advance(-400)
    assert await authenticate(request, side=oauth1.side) is not None


@pytest.mark.requirement("N-10")
async def test_wrong_signatures_are_limited_by_client_and_address_and_right_ones_pass(oauth1: OAuth1World) -> None:
    """Security N-10: an honest client is never locked out."""
    await allow_two_legs(oauth1, SECRET_CLIENT)

    async def forge(source: str = SOURCE, client: str = SECRET_CLIENT) -> RefusedError:
        request = oauth1.sign_call(client=client, method=SignatureMethod.HMAC_SHA1, secret="wrong")
        return await get_refusal(verify_signed_request(request, source=source, side=oauth1.side))

    codes = [(await forge()).code for _ in range(61)]
    assert codes == ["signature_invalid"] * 60 + ["too_many_requests"]
    refusal = await forge()
    assert (refusal.status, dict(refusal.headers)["Retry-After"]) == (429, "60")
    assert (await forge("198.51.100.9")).code == "signature_invalid"
    assert await oauth1.call(client=SECRET_CLIENT) is not None
    codes = [(await forge("203.0.113.1", client="nobody")).code for _ in range(61)]
    assert codes == ["consumer_key_unknown"] * 60 + ["too_many_requests"]


@pytest.mark.requirement("AS-42")
async def test_an_unknown_token_costs_as_much_as_a_known_one(
    oauth1: OAuth1World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Security AS-42: the same number of verifications."""
    from applinks.incoming.oauth1 import signed_request

    await allow_two_legs(oauth1, SECRET_CLIENT)
    credentials = await oauth1.get_credentials(client=SECRET_CLIENT)
    counted: list[str] = []
    real = signed_request.verify_secrets

    def count(*args: Any) -> None:
        counted.append("verified")
        real(*args)

    monkeypatch.setattr(signed_request, "verify_secrets", count)
    for token in (credentials.token, credentials.token[:-1] + "x", "unknown"):
        counted.clear()
        signing = {"client": SECRET_CLIENT, "token": token, "token_secret": Secret("wrong")}
        await get_problem(oauth1.call(**signing))
        assert counted == ["verified"]


@pytest.mark.parametrize("missing", ["oauth_signature_method", "oauth_timestamp", "oauth_nonce", "oauth_signature"])
async def test_what_is_missing_is_named(oauth1: OAuth1World, missing: str) -> None:
    """OAuth Problem Reporting: parameter_absent."""
    header = oauth1.sign_call().headers[0][1]
    parts = [part for part in header.removeprefix("OAuth ").split(", ") if not part.startswith(f"{missing}=")]
    request = Request(method="GET", url=f"{BASE}/api", headers=(("Authorization", "OAuth " + ", ".join(parts)),))
    problem = await get_problem(authenticate(request, side=oauth1.side))
    assert (problem.code, problem.status) == ("parameter_absent", 400)
    assert dict(problem.report.details) == {"oauth_parameters_absent": missing}


async def test_another_version_is_refused(oauth1: OAuth1World) -> None:
    """RFC 5849 §3.1 MUST; OAuth Problem Reporting: version_rejected."""
    header = oauth1.sign_call().headers[0][1].replace('oauth_version="1.0"', 'oauth_version="2.0"')
    request = Request(method="GET", url=f"{BASE}/api", headers=(("Authorization", header),))
    problem = await get_problem(authenticate(request, side=oauth1.side))
    assert (problem.code, problem.status) == ("version_rejected", 400)
    assert dict(problem.report.details) == {"oauth_acceptable_versions": "1.0-1.0"}


@pytest.mark.requirement("rfc5849-3.2-1")
async def test_flipping_any_signed_character_fails(oauth1: OAuth1World) -> None:
    """House §7: of the method, the URL, and each parameter."""
    request = oauth1.sign_call("/api/issues?a=1&b=%20")
    first = len(f"{BASE}/")
    for place in range(first, len(request.url)):
        for other in {"x", "%", "&", "=", "/"} - {request.url[place]}:
            forged = replace(request, url=request.url[:place] + other + request.url[place + 1 :])
            refusal = await get_problem(verify_signed_request(forged, source=f"{place}", side=oauth1.side))
            assert refusal.code == "signature_invalid", forged.url
    for method in ("POST", "HEAD", "GETT"):
        forged = replace(request, method=method)
        assert (await get_problem(authenticate(forged, side=oauth1.side))).code == "signature_invalid"
    header = request.headers[0][1]
    for name in ("oauth_timestamp", "oauth_nonce", "oauth_version"):
        start = header.index(f'{name}="') + len(name) + 2
        garbled = f"{header[:start]}1{header[start:]}"
        forged = replace(request, headers=(("Authorization", garbled),))
        assert (await get_problem(authenticate(forged, side=oauth1.side))).status in {400, 401}
