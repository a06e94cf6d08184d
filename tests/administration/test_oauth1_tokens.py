"""What clients of OAuth 1.0a hold, seen and ended by an administrator; and two who add the same one at once."""

import asyncio

import pytest

from applinks.administration.clients import list_clients
from applinks.administration.tokens import list_tokens, revoke_tokens
from applinks.administration.values import InvalidValueError
from applinks.errors import RefusedError
from applinks.wire.token_format import TokenKind, format_token, parse_token
from tests.administration.hand import ADMIN
from tests.administration.oauth1 import add
from tests.linking.world import World
from tests.web.protocol.atlassian import open_rest_peer

pytestmark = pytest.mark.anyio


async def test_a_token_that_leaked_ends_all_that_came_of_the_consent(both: World) -> None:
    """Product §5: a whole token that somebody should not have seen; of that the whole family ends."""
    peer = await open_rest_peer(both)
    side, token = peer.ours.administration, await peer.get_token("3")
    (held,) = await list_tokens(actor=ADMIN, side=side)
    assert (held.client.client_id, held.user_id, held.client.protocol) == ("board:1234", "3", "oauth1")
    assert (await peer.call("GET", "/rest/applinks/3.0/manifest", user="3")).status == 200
    assert await revoke_tokens(token, actor=ADMIN, side=side) == 1
    assert await list_tokens(actor=ADMIN, side=side) == []
    assert await revoke_tokens(token, actor=ADMIN, side=side) == 0


async def test_a_token_with_the_row_of_another_ends_nothing(both: World) -> None:
    """Security AS-42: a row is no secret."""
    peer = await open_rest_peer(both)
    side, parsed = peer.ours.administration, parse_token(await peer.get_token("3"))
    assert parsed is not None
    for kind in (TokenKind.TOKEN_CREDENTIALS, TokenKind.TEMPORARY_CREDENTIALS):
        with pytest.raises(RefusedError) as refused:
            await revoke_tokens(format_token(kind, parsed.row, b"x" * 32), actor=ADMIN, side=side)
        assert refused.value.code == "unknown_token"
    assert len(await list_tokens(actor=ADMIN, side=side)) == 1


async def test_of_many_who_add_one_key_at_once_one_does(both: World) -> None:
    """House §4: there is no exists() followed by save()."""
    link = (await add(both.a, key="first")).link
    racing = [add(both.a, link=link.id if number % 2 else "") for number in range(8)]
    results = await asyncio.gather(*racing, return_exceptions=True)
    refused = [each for each in results if isinstance(each, InvalidValueError)]
    assert (len(refused), {each.code for each in refused}) == (7, {"key_taken"})
    assert len(await list_clients(actor=ADMIN, side=both.a.administration)) == 2
