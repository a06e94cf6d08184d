"""Links with applications that are no Applinks: what is entered, what it becomes, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from applinks.administration.by_hand import add_incoming, add_link, add_outgoing, change_by_hand
from applinks.administration.hand_values import LinkChange, NewLink
from applinks.administration.links import delete, list_links, pause, resume, show_link
from applinks.administration.values import InvalidValueError, check_scopes
from applinks.linking.errors import LinkingError
from applinks.records.clients import ClientAuthentication, GrantType
from applinks.records.links import Direction, EndReason, LinkKind, LinkState
from applinks.records.registrations import ServerEndpoints
from applinks.secret import Secret
from applinks.settings import Settings
from applinks.wire.linking.terms import Level
from applinks.wire.token_format import TokenKind, parse_token
from tests.administration.hand import (
    ADMIN,
    AUDIT,
    COMMAND,
    GIVEN,
    ISSUER,
    STRANGER,
    URL,
    add_both,
    incoming,
    list_events,
    outgoing,
    read_audit,
)
from tests.linking.world import A_URL, B_URL, World

pytestmark = pytest.mark.anyio

ENDPOINTS = ServerEndpoints(authorization="https://login.board.example/a", token="https://login.board.example/t")


async def test_a_link_by_hand_is_in_force_at_once(world: World) -> None:
    """Product §5 Links: there is nobody to agree with."""
    added = await add_both(world.a)
    link = await world.a.find(added.link.id)
    assert link == added.link
    assert (link.kind, link.state, link.is_usable) == (LinkKind.BY_HAND, LinkState.IN_FORCE, True)
    assert (link.handle, link.peer.url, link.issuer, link.check) == ("board", URL, ISSUER, "none")
    assert (link.seq, link.statement.next_at, link.test_call.next_at) == (0, 0, 0)
    assert link.incoming == Direction(
        level=Level.OAUTH,
        protocols=("oauth2",),
        user_scopes=("pages:read",),
        application_scopes=("pages:read",),
    )
    assert (link.outgoing.user_scopes, link.outgoing.application_scopes) == (("openid", "boards"), ("boards",))
    assert await list_events(world.a, link.id) == [("user:1", "link.added")]


async def test_what_only_calls_us_needs_no_address(world: World) -> None:
    """Product §5 Links: incoming and outgoing, either alone or both."""
    first = await add_both(world.a, url="", outgoing=None)
    second = await add_both(world.a, url="", outgoing=None)
    assert (first.link.peer.url, first.link.outgoing, first.registration) == ("", Direction(), None)
    assert second.link.handle == "board-2"


async def test_what_we_only_call_gets_no_client(world: World) -> None:
    """Product §5 Links: incoming and outgoing, either alone or both."""
    added = await add_both(world.a, incoming=None)
    assert (added.client, added.secret, added.link.incoming) == (None, None, Direction())
    assert await world.a.storage.incoming.list_clients() == []


async def test_the_client_of_a_new_link_has_a_secret_that_is_stored_as_a_digest(world: World) -> None:
    """Security AS-42; product §4 Defaults."""
    added = await add_both(world.a)
    found = await world.a.storage.incoming.find_client(added.client.client_id) if added.client else None
    assert found is not None
    assert added.secret is not None
    assert found.client == added.client
    assert found.client.authentication is ClientAuthentication.CLIENT_SECRET
    assert found.client.grant_types == tuple(GrantType)
    parsed = parse_token(added.secret.reveal())
    assert parsed is not None
    (kept,) = found.client.secrets
    assert (parsed.kind, parsed.row, parsed.digest) == (TokenKind.CLIENT_SECRET, kept.row, kept.digest)
    assert added.secret.reveal().startswith(kept.hint.rstrip("…"))
    assert added.secret.reveal() not in await read_audit(world.a)


async def test_what_the_other_side_gave_us_is_kept_and_told_to_nobody(world: World) -> None:
    """Security N-06; product §5 Links: secrets sealed, write-only."""
    added = await add_both(world.a, outgoing=outgoing(client_id="us", client_secret=GIVEN, endpoints=ENDPOINTS))
    kept = await world.a.storage.outgoing.find_registration(added.link.id)
    assert kept == added.registration
    assert kept is not None
    assert kept.is_complete
    assert (kept.client_secret, kept.endpoints) == (GIVEN, ENDPOINTS)
    assert kept.authentication is ClientAuthentication.CLIENT_SECRET_BASIC
    for text in (repr(added), await read_audit(world.a)):
        assert GIVEN.reveal() not in text


async def test_a_server_that_understands_documents_gets_one_of_its_own(world: World) -> None:
    """Product §3: one for each link with another kind of server."""
    added = await add_both(world.a, outgoing=outgoing(wants_document=True))
    registration = added.registration
    assert registration is not None
    assert len(registration.document) == 22
    assert registration.client_id == f"{A_URL}/applinks/oauth2/clients/{registration.document}.json"
    assert registration.authentication is ClientAuthentication.PRIVATE_KEY_JWT
    assert await world.a.storage.outgoing.find_document(registration.document) == (added.link, registration)


async def test_a_document_on_http_is_nobodys_client_id(world: World) -> None:
    """draft-ietf-oauth-client-id-metadata-document §3 MUST: https; servers refuse any other."""
    administration = replace(world.a.administration, settings=Settings(base_url="http://127.0.0.1:8001"))
    with pytest.raises(InvalidValueError) as refused:
        await add_link(
            NewLink(name="Board", url=URL, outgoing=outgoing(wants_document=True)), actor=ADMIN, side=administration
        )
    assert (refused.value.field, refused.value.code) == ("client_id", "invalid_client_id")


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_server_on_this_machine_may_be_http_where_the_setting_says_so(world: World, allowed: bool) -> None:
    """Product §4: allow_http_for_loopback lets issuers on the loopback hosts be http, whatever our own base URL is."""
    settings = replace(world.a.administration.settings, allow_http_for_loopback=allowed)
    local = "http://127.0.0.1:4600"
    endpoints = ServerEndpoints(authorization=f"{local}/auth", token=f"{local}/token")
    new = NewLink(name="Board", url=local, outgoing=outgoing(issuer=local, endpoints=endpoints))
    adding = add_link(new, actor=ADMIN, side=replace(world.a.administration, settings=settings))
    if allowed:
        assert (await adding).link.issuer == local
        return
    with pytest.raises(InvalidValueError) as refused:
        await adding
    assert refused.value.code == "plain_http"


async def test_a_secret_without_use_is_not_kept(world: World) -> None:
    """Ours: what proves nothing is a risk alone."""
    new = outgoing(client_id="us", client_secret=GIVEN, authentication=ClientAuthentication.NONE)
    added = await add_both(world.a, outgoing=new)
    assert added.registration is not None
    assert added.registration.client_secret is None


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "no name": ({"name": "  "}, "name", "invalid_name"),
    "a name that turns the text around": ({"name": "Board\u202e"}, "name", "invalid_name"),
    "a handle in capitals": ({"handle": "Board"}, "handle", "invalid_handle"),
    "the reserved handle": ({"handle": "new"}, "handle", "invalid_handle"),
    "no direction": ({"incoming": None, "outgoing": None}, "incoming", "direction_missing"),
    "no address to call": ({"url": ""}, "url", "url_missing"),
    "an address without TLS": ({"url": "http://board.example"}, "url", "plain_http"),
    "no address at all": ({"url": "board"}, "url", "invalid_url"),
    "an issuer with a query": ({"outgoing": outgoing(issuer=ISSUER + "?a=b")}, "issuer", "invalid_issuer"),
    "an issuer without TLS": ({"outgoing": outgoing(issuer="http://board.example")}, "issuer", "plain_http"),
    "no issuer": ({"outgoing": outgoing(issuer="")}, "issuer", "invalid_issuer"),
    "no scopes there": ({"outgoing": outgoing(scopes=())}, "outgoing_scopes", "scope_missing"),
    "a scope with a space": ({"outgoing": outgoing(scopes=("a b",))}, "outgoing_scopes", "invalid_scope"),
    "a client id with a line break": ({"outgoing": outgoing(client_id="a\nb")}, "client_id", "invalid_client_id"),
    "an empty secret": ({"outgoing": outgoing(client_secret=Secret(""))}, "client_secret", "invalid_client_secret"),
    "a secret beyond ASCII": (
        {"outgoing": outgoing(client_secret=Secret("Schlüssel"))},
        "client_secret",
        "invalid_client_secret",
    ),
    "a client id beside a document": (
        {"outgoing": outgoing(client_id="us", wants_document=True)},
        "client_id",
        "invalid_client_id",
    ),
    "a secret for a document": (
        {"outgoing": outgoing(wants_document=True, authentication=ClientAuthentication.CLIENT_SECRET_POST)},
        "authentication",
        "invalid_authentication",
    ),
    "no token endpoint": (
        {"outgoing": outgoing(endpoints=replace(ENDPOINTS, token=""))},
        "token_endpoint",
        "endpoint_missing",
    ),
    "no page for users": (
        {"outgoing": outgoing(endpoints=replace(ENDPOINTS, authorization=""))},
        "authorization_endpoint",
        "endpoint_missing",
    ),
    "a revocation endpoint without TLS": (
        {"outgoing": outgoing(endpoints=replace(ENDPOINTS, revocation="http://board.example/r"))},
        "revocation_endpoint",
        "plain_http",
    ),
    "a resource with a fragment": ({"outgoing": outgoing(resource=f"{URL}#x")}, "resource", "invalid_resource"),
    "a redirect URI with a wildcard": (
        {"incoming": incoming(redirect_uris=("https://*.board.example/",))},
        "redirect_uris",
        "invalid_redirect_uri",
    ),
    "codes without a redirect URI": (
        {"incoming": incoming(redirect_uris=(), grant_types=(GrantType.AUTHORIZATION_CODE,))},
        "redirect_uris",
        "redirect_uri_missing",
    ),
    "a public client without a redirect URI": (
        {"incoming": incoming(redirect_uris=(), public=True)},
        "redirect_uris",
        "redirect_uri_missing",
    ),
    "a public client for itself": (
        {"incoming": incoming(public=True, grant_types=(GrantType.CLIENT_CREDENTIALS,))},
        "grant_types",
        "invalid_grant_type",
    ),
    "refresh tokens without codes": (
        {"incoming": incoming(grant_types=(GrantType.REFRESH_TOKEN,))},
        "grant_types",
        "invalid_grant_type",
    ),
    "no scopes here": ({"incoming": incoming(scopes=())}, "scopes", "scope_missing"),
    "the scope of test calls": ({"incoming": incoming(scopes=("applinks:check",))}, "scopes", "invalid_scope"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_value_that_cannot_be_taken_is_named_and_nothing_is_written(world: World, case: str) -> None:
    """Ours: pages put it under the field, commands name the option."""
    values, field, code = BAD[case]
    with pytest.raises(InvalidValueError) as refused:
        await add_both(world.a, **values)
    assert (refused.value.field, refused.value.code, refused.value.status) == (field, code, 400)
    assert await world.a.storage.linking.list_links() == []
    assert await world.a.storage.incoming.list_clients() == []


async def test_the_refusal_of_a_secret_does_not_repeat_it(world: World) -> None:
    """Security N-06."""
    with pytest.raises(InvalidValueError) as refused:
        await add_both(world.a, outgoing=outgoing(client_secret=Secret("Geheimnis\nmit Zeile")))
    assert "Geheimnis" not in refused.value.description + refused.value.detail


@pytest.mark.parametrize("values", [{"url": A_URL}, {"outgoing": outgoing(issuer=A_URL)}])
async def test_an_application_is_not_linked_with_itself_by_hand(world: World, values: dict[str, Any]) -> None:
    """Product §5: refused at once, a link to oneself."""
    with pytest.raises(LinkingError) as refused:
        await add_both(world.a, **values)
    assert refused.value.code == "self_link"


async def test_an_application_is_linked_once(world: World) -> None:
    """Security LK-09."""
    first = await add_both(world.a)
    with pytest.raises(LinkingError) as refused:
        await add_both(world.a)
    assert (refused.value.code, refused.value.link_id) == ("duplicate_link", first.link.id)
    await delete(first.link.id, actor=ADMIN, side=world.a.administration)
    await add_both(world.a)


async def test_an_application_that_is_linked_by_hand_is_not_proposed_a_link(world: World) -> None:
    """Security LK-09: whichever way it was linked."""
    await add_both(world.a, url=B_URL)
    with pytest.raises(LinkingError) as refused:
        await world.a.propose(B_URL)
    assert refused.value.code == "duplicate_link"


async def test_an_application_that_is_linked_is_not_linked_again_by_hand(world: World) -> None:
    """Security LK-09: whichever way it was linked."""
    await world.link()
    with pytest.raises(LinkingError) as refused:
        await add_both(world.a, url=B_URL)
    assert refused.value.code == "duplicate_link"


async def test_a_handle_is_given_once(world: World) -> None:
    """House §8 Ids."""
    await add_both(world.a, handle="whiteboard")
    with pytest.raises(InvalidValueError) as refused:
        await add_both(world.a, handle="whiteboard", url="https://other.example")
    assert (refused.value.field, refused.value.code) == ("handle", "handle_taken")


@pytest.mark.parametrize("actor", [AUDIT, STRANGER])
@pytest.mark.requirement("N-08")
async def test_only_an_administrator_links_by_hand(world: World, actor: Any) -> None:
    """Product §1; security N-08."""
    side, link = world.a.administration, (await add_both(world.a)).link
    new = NewLink(name="Other", incoming=incoming())
    for attempt in (
        add_link(new, actor=actor, side=side),
        add_incoming(link.id, incoming(), actor=actor, side=side),
        add_outgoing(link.id, outgoing(), actor=actor, side=side),
        change_by_hand(link.id, LinkChange(name="Mine"), actor=actor, side=side),
    ):
        with pytest.raises(LinkingError) as refused:
            await attempt
        assert refused.value.code == "not_administrator"
    assert await world.a.find(link.id) == link
    assert len(await list_links(actor=ADMIN, side=side)) == 1


async def test_a_command_links_in_the_name_of_the_system_user(world: World) -> None:
    """House §2 administration: the audit names the command line and the system's user."""
    new = NewLink(name="Board", incoming=incoming())
    added = await add_link(new, actor=COMMAND, side=world.a.administration)
    assert added.link.created_by == "command:root"
    assert await list_events(world.a, added.link.id) == [("command:root", "link.added")]


async def test_a_link_by_hand_is_paused_and_resumed_and_says_nothing(world: World) -> None:
    """Handshake §5 Pause; product §5: nobody there could hear it."""
    side, link_id = world.a.administration, (await add_both(world.a)).link.id
    assert not (await pause(link_id, actor=ADMIN, side=side)).is_usable
    resumed = await resume(link_id, actor=ADMIN, side=side)
    assert resumed.is_usable
    assert (resumed.version, resumed.seq, resumed.check) == (3, 0, "none")
    await world.pump(seconds=90)
    assert world.network.seen == []
    assert await world.a.find(link_id) == resumed


async def test_a_deleted_link_by_hand_takes_its_client_and_registration_along(world: World) -> None:
    """Handshake §5 Delete; security N-06."""
    side, added = world.a.administration, await add_both(world.a)
    ended = await delete(added.link.id, actor=ADMIN, side=side)
    await world.pump(seconds=5)
    assert (ended.state, ended.ended_reason) == (LinkState.ENDED, EndReason.DELETED)
    assert added.client is not None
    assert await world.a.storage.incoming.find_client(added.client.client_id) is None
    assert await world.a.storage.outgoing.find_registration(added.link.id) is None
    assert world.network.seen == []
    view = await show_link(added.link.id, actor=ADMIN, side=side)
    assert view.is_told


def test_a_scope_of_theirs_with_a_comma_is_refused_by_name() -> None:
    """Ours: a list with commas is no scope; the server would refuse it later, in words of its own."""
    with pytest.raises(InvalidValueError, match="'openid,profile' has a comma") as refused:
        check_scopes(("openid,profile",), field="outgoing_scopes", ours=False)
    assert refused.value.field == "outgoing_scopes"
