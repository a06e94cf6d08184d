"""What RFC 5849 wants of a server, where no other test here says it already."""

import base64
import hmac
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from applinks.errors import SettingsError
from applinks.incoming.authentication import authenticate
from applinks.incoming.oauth1.owner_authorization import deny_authorization, open_owner_authorization
from applinks.records.token_credentials import OUT_OF_BAND
from applinks.settings import Settings
from applinks.wire.http import Request
from applinks.wire.oauth1.parameters import FORM
from tests.incoming.oauth1.world import (
    KEY_CLIENT,
    OLD_CLIENT,
    SECRET,
    SECRET_CLIENT,
    OAuth1World,
    get_problem,
    make_rsa_key,
    write_query,
)
from tests.incoming.world import BASE, get_refusal

pytestmark = pytest.mark.anyio


def build_header(oauth1: OAuth1World, client: str, method: str, signature: str, **more: str) -> str:
    said = {
        "oauth_consumer_key": client,
        "oauth_signature_method": method,
        "oauth_timestamp": str(oauth1.inner.clock.now()),
        "oauth_nonce": "n",
        "oauth_signature": signature,
    } | more
    return "OAuth " + ", ".join(f'{name}="{value}"' for name, value in said.items())


async def allow_two_legs(oauth1: OAuth1World, client: str) -> None:
    await oauth1.change_client(client, oauth1={"two_legged": True, "execute_as": "2"})


@pytest.mark.requirement(
    "rfc5849-3.4.1.1-1", "rfc5849-3.4.1.3.2-1", "rfc5849-3.4.1.3.1-2", "rfc5849-3.4.2-1", "rfc5849-3.6-1"
)
async def test_a_signature_made_by_hand_is_the_one_that_we_compute(oauth1: OAuth1World) -> None:
    """RFC 5849 §3.4.1, §3.4.2, §3.6: written out here, by no library."""
    await allow_two_legs(oauth1, SECRET_CLIENT)
    now = oauth1.inner.clock.now()
    parameters = (
        f"a%3D%26a%3D1%26a%3D2%2520q%26b5%3D%253D%25253D%26c%2540%3D~%26oauth_consumer_key%3D{SECRET_CLIENT}"
        f"%26oauth_nonce%3Dn%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D{now}%26z%3D%25E4%25BD%25A0"
    )
    base_string = f"GET&https%3A%2F%2Ftracker.example%2Fapi%2Fr%257C&{parameters}"
    key = SECRET.replace(" ", "%20") + "&"
    signature = base64.b64encode(hmac.digest(key.encode(), base_string.encode(), "sha1")).decode()
    header = build_header(oauth1, SECRET_CLIENT, "HMAC-SHA1", signature.replace("+", "%2B").replace("/", "%2F"))
    url = f"{BASE}/api/r%7C?z=%e4%bd%a0&b5=%3D%253D&c%40=%7e&a=2+q&a=1&a"
    request = Request(method="get", url=url, headers=(("Authorization", header),))
    assert await authenticate(request, side=oauth1.side) is not None


@pytest.mark.requirement("rfc5849-3.4.3-1")
async def test_rsa_is_verified_with_the_registered_key(oauth1: OAuth1World) -> None:
    """RFC 5849 §3.4.3: signed here by the key itself."""
    await allow_two_legs(oauth1, KEY_CLIENT)
    now = oauth1.inner.clock.now()
    base_string = (
        f"GET&https%3A%2F%2Ftracker.example%2Fapi&oauth_consumer_key%3D{KEY_CLIENT}%26oauth_nonce%3Dn"
        f"%26oauth_signature_method%3DRSA-SHA1%26oauth_timestamp%3D{now}"
    )
    for number, is_good in ((0, True), (3, False)):
        signature = make_rsa_key(number).sign(base_string.encode(), PKCS1v15(), hashes.SHA1())
        text = base64.b64encode(signature).decode().replace("+", "%2B").replace("/", "%2F")
        header = build_header(oauth1, KEY_CLIENT, "RSA-SHA1", text)
        request = Request(method="GET", url=f"{BASE}/api", headers=(("Authorization", header),))
        if is_good:
            assert await authenticate(request, side=oauth1.side) is not None
        else:
            assert (await get_problem(authenticate(request, side=oauth1.side))).code == "signature_invalid"


@pytest.mark.requirement("rfc5849-3.4.1.2-2")
@pytest.mark.parametrize("written", ["HTTPS://Tracker.Example", "https://tracker.example:443"])
async def test_how_a_client_writes_scheme_host_and_default_port_does_not_matter(
    oauth1: OAuth1World, written: str
) -> None:
    """RFC 5849 §3.4.1.2, erratum 2550."""
    await allow_two_legs(oauth1, KEY_CLIENT)
    signed = oauth1.sign(Request(method="GET", url=f"{written}/api"))
    assert await authenticate(replace(signed, url=f"{BASE}/api"), side=oauth1.side) is not None
    other = oauth1.sign(Request(method="GET", url="https://tracker.example:8443/api"))
    assert (await get_problem(authenticate(replace(other, url=f"{BASE}/api"), side=oauth1.side))).status == 401


@pytest.mark.requirement("rfc5849-3.5.1-2")
@pytest.mark.parametrize("scheme", ["oauth ", "OAUTH\t", 'OAuth realm="x", ', 'OAuth realm="a,b" , ', "OAuth ,"])
async def test_the_header_is_read_as_widely_as_clients_write_it(oauth1: OAuth1World, scheme: str) -> None:
    """RFC 5849 §3.5.1; Ours: odd spacing."""
    await allow_two_legs(oauth1, KEY_CLIENT)
    signed = oauth1.sign_call()
    header = scheme + signed.headers[0][1].removeprefix("OAuth ").replace(", ", ",\t")
    assert await authenticate(replace(signed, headers=(("authorization", header),)), side=oauth1.side) is not None


@pytest.mark.requirement("rfc5849-3.1-1", "rfc5849-3.1-2", "rfc5849-3.1-3", "rfc5849-3.2-4")
@pytest.mark.parametrize(
    ("more", "without", "code"),
    [
        (', oauth_nonce="m"', "", "parameter_rejected"),
        (', oauth_version="1.0a"', "", "version_rejected"),
        ("", "oauth_nonce", "parameter_absent"),
        ("", "oauth_timestamp", "parameter_absent"),
        (', oauth_signature_method="HMAC-MD5"', "oauth_signature_method", "signature_method_rejected"),
    ],
)
async def test_what_is_missing_doubled_or_not_supported_is_a_400(
    oauth1: OAuth1World, more: str, without: str, code: str
) -> None:
    """RFC 5849 §3.1, §3.2."""
    header = build_header(oauth1, SECRET_CLIENT, "HMAC-SHA1", "x")
    parts = [part for part in header.split(", ") if not without or not part.removeprefix("OAuth ").startswith(without)]
    request = Request(method="GET", url=f"{BASE}/api", headers=(("Authorization", ", ".join(parts) + more),))
    problem = await get_problem(authenticate(request, side=oauth1.side))
    assert (problem.code, problem.status) == (code, 400)


@pytest.mark.requirement("rfc5849-3.2-2", "rfc5849-3.2-3", "rfc5849-3.2-4", "rfc5849-2.3-3")
async def test_credentials_that_are_not_good_are_a_401(oauth1: OAuth1World) -> None:
    """RFC 5849 §3.2: what was granted, to whom, and whether it still stands is looked at with every call."""
    credentials = await oauth1.get_credentials()
    caller = await oauth1.call(token=credentials.token, nonce="once")
    assert caller is not None
    assert caller.scopes <= {"issues:read", "issues:write", "notes:read"}
    for call, code in (
        (oauth1.call(token=credentials.token, nonce="once"), "nonce_used"),
        (oauth1.call(token=credentials.token[:-1]), "token_rejected"),
        (oauth1.call(token=credentials.token, client=SECRET_CLIENT), "token_rejected"),
        (oauth1.call(token=credentials.token, key=make_rsa_key(3)), "signature_invalid"),
    ):
        problem = await get_problem(call)
        assert (problem.code, problem.status) == (code, 401)


@pytest.mark.requirement("rfc5849-2.1-4", "rfc5849-2.3-4")
@pytest.mark.parametrize("base_url", ["http://tracker.example", "http://10.0.0.1"])
def test_credentials_are_given_over_tls(base_url: str) -> None:
    """RFC 5849 §2.1, §2.3 MUST; http is for this machine alone, for development."""
    with pytest.raises(SettingsError):
        Settings(base_url=base_url)


@pytest.mark.requirement("rfc5849-2.1-2", "rfc5849-2-1")
async def test_what_stands_in_an_address_of_ours_besides_is_signed_and_changes_nothing(oauth1: OAuth1World) -> None:
    """RFC 5849 §2: an endpoint has no parameters of its own; a callback is needed."""
    from tests.incoming.oauth1.world import ACCESS_TOKEN_URL, REQUEST_TOKEN_URL

    assert "?" not in REQUEST_TOKEN_URL + ACCESS_TOKEN_URL
    assert (await get_problem(oauth1.begin(callback=None))).code == "parameter_absent"
    assert (await oauth1.begin(callback=OUT_OF_BAND)).confirmed


@pytest.mark.requirement("rfc5849-2.2-1", "rfc5849-2.2-2", "rfc5849-2.2-4", "rfc5849-2.2-5")
async def test_the_user_who_decides_is_noted_and_the_verifier_is_new_each_time(oauth1: OAuth1World) -> None:
    """RFC 5849 §2.2."""
    verifiers = set()
    for user_id in ("1", "2"):
        temporary = await oauth1.begin(callback=OUT_OF_BAND)
        opened = await open_owner_authorization(write_query(oauth_token=temporary.token), side=oauth1.side)
        assert opened.client.name == "Gadgets"
        approved = await oauth1.approve(temporary.token, user=oauth1.inner.users.known[user_id])
        assert approved.oauth_verifier is not None
        verifiers.add(approved.oauth_verifier.reveal())
        credentials = await oauth1.exchange(temporary, approved.oauth_verifier.reveal())
        caller = await oauth1.call(token=credentials.token)
        assert caller is not None
        assert caller.user is not None
        assert caller.user.id == user_id
    assert len(verifiers) == 2


@pytest.mark.requirement("rfc5849-4.5-1", "AS-42", "N-06")
async def test_the_database_holds_no_token_secret_verifier_or_handle_in_clear(
    oauth1: OAuth1World, tmp_path: Path
) -> None:
    """RFC 5849 §4.5; security N-06."""
    temporary = await oauth1.begin(callback=OUT_OF_BAND)
    approved = await oauth1.approve(temporary.token)
    assert approved.oauth_verifier is not None
    credentials = await oauth1.exchange(temporary, approved.oauth_verifier.reveal())
    with closing(sqlite3.connect(tmp_path / "applinks.db")) as raw:
        dump = "\n".join(raw.iterdump())
    for value in (
        temporary.token.rpartition("_")[0][-43:],
        temporary.secret.reveal(),
        approved.oauth_verifier.reveal(),
        credentials.token.rpartition("_")[0][-43:],
        credentials.secret.reveal(),
        credentials.session_handle,
        SECRET,
    ):
        assert value not in dump
        assert value.encode().hex() not in dump.lower()


@pytest.mark.requirement("rfc5849-4.10-1")
async def test_whoever_guesses_signatures_has_to_wait(oauth1: OAuth1World) -> None:
    """RFC 5849 §4.10, security N-10."""
    signing = {"client": SECRET_CLIENT, "secret": "wrong"}
    codes = [(await get_refusal(oauth1.call(**signing))).status for _ in range(62)]
    assert codes == [401] * 60 + [429] * 2


@pytest.mark.requirement("O1-04")
async def test_after_a_no_the_old_dialect_yields_nothing_either(oauth1: OAuth1World) -> None:
    """OAuth Core 1.0 §6.2.3."""
    temporary = await oauth1.begin(client=OLD_CLIENT, callback=None)
    opened = await open_owner_authorization(write_query(oauth_token=temporary.token), side=oauth1.side)
    assert await deny_authorization(opened, oauth1.alice, side=oauth1.side) is None
    assert (await get_problem(oauth1.exchange(temporary, None, client=OLD_CLIENT))).code == "permission_denied"


async def test_another_type_than_a_form_holds_no_credentials(oauth1: OAuth1World) -> None:
    """RFC 5849 §3.5.2 MUST."""
    body = f"oauth_consumer_key={KEY_CLIENT}".encode()
    for content_type in ("multipart/form-data", "text/plain", f"x{FORM}", ""):
        request = Request(method="POST", url=f"{BASE}/api", headers=(("Content-Type", content_type),), body=body)
        assert await authenticate(request, side=oauth1.side, form=True) is None
