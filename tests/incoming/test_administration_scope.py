"""The scope of administering links: for clients by hand whose record names it, and never given unasked."""

from dataclasses import replace

import pytest

from applinks.incoming.oauth2.metadata import build_resource_documents, build_server_document
from applinks.incoming.policy import choose_scopes, list_all_user_scopes, list_user_scopes
from applinks.records.clients import Client, ClientAuthentication
from applinks.records.links import Direction, Link, LinkKind, Peer
from applinks.records.scopes import ADMIN_SCOPE, ADMINISTRATION, Scope
from applinks.wire.linking.terms import Level
from tests.incoming.world import HAND_LINK, World, get_refusal

pytestmark = pytest.mark.anyio

LINK = Link(
    id=HAND_LINK,
    handle="script",
    name="Script",
    kind=LinkKind.BY_HAND,
    peer=Peer(id="", name="Script", url="", manifest={}, keys=()),
    incoming=Direction(level=Level.OAUTH, protocols=("oauth2",), user_scopes=("issues:write", ADMIN_SCOPE)),
    created_at=1,
    created_by="user:9",
)
CLIENT = Client(
    id="cli_script",
    client_id="script",
    link_id=HAND_LINK,
    name="Script",
    authentication=ClientAuthentication.NONE,
    redirect_uris=(),
    grant_types=(),
    scopes=("issues:write", ADMIN_SCOPE),
    created_at=1,
)


async def test_it_is_for_clients_by_hand_whose_record_names_it(world: World) -> None:
    """Ours: it is never agreed by handshake."""
    host = world.side.rules.host
    assert list_user_scopes(CLIENT, LINK, host) == ("issues:write", ADMIN_SCOPE)
    assert list_all_user_scopes(CLIENT, LINK, world.side.rules)[-1] is ADMINISTRATION
    assert list_user_scopes(replace(CLIENT, scopes=("issues:write",)), LINK, host) == ("issues:write",)
    narrowed = replace(LINK, incoming=replace(LINK.incoming, user_scopes=("issues:write",)))
    assert list_user_scopes(CLIENT, narrowed, host) == ("issues:write",)
    assert list_user_scopes(CLIENT, replace(LINK, kind=LinkKind.HANDSHAKE), host) == ("issues:write",)
    assert ADMIN_SCOPE not in list_user_scopes(CLIENT, LINK, world.side.rules.resources[1])


async def test_over_oauth_2_it_is_given_to_whoever_names_it_alone(world: World) -> None:
    """RFC 6749 §3.3: the default is never that much."""
    host = world.side.rules.host
    allowed = list_user_scopes(CLIENT, LINK, host)
    assert choose_scopes((), allowed, host) == ("issues:write",)
    assert choose_scopes((ADMIN_SCOPE,), allowed, host) == (ADMIN_SCOPE,)


async def test_it_is_not_in_our_metadata_and_no_host_can_declare_it(world: World) -> None:
    """Ours: reserved."""
    documents = (build_server_document(world.side), *build_resource_documents(world.side).values())
    assert ADMIN_SCOPE not in repr(documents)
    with pytest.raises(ValueError, match="reserved"):
        Scope(ADMIN_SCOPE, "Anything")
    assert (await get_refusal(world.ask(scope=ADMIN_SCOPE))).code == "invalid_scope"
