"""What clients hold of us, seen and ended by an administrator."""

from dataclasses import dataclass
from typing import Any

import pytest

from applinks.administration.clients import AddedClient, NewClient, add_client
from applinks.administration.tokens import list_tokens, revoke_all, revoke_tokens
from applinks.errors import RefusedError
from applinks.linking.errors import LinkingError
from applinks.records.grants import Grant
from applinks.records.tokens import AccessToken, AuthorizationCode, Family, RefreshToken
from applinks.wire.token_format import ParsedToken, TokenKind, format_row, format_token, parse_token
from tests.administration.hand import ADMIN, AUDIT, CALLBACK, STRANGER, list_events
from tests.linking.world import A_URL, Application, World

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, kw_only=True)
class Held:
    """What one client got, with the values that only it knows."""

    added: AddedClient
    grant: Grant
    family: Family
    code: str
    access: str
    refresh: str

    @property
    def row(self) -> int:
        return read(self.access).row


def read(value: str) -> ParsedToken:
    parsed = parse_token(value)
    assert parsed is not None
    return parsed


def make(kind: TokenKind, row: int) -> str:
    return format_token(kind, row, bytes([row]) * 32)


async def add(application: Application, name: str) -> AddedClient:
    new = NewClient(name=name, redirect_uris=(CALLBACK,), scopes=("pages:read",))
    return await add_client(new, actor=ADMIN, side=application.administration)


async def give(application: Application, added: AddedClient, number: int, *, user_id: str = "alice") -> Held:
    """Let a user say yes, and the client exchange its code."""
    store, now, client = application.storage.incoming, application.administration.clock.now(), added.client
    shared: dict[str, Any] = {"client": client.id, "scopes": ("pages:read",), "resource": A_URL}
    grant = Grant(id=f"grt_{number:022d}", link_id=added.link.id, user_id=user_id, created_at=now, **shared)
    code, access, refresh = (make(kind, number) for kind in (TokenKind.CODE, TokenKind.ACCESS, TokenKind.REFRESH))
    family = Family(id=f"fam_{number:022d}", grant_id=grant.id, created_at=now + number, absolute_expires_at=now + 9999)
    of_both: dict[str, Any] = {"grant_id": grant.id, "user_id": user_id, "issued_at": now, **shared}
    asked = AuthorizationCode(
        row=number,
        digest=read(code).digest,
        redirect_uri=CALLBACK,
        code_challenge="x",
        expires_at=now + 60,
        **of_both,
    )
    await store.save_consent(grant, asked, None)
    assert await store.exchange_code(
        number,
        at=now,
        family=family,
        access_token=AccessToken(
            row=number, digest=read(access).digest, family_id=family.id, expires_at=now + 3600, **of_both
        ),
        refresh_token=RefreshToken(
            row=number, digest=read(refresh).digest, family_id=family.id, idle_expires_at=now + 7200, **of_both
        ),
    )
    return Held(added=added, grant=grant, family=family, code=code, access=access, refresh=refresh)


async def give_itself(application: Application, added: AddedClient, number: int) -> str:
    """Let the client obtain a token for itself."""
    now, value = application.administration.clock.now(), make(TokenKind.ACCESS, number)
    token = AccessToken(
        row=number,
        digest=read(value).digest,
        client=added.client.id,
        scopes=("pages:read",),
        resource=A_URL,
        issued_at=now,
        expires_at=now + 3600,
    )
    await application.storage.incoming.add_access_token(token)
    return value


async def list_names(application: Application, **narrowed: str) -> list[str]:
    return [each.name for each in await list_tokens(actor=AUDIT, side=application.administration, **narrowed)]


async def test_what_clients_hold_is_listed_newest_first(world: World) -> None:
    """Product §4 tokens list."""
    added = await add(world.a, "Probe")
    held, own = await give(world.a, added, 1), await give_itself(world.a, added, 7)
    found = await list_tokens(actor=AUDIT, side=world.a.administration)
    family, token = found
    assert (family.name, family.grant_id, family.user_id) == (held.family.id, held.grant.id, "alice")
    assert (token.name, token.grant_id, token.user_id) == (f"ala_{format_row(7)}", "", None)
    assert own.startswith(token.name + "_")
    assert family.client == token.client == added.client
    assert (family.expires_at, token.expires_at) == (world.clock.now() + 7200, world.clock.now() + 3600)


async def test_the_list_is_narrowed_by_link_client_and_user(world: World) -> None:
    """Product §4 tokens list."""
    probe, board = await add(world.a, "Probe"), await add(world.a, "Board")
    first = await give(world.a, probe, 1)
    second = await give(world.a, board, 2, user_id="bob")
    own = f"ala_{format_row(read(await give_itself(world.a, board, 7)).row)}"
    assert await list_names(world.a, link="probe") == [first.family.id]
    assert sorted(await list_names(world.a, client=board.client.client_id)) == sorted([own, second.family.id])
    assert await list_names(world.a, user_id="bob") == [second.family.id]
    assert await list_names(world.a, user_id="nobody") == []
    with pytest.raises(RefusedError) as refused:
        await list_names(world.a, client="nobody")
    assert refused.value.code == "unknown_client"


@pytest.mark.parametrize("leaked", ["access", "refresh", "code"])
async def test_a_value_that_leaked_ends_its_whole_family(world: World, leaked: str) -> None:
    """Ours: whoever has one of it may have all of it; RFC 7009 §2.1."""
    side, held = world.a.administration, await give(world.a, await add(world.a, "Probe"), 1)
    assert await revoke_tokens(getattr(held, leaked), actor=ADMIN, side=side) == 1
    assert await list_names(world.a) == []
    assert (await list_events(world.a))[-1] == ("user:1", "tokens.revoked")
    grant = await world.a.storage.incoming.find_live_grant(client=held.added.client.id, user_id="alice")
    assert grant is not None
    if leaked != "code":
        assert await revoke_tokens(getattr(held, leaked), actor=ADMIN, side=side) == 0


async def test_a_value_with_the_row_of_another_ends_nothing(world: World) -> None:
    """Security AS-42: a row is no secret."""
    side = world.a.administration
    await give(world.a, await add(world.a, "Probe"), 1)
    for kind in (TokenKind.ACCESS, TokenKind.REFRESH, TokenKind.CODE):
        with pytest.raises(RefusedError) as refused:
            await revoke_tokens(format_token(kind, 1, b"x" * 32), actor=ADMIN, side=side)
        assert refused.value.code == "unknown_token"
    assert len(await list_names(world.a)) == 1


async def test_a_family_is_ended_and_the_consent_stays(world: World) -> None:
    """Product §5 Incoming: what ends the grant ends the consent; a family is less."""
    side, added = world.a.administration, await add(world.a, "Probe")
    held = await give(world.a, added, 1)
    assert await revoke_tokens(held.family.id, actor=ADMIN, side=side) == 1
    assert await world.a.storage.incoming.find_live_grant(client=added.client.id, user_id="alice") is not None
    with pytest.raises(RefusedError) as refused:
        await revoke_tokens(held.family.id, actor=ADMIN, side=side)
    assert (refused.value.code, refused.value.status) == ("unknown_token", 404)


async def test_a_grant_is_ended_with_all_that_came_of_it(world: World) -> None:
    """Product §5 Incoming: a remembered consent is the grant."""
    side, added = world.a.administration, await add(world.a, "Probe")
    held = await give(world.a, added, 1)
    assert await revoke_tokens(held.grant.id, actor=ADMIN, side=side) == 1
    assert await world.a.storage.incoming.find_live_grant(client=added.client.id, user_id="alice") is None
    assert (await list_events(world.a, added.link.id))[-1] == ("user:1", "grant.ended")
    with pytest.raises(RefusedError):
        await revoke_tokens(held.grant.id, actor=ADMIN, side=side)


@pytest.mark.parametrize("by", ["name", "value"])
async def test_a_token_of_the_application_itself_is_ended(world: World, by: str) -> None:
    """RFC 6749 §4.4; the audit names it as the list does."""
    side, added = world.a.administration, await add(world.a, "Probe")
    value, other = await give_itself(world.a, added, 7), await give_itself(world.a, added, 8)
    (_, name) = sorted(await list_names(world.a), reverse=True)
    assert value.startswith(name)
    assert await revoke_tokens(name if by == "name" else value, actor=ADMIN, side=side) == 1
    (left,) = await list_names(world.a)
    assert other.startswith(left)
    event = (await world.a.storage.audit.list(limit=1))[0]
    assert (event.action, event.subject, event.link_id) == ("tokens.revoked", name, added.link.id)


async def test_a_clients_secret_is_no_token(world: World) -> None:
    """Ours: the next step is another one."""
    added = await add(world.a, "Probe")
    assert added.secret is not None
    with pytest.raises(RefusedError) as refused:
        await revoke_tokens(added.secret.reveal(), actor=ADMIN, side=world.a.administration)
    assert refused.value.code == "is_client_secret"


@pytest.mark.parametrize("name", ["", "fam_x", "grt_x", "ala_1", "alice", "ala_\x00", "fam_\ud800"])
async def test_what_names_nothing_ends_nothing(world: World, name: str) -> None:
    """Product §5 Nothing lost: bad input gets a clear error."""
    await give(world.a, await add(world.a, "Probe"), 1)
    with pytest.raises(RefusedError) as refused:
        await revoke_tokens(name, actor=ADMIN, side=world.a.administration)
    assert refused.value.code == "unknown_token"
    assert len(await list_names(world.a)) == 1


async def test_all_that_one_link_holds_is_ended_at_once_with_the_consents(world: World) -> None:
    """Product §4 tokens revoke."""
    side, probe, board = world.a.administration, await add(world.a, "Probe"), await add(world.a, "Board")
    await give(world.a, probe, 1)
    await give(world.a, probe, 2, user_id="bob")
    await give_itself(world.a, probe, 7)
    other = await give(world.a, board, 3)
    assert await revoke_all(link="probe", actor=ADMIN, side=side) == 3
    assert await list_names(world.a) == [other.family.id]
    for user_id in ("alice", "bob"):
        assert await world.a.storage.incoming.find_live_grant(client=probe.client.id, user_id=user_id) is None
    assert await revoke_all(link="probe", actor=ADMIN, side=side) == 0


async def test_all_that_acts_for_one_user_is_ended(world: World) -> None:
    """Product §4 tokens revoke: what applications hold for themselves is not hers."""
    side, probe = world.a.administration, await add(world.a, "Probe")
    await give(world.a, probe, 1)
    bob = await give(world.a, probe, 2, user_id="bob")
    own = await give_itself(world.a, probe, 7)
    assert await revoke_all(user_id="alice", actor=ADMIN, side=side) == 1
    left = await list_names(world.a)
    assert left[0] == bob.family.id
    assert own.startswith(left[1])


@pytest.mark.requirement("N-08")
async def test_only_an_administrator_ends_tokens(world: World) -> None:
    """Product §1; security N-08."""
    side, held = world.a.administration, await give(world.a, await add(world.a, "Probe"), 1)
    for actor in (AUDIT, STRANGER):
        for attempt in (
            revoke_tokens(held.family.id, actor=actor, side=side),
            revoke_all(actor=actor, side=side),
        ):
            with pytest.raises(LinkingError) as refused:
                await attempt
            assert refused.value.code == "not_administrator"
    with pytest.raises(LinkingError):
        await list_tokens(actor=STRANGER, side=side)
    assert len(await list_names(world.a)) == 1
