"""What becomes of clients (consumers) of OAuth 1.0a: changes, secrets, the end, and what the audit says."""

from dataclasses import replace

import pytest

from applinks.administration.by_hand import add_link, change_by_hand
from applinks.administration.clients import (
    ClientChange,
    NewClient,
    add_client,
    change_client,
    delete_client,
    list_clients,
    rotate_secret,
    show_client,
)
from applinks.administration.hand_values import LinkChange, NewLink, OAuth1ClientChange
from applinks.administration.oauth1_clients import add_oauth1_client, change_oauth1_client
from applinks.administration.values import InvalidValueError
from applinks.linking.errors import LinkingError
from applinks.records.links import LinkState
from applinks.secret import Secret
from tests.administration.hand import ADMIN, AUDIT, STRANGER, read_audit
from tests.administration.oauth1 import (
    CALLBACK,
    HMAC,
    KEY,
    RSA,
    SHARED,
    add,
    add_user,
    bare_key,
    new_client,
    public_pem,
)
from tests.linking.world import World

pytestmark = pytest.mark.anyio


async def test_a_change_keeps_what_it_does_not_name(both: World) -> None:
    """Ours: None is as it was."""
    side = both.a.administration
    bot = await add_user(both.a, "bot")
    before = (await add(both.a, shared_secret=SHARED)).client
    change = OAuth1ClientChange(name="Board", two_legged=True, execute_as="bot", dialect_1_0=True)
    after = (await change_oauth1_client(KEY, change, actor=ADMIN, side=side)).client
    assert before.oauth1 is not None
    assert after.oauth1 == replace(before.oauth1, two_legged=True, execute_as=bot, dialect_1_0=True)
    assert (after.name, after.redirect_uris, after.version) == ("Board", (CALLBACK,), before.version + 1)
    same = (await change_oauth1_client(KEY, change, actor=ADMIN, side=side)).client
    assert same.version == after.version


async def test_a_key_or_a_secret_that_comes_or_goes_takes_its_methods_along(both: World) -> None:
    """Security O1-05: what a client cannot prove it may not use."""
    side = both.a.administration
    await add(both.a, public_key="", shared_secret=SHARED)
    with_key = OAuth1ClientChange(public_key=bare_key())
    client = (await change_oauth1_client(KEY, with_key, actor=ADMIN, side=side)).client
    assert client.oauth1 is not None
    assert client.oauth1.methods == (*RSA, *HMAC)
    without_secret = OAuth1ClientChange(shared_secret=Secret(""))
    client = (await change_oauth1_client(KEY, without_secret, actor=ADMIN, side=side)).client
    assert client.oauth1 is not None
    assert (client.oauth1.methods, client.oauth1.shared_secret) == (RSA, None)
    with pytest.raises(InvalidValueError) as refused:
        await change_oauth1_client(KEY, OAuth1ClientChange(public_key=""), actor=ADMIN, side=side)
    assert refused.value.code == "key_or_secret_missing"


async def test_a_change_of_scopes_takes_the_link_of_one_client_along(both: World) -> None:
    """House §5: policy stands on the link's incoming side."""
    side = both.a.administration
    await add(both.a)
    wider = OAuth1ClientChange(scopes=("pages:read", "notify"))
    changed = await change_oauth1_client(KEY, wider, actor=ADMIN, side=side)
    assert changed.link.incoming.user_scopes == changed.client.scopes == ("pages:read", "notify")
    fewer = LinkChange(incoming_scopes=("notify",))
    await change_by_hand(changed.link.id, fewer, actor=ADMIN, side=side)
    found = await show_client(KEY, actor=ADMIN, side=side)
    assert (found.client.scopes, found.client.application_scopes) == (("notify",), ())


async def test_the_change_of_any_client_changes_one_of_oauth_1_0a(both: World) -> None:
    """Product §4: clients edit is one command for both protocols."""
    side = both.a.administration
    await add(both.a)
    change = ClientChange(name="Board", redirect_uris=("https://board.example/other",), scopes=("notify",))
    found = await change_client(KEY, change, actor=ADMIN, side=side)
    assert (found.client.name, found.client.redirect_uris) == ("Board", ("https://board.example/other",))
    assert found.link.incoming.user_scopes == ("notify",)
    two = ClientChange(redirect_uris=("https://board.example/1", "https://board.example/2"))
    with pytest.raises(InvalidValueError) as refused:
        await change_client(KEY, two, actor=ADMIN, side=side)
    assert refused.value.field == "redirect_uris"
    new = NewClient(name="Other", redirect_uris=(CALLBACK,), scopes=("pages:read",))
    other = (await add_client(new, actor=ADMIN, side=side)).client
    with pytest.raises(InvalidValueError) as refused:
        await change_oauth1_client(other.id, OAuth1ClientChange(name="x"), actor=ADMIN, side=side)
    assert refused.value.code == "other_protocol"


async def test_a_shared_secret_is_replaced_at_once(both: World) -> None:
    """Product §4 rotate-secret; both sides hold it, so there is one."""
    side = both.a.administration
    await add(both.a, shared_secret=SHARED)
    rotated = await rotate_secret(KEY, actor=ADMIN, side=side)
    assert rotated.secret is not None
    found = await show_client(KEY, actor=ADMIN, side=side)
    assert found.client.oauth1 is not None
    assert found.client.oauth1.shared_secret == rotated.secret != SHARED
    assert rotated.secret.reveal() not in await read_audit(both.a)
    await add(both.a, key="by-key")
    with pytest.raises(InvalidValueError) as refused:
        await rotate_secret("by-key", actor=ADMIN, side=side)
    assert refused.value.code == "no_secret"


async def test_a_deleted_client_ends_its_link_and_gives_its_secret_up(both: World) -> None:
    """Product §4 clients delete; security N-06."""
    side = both.a.administration
    link = (await add(both.a, shared_secret=SHARED)).link
    second = await add(both.a, key="second", link=link.id, shared_secret=SHARED)
    gone = await delete_client("second", actor=ADMIN, side=side)
    assert (gone.link.id, gone.link.is_live, gone.client.ended_at > 0) == (link.id, True, True)
    assert gone.client.oauth1 is not None
    assert gone.client.oauth1.shared_secret is None
    assert (await delete_client(KEY, actor=ADMIN, side=side)).link.state is LinkState.ENDED
    assert await list_clients(actor=ADMIN, side=side) == []
    assert second.client.id in await read_audit(both.a)


async def test_only_administrators_add_and_change(both: World) -> None:
    """Product §1."""
    side = both.a.administration
    await add(both.a)
    for actor in (AUDIT, STRANGER):
        with pytest.raises(LinkingError):
            await add_oauth1_client(new_client(key="x"), actor=actor, side=side)
        with pytest.raises(LinkingError):
            await change_oauth1_client(KEY, OAuth1ClientChange(name="x"), actor=actor, side=side)
        with pytest.raises(LinkingError):
            await rotate_secret(KEY, actor=actor, side=side)


async def test_where_oauth_1_0a_is_switched_off_no_client_of_it_is_added(both: World) -> None:
    """Settings.protocols says what we offer."""
    settings = both.a.administration.settings.changed(protocols=("oauth2",))
    side = replace(both.a.administration, settings=settings)
    with pytest.raises(InvalidValueError) as refused:
        await add_oauth1_client(new_client(), actor=ADMIN, side=side)
    assert refused.value.code == "protocol_off"


async def test_the_audit_says_what_a_client_may_and_none_of_its_keys(both: World) -> None:
    """House §2: the audit event is written with the change; security N-05."""
    added = await add(both.a, shared_secret=SHARED)
    new = NewLink(name="Second", incoming=new_client(key="second"))
    link = (await add_link(new, actor=ADMIN, side=both.a.administration)).link
    await add(both.a, link=link.id, key="third", shared_secret=SHARED)
    said = await read_audit(both.a)
    assert KEY in said
    assert "RSA-SHA1" in said
    assert SHARED.reveal() not in said
    assert public_pem() not in said
    assert added.link.id in said
