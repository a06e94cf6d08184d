"""We tell the peer that we need a token no more."""

from applinks.fetching.exchange import Exchange
from applinks.outgoing.oauth2.token_request import build_error, build_form_request
from applinks.secret import Secret
from applinks.wire.oauth2.messages import PresentedClient, RevocationRequest, build_revocation_request


def revoke_token(endpoint: str, *, token: Secret, client: PresentedClient) -> Exchange[None]:
    """
    Revoke a token at the peer.

    RFC 7009 §2.

    A token that the peer does not know counts as revoked.

    Raises:
        PeerError: the peer did not confirm it.
    """
    pairs = build_revocation_request(RevocationRequest(token=token.reveal(), client=client))
    asked = build_form_request(endpoint, pairs, client=client)
    response = yield asked
    if response.status != 200:
        raise build_error(response, asked=asked)
