"""The revocation endpoint: a client gives up what it was issued."""

from applinks.incoming.grants import end_grant
from applinks.incoming.oauth2.client_authentication import authenticate_client
from applinks.incoming.oauth2.token_request import ANSWER_HEADERS, read_form
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundClient
from applinks.records.grants import GrantEnd
from applinks.secret import is_same_digest
from applinks.wire.http import Request, Response
from applinks.wire.oauth2.messages import parse_revocation_request
from applinks.wire.token_format import ParsedToken, TokenKind, parse_token


async def answer_revocation_request(request: Request, *, source: str, side: IncomingSide) -> Response:
    """
    Answer a request to the revocation endpoint.

    RFC 7009 §2.

    A refresh token ends the grant, and so the consent: the user is asked again the next time. A token that is unknown
    or another client's is answered like one that was revoked, and nothing is done. Pause and rest do not matter: what
    a client gives up is gone. ``source`` is the address that the request came from, for the limits.

    Raises:
        RefusedError: the request is malformed, or its client not proved.
    """
    asked = read_form(request, parse_revocation_request, side=side)
    client = await authenticate_client(asked.client, source=source, side=side)
    parsed = parse_token(asked.token)
    if parsed is not None and parsed.kind is TokenKind.ACCESS:
        await _revoke_access_token(parsed, client, side)
    elif parsed is not None and parsed.kind is TokenKind.REFRESH:
        await _end_grant_of(parsed, client, side)
    # RFC 7009 §2.2: clients ignore the body; some fail where it is not JSON.
    return Response(status=200, headers=ANSWER_HEADERS, body=b"{}")


async def _revoke_access_token(parsed: ParsedToken, client: FoundClient, side: IncomingSide) -> None:
    found = await side.store.find_access_token(parsed.row)
    if found is None or not is_same_digest(found.token.digest, parsed.digest):
        return
    if found.token.client == client.client.id:
        await side.store.revoke_access_token(parsed.row, at=side.clock.now())


async def _end_grant_of(parsed: ParsedToken, client: FoundClient, side: IncomingSide) -> None:
    found = await side.store.find_refresh_token(parsed.row)
    if found is None or not is_same_digest(found.token.digest, parsed.digest):
        return
    if found.token.client == client.client.id:
        actor = f"peer:{client.client.client_id}"
        await end_grant(found.grant.id, by=GrantEnd.CLIENT, actor=actor, side=side, link_id=client.link.id)
