"""Temporary credentials, a user's yes, token credentials, calls and renewal."""

import pytest

from applinks.wire.oauth1.parameters import Transmission
from tests.incoming.oauth1.world import (
    CALLBACK,
    HMAC_METHODS,
    KEY_CLIENT,
    RSA_METHODS,
    SECRET_CLIENT,
    OAuth1World,
    read_query,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("client", "method"),
    [*((KEY_CLIENT, method) for method in RSA_METHODS), *((SECRET_CLIENT, method) for method in HMAC_METHODS)],
)
@pytest.mark.parametrize("transmission", Transmission)
async def test_three_legs_lead_to_calls_for_a_user(
    oauth1: OAuth1World, client: str, method: object, transmission: Transmission
) -> None:
    """RFC 5849 §2, §3.5."""
    signing = {"client": client, "method": method}
    temporary = await oauth1.begin(transmission=transmission, **signing)
    assert temporary.confirmed
    approved = await oauth1.approve(temporary.token)
    assert approved.url.startswith(f"{CALLBACK}?oauth_token={temporary.token}&oauth_verifier=")
    credentials = await oauth1.exchange(
        temporary, read_query(approved.url)["oauth_verifier"], transmission=transmission, **signing
    )
    caller = await oauth1.call(token=credentials.token, token_secret=credentials.secret, **signing)
    assert caller is not None
    assert (caller.user, caller.client.client_id, caller.protocol) == (oauth1.alice, client, "oauth1")
    assert caller.scopes == {"issues:read", "issues:write"}
    assert caller.link.handle == "gadgets"
