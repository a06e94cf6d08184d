"""What an administrator takes back while a user is on her way counts at once, at each step that is left."""

from dataclasses import replace
from typing import Any

import pytest

from applinks.incoming.authentication import authenticate
from applinks.incoming.grants import end_all_grants
from applinks.incoming.oauth1.owner_authorization import open_owner_authorization
from applinks.records.links import Pause
from applinks.secret import Secret
from applinks.wire.http import Request
from applinks.wire.oauth1.parameters import FORM
from applinks.wire.oauth1.signature import SharedSecrets, SignatureMethod
from applinks.wire.oauth1.signed_request import sign_request
from applinks.wire.token_format import TokenKind, format_token, parse_token
from tests.incoming.oauth1.world import (
    CALLBACK,
    HAND_LINK,
    HMAC_METHODS,
    KEY_CLIENT,
    OLD_CLIENT,
    OAuth1World,
    Signer,
    get_problem,
    make_rsa_key,
    write_query,
)
from tests.incoming.world import BASE, SOURCE, get_refusal

pytestmark = pytest.mark.anyio

ELSEWHERE = "https://gadgets.example/other"
WAYS: list[Any] = [
    (KEY_CLIENT, CALLBACK, {}, {"redirect_uris": (ELSEWHERE,)}),
    (KEY_CLIENT, "oob", {"out_of_band": False}, {}),
    (OLD_CLIENT, None, {"dialect_1_0": False}, {}),
]


@pytest.mark.requirement("AS-03")
@pytest.mark.parametrize(("client", "callback", "oauth1_changes", "changes"), WAYS)
async def test_a_way_of_answering_that_was_taken_back_leads_nowhere(
    oauth1: OAuth1World, client: str, callback: str | None, oauth1_changes: dict[str, Any], changes: dict[str, Any]
) -> None:
    """Ours: nothing goes to an address that is registered no more, and a switch that is off is off."""
    temporary = await oauth1.begin(client=client, callback=callback)
    await oauth1.change_client(client, oauth1=oauth1_changes, **changes)
    opening = open_owner_authorization(write_query(oauth_token=temporary.token), side=oauth1.side)
    assert (await get_refusal(opening)).code == "invalid_redirect_uri"


@pytest.mark.requirement("O1-04")
@pytest.mark.parametrize(("client", "callback", "oauth1_changes", "changes"), WAYS)
async def test_what_a_user_approved_before_yields_nothing_afterwards(
    oauth1: OAuth1World, client: str, callback: str | None, oauth1_changes: dict[str, Any], changes: dict[str, Any]
) -> None:
    """Ours: of the 1.0 dialect above all, where nothing but the token has to be known."""
    temporary = await oauth1.begin(client=client, callback=callback)
    approved = await oauth1.approve(temporary.token)
    await oauth1.change_client(client, oauth1=oauth1_changes, **changes)
    verifier = approved.oauth_verifier.reveal() if approved.oauth_verifier else None
    refused = await get_problem(oauth1.exchange(temporary, verifier, client=client))
    assert refused.code == "permission_denied"


@pytest.mark.requirement("O1-03")
@pytest.mark.parametrize("later", [0, 299, 300, 301, 599, 600, 601, 659, 900])
async def test_a_request_from_the_future_is_not_replayed_however_late(oauth1: OAuth1World, later: int) -> None:
    """RFC 5849 §3.3: a nonce outlives every moment at which its timestamp would pass, pruned or not."""
    oauth1.inner.clock.advance(300)
    request = oauth1.sign_call()
    oauth1.inner.clock.advance(-300)
    await oauth1.change_client(oauth1={"two_legged": True, "execute_as": "2"})
    assert await authenticate(request, side=oauth1.side, source=SOURCE)
    oauth1.inner.clock.advance(later)
    await oauth1.inner.storage.prune(now=oauth1.inner.clock.now())
    refused = await get_problem(authenticate(request, side=oauth1.side, source=SOURCE))
    assert refused.code == ("nonce_used" if later <= 600 else "timestamp_refused")


@pytest.mark.requirement("O1-05")
async def test_a_public_key_is_no_secret_of_hmac(oauth1: OAuth1World) -> None:
    """Ours: algorithm confusion; the key is published, so that anybody could sign with it."""
    found = await oauth1.side.oauth1.find_client(KEY_CLIENT)
    (pem,) = found.client.oauth1.public_keys
    for secret in (pem, pem.strip(), "".join(pem.split("\n")[1:-2])):
        for method in ("HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT"):
            refused = await get_problem(oauth1.call(secret=secret, method=SignatureMethod(method)))
            assert refused.code == "signature_method_rejected"


@pytest.mark.requirement("RS-20")
async def test_values_of_one_protocol_are_nothing_in_the_other(oauth1: OAuth1World) -> None:
    """Ours: a token whose secret is not proved is no bearer token."""
    credentials = await oauth1.get_credentials()
    temporary = await oauth1.begin()
    for token in (credentials.token, temporary.token):
        request = Request(method="GET", url=f"{BASE}/api/issues", headers=(("Authorization", f"Bearer {token}"),))
        assert (await get_refusal(authenticate(request, side=oauth1.side, source=SOURCE))).code == "invalid_token"


@pytest.mark.requirement("O1-03")
async def test_a_nonce_is_claimed_for_longer_than_its_timestamp_passes(
    oauth1: OAuth1World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 5849 §3.3: without the hour that the database keeps it besides."""
    kept: list[int] = []
    claim = oauth1.side.oauth1.claim_nonce

    async def note(digest: bytes, *, expires_at: int) -> bool:
        kept.append(expires_at)
        return bool(await claim(digest, expires_at=expires_at))

    monkeypatch.setattr(oauth1.side.oauth1, "claim_nonce", note)
    await oauth1.change_client(oauth1={"two_legged": True, "execute_as": "2"})
    await oauth1.call()
    assert kept[0] > oauth1.inner.clock.now() + 2 * 300


@pytest.mark.requirement("AS-13")
async def test_a_token_that_names_the_row_of_another_and_has_not_its_secret_part_is_none(oauth1: OAuth1World) -> None:
    """Ours: rows can be counted; a client that signs by its key proves nothing of a token but what it shows."""
    credentials, temporary = await oauth1.get_credentials(), await oauth1.begin()
    for token, kind in (
        (credentials.token, TokenKind.TOKEN_CREDENTIALS),
        (temporary.token, TokenKind.TEMPORARY_CREDENTIALS),
    ):
        parsed = parse_token(token)
        assert parsed is not None
        guessed = format_token(kind, parsed.row, bytes(32))
        assert (await get_problem(oauth1.call(token=guessed))).code == "token_rejected"
        fetching = oauth1.fetch(guessed, temporary.secret, verifier="v", session_handle="h")
        assert (await get_problem(fetching)).code == "token_rejected"
        opening = open_owner_authorization(write_query(oauth_token=guessed), side=oauth1.side)
        assert (await get_refusal(opening)).code == "token_rejected"


@pytest.mark.requirement("AS-35")
async def test_what_a_client_may_have_by_now_is_not_what_was_granted(oauth1: OAuth1World) -> None:
    """Ours: a record that names more afterwards gives nothing to credentials that a user gave before."""
    await oauth1.change_client(scopes=("issues:read",))
    credentials = await oauth1.get_credentials()
    await oauth1.change_client(scopes=("issues:read", "issues:write", "notes:read", "applinks:admin"))
    caller = await oauth1.call(token=credentials.token)
    assert caller is not None
    assert caller.scopes == {"issues:read"}
    renewed = await oauth1.fetch(credentials.token, credentials.secret, session_handle=credentials.session_handle)
    caller = await oauth1.call(token=renewed.token)
    assert caller is not None
    assert caller.scopes == {"issues:read"}


@pytest.mark.requirement("O1-06")
async def test_two_legs_that_were_switched_off_run_as_nobody(oauth1: OAuth1World) -> None:
    """Ours: whom it ran as stays in the record, for when it is switched on again."""
    await oauth1.change_client(oauth1={"two_legged": True, "execute_as": "2"})
    assert await oauth1.call()
    await oauth1.change_client(oauth1={"two_legged": False})
    assert (await get_problem(oauth1.call())).code == "permission_denied"


@pytest.mark.requirement("AS-33")
async def test_token_credentials_end_at_their_time_with_their_grant_and_when_they_are_renewed(
    oauth1: OAuth1World,
) -> None:
    """RFC 5849 §3.2: each end at the very call, by the problem that says which."""
    credentials = await oauth1.get_credentials()
    oauth1.inner.clock.advance(5 * 365 * 86400 + 10 * 86400)
    assert (await get_problem(oauth1.call(token=credentials.token))).code == "token_expired"
    renewed = await oauth1.fetch(credentials.token, credentials.secret, session_handle=credentials.session_handle)
    assert await oauth1.call(token=renewed.token)
    assert (await get_problem(oauth1.call(token=credentials.token))).code == "token_rejected"
    await end_all_grants("1", side=oauth1.side)
    assert (await get_problem(oauth1.call(token=renewed.token))).code == "token_revoked"


@pytest.mark.requirement("AS-12")
async def test_calls_end_with_the_family_of_temporary_credentials_that_were_replayed(oauth1: OAuth1World) -> None:
    """Ours: of whoever was the thief."""
    temporary = await oauth1.begin()
    approved = await oauth1.approve(temporary.token)
    assert approved.oauth_verifier is not None
    given = await oauth1.exchange(temporary, approved.oauth_verifier.reveal())
    assert await oauth1.call(token=given.token)
    assert (await get_problem(oauth1.exchange(temporary, approved.oauth_verifier.reveal()))).code == "token_used"
    assert (await get_problem(oauth1.call(token=given.token))).code == "token_revoked"


@pytest.mark.requirement("AS-33")
async def test_a_link_that_is_paused_meanwhile_refuses_calls_for_the_time_and_ends_nothing(oauth1: OAuth1World) -> None:
    """Ours: what passes is a 503, or clients would throw their credentials away."""
    credentials = await oauth1.get_credentials()
    await oauth1.change_link(pause=Pause(by="user:9", at=1))
    refused = await get_refusal(oauth1.call(token=credentials.token))
    assert (refused.code, refused.status) == ("temporarily_unavailable", 503)
    await oauth1.change_link(pause=None)
    assert await oauth1.call(token=credentials.token)
    await oauth1.change_client(paused=True)
    assert (await get_problem(oauth1.call(token=credentials.token))).code == "permission_denied"


@pytest.mark.requirement("O1-05")
async def test_an_empty_secret_is_none(oauth1: OAuth1World) -> None:
    """Ours: whatever came into the record, by whichever way."""
    await oauth1.change_client(
        oauth1={"shared_secret": Secret(""), "methods": HMAC_METHODS, "two_legged": True, "execute_as": "2"}
    )
    for method in HMAC_METHODS:
        signer = Signer(method, secrets=SharedSecrets(b"&"))
        said = {"oauth_consumer_key": KEY_CLIENT, "oauth_nonce": "n", "oauth_timestamp": str(oauth1.inner.clock.now())}
        request = sign_request(Request(method="GET", url=f"{BASE}/api/issues"), said, signer)
        refused = await get_problem(authenticate(request, side=oauth1.side, source=SOURCE))
        assert refused.code == "signature_method_rejected"


@pytest.mark.requirement("AS-33")
async def test_a_link_that_speaks_it_no_more_serves_no_client_of_it(oauth1: OAuth1World) -> None:
    """Handshake §5: the protocols of a direction are agreed, and narrowed, like its scopes."""
    credentials, temporary = await oauth1.get_credentials(), await oauth1.begin()
    link = await oauth1.inner.storage.linking.find_link(HAND_LINK)
    assert link is not None
    await oauth1.change_link(incoming=replace(link.incoming, protocols=("oauth2",)))
    assert (await get_problem(oauth1.call(token=credentials.token))).code == "permission_denied"
    assert (await get_problem(oauth1.begin())).code == "permission_denied"
    opening = open_owner_authorization(write_query(oauth_token=temporary.token), side=oauth1.side)
    assert (await get_refusal(opening)).code == "permission_denied"
    renewing = oauth1.fetch(credentials.token, credentials.secret, session_handle=credentials.session_handle)
    assert (await get_problem(renewing)).code == "permission_denied"


@pytest.mark.requirement("O1-06")
async def test_a_name_that_stands_elsewhere_than_in_the_query_is_refused(oauth1: OAuth1World) -> None:
    """Ours: a client that thinks it calls as somebody else would call as the one user of its two legs."""
    await oauth1.change_client(oauth1={"two_legged": True, "execute_as": "2"})
    url = f"{BASE}/api/issues"
    form = (("Content-Type", FORM),)
    for body in (b"xoauth_requestor_id=carol", b"a=b&xoauth%5Frequestor_id=carol", b"xoauth_requestor_id"):
        request = oauth1.sign(Request(method="POST", url=url, headers=form, body=body))
        assert (await get_problem(authenticate(request, side=oauth1.side))).code == "parameter_rejected"
    said = {"xoauth_requestor_id": "carol", "oauth_consumer_key": KEY_CLIENT, "oauth_nonce": "h"}
    said["oauth_timestamp"] = str(oauth1.inner.clock.now())
    signer = Signer(SignatureMethod.RSA_SHA1, make_rsa_key(0))
    in_header = sign_request(Request(method="GET", url=url), said, signer)
    assert (await get_problem(authenticate(in_header, side=oauth1.side))).code == "parameter_rejected"
    for fine in (b"a=xoauth_requestor_id%3Dcarol", b"xxoauth_requestor_id=carol", b"a=%26xoauth_requestor_id=1"):
        request = oauth1.sign(Request(method="POST", url=url, headers=form, body=fine))
        assert await authenticate(request, side=oauth1.side)
