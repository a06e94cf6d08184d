"""Clients (consumers) of OAuth 1.0a that are added by hand: what is taken, what is refused, and what follows."""

from dataclasses import replace
from typing import Any

import pytest

from applinks.administration.by_hand import change_by_hand
from applinks.administration.clients import (
    NewClient,
    add_client,
    delete_client,
    list_clients,
    show_client,
)
from applinks.administration.hand_values import LinkChange, OAuth1ClientChange
from applinks.administration.oauth1_clients import add_oauth1_client, change_oauth1_client
from applinks.administration.values import InvalidValueError
from applinks.errors import RefusedError
from applinks.records.clients import ClientAuthentication
from applinks.records.links import Direction
from applinks.records.scopes import Scope
from applinks.secret import Secret
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.signature import SignatureMethod
from tests.administration.hand import ADMIN, AUDIT, add_both, read_audit
from tests.administration.oauth1 import (
    CALLBACK,
    HMAC,
    KEY,
    RSA,
    SHARED,
    add,
    add_user,
    bare_key,
    certificate,
    new_client,
    private_pem,
    public_pem,
)
from tests.linking.world import World

pytestmark = pytest.mark.anyio


async def test_a_client_gets_a_link_of_its_key_that_only_it_calls_over(both: World) -> None:
    """Product §4; house §5: without a link, an incoming-only one is made."""
    added = await add(both.a)
    client, link = added.client, added.link
    assert (client.client_id, client.name, client.protocol) == (KEY, KEY, "oauth1")
    assert (client.authentication, client.grant_types) == (ClientAuthentication.SIGNATURE, ())
    assert (client.redirect_uris, client.scopes, client.application_scopes) == ((CALLBACK,), ("pages:read",), ())
    assert link.incoming == Direction(level=Level.OAUTH, protocols=("oauth1",), user_scopes=("pages:read",))
    assert (link.name, link.outgoing, link.is_usable) == (KEY, Direction(), True)
    assert (added.secret, added.warnings) == (None, ())
    assert client.oauth1 is not None
    assert client.oauth1.methods == RSA


@pytest.mark.parametrize("typed", [public_pem(), certificate(), bare_key(), f"\n {bare_key()[:64]}\n{bare_key()[64:]}"])
async def test_a_public_key_is_taken_in_each_form_and_kept_in_one(both: World, typed: str) -> None:
    """Atlassian wire, what an administrator enters: PEM; also a certificate or bare base64."""
    client = (await add(both.a, public_key=typed)).client
    assert client.oauth1 is not None
    assert client.oauth1.public_keys == (public_pem(),)


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        ({"key": " "}, "key", "key_missing"),
        ({"key": "two words"}, "key", "invalid_key"),
        ({"key": "sch\u00f6n"}, "key", "invalid_key"),
        ({"key": "k" * 256}, "key", "invalid_key"),
        ({"public_key": private_pem()}, "public_key", "private_key"),
        ({"public_key": "c3BhbQ=="}, "public_key", "no_key"),
        ({"public_key": "garbage!"}, "public_key", "no_key"),
        ({"public_key": ""}, "public_key", "key_or_secret_missing"),
        ({"shared_secret": Secret("")}, "shared_secret", "invalid_secret"),
        ({"callback": "javascript:alert(1)"}, "callback", "invalid_redirect_uri"),
        ({"callback": "/relative"}, "callback", "invalid_redirect_uri"),
        ({"callback": "com.example.app:/back"}, "callback", "invalid_redirect_uri"),
        ({"callback": "http://board.example/back"}, "callback", "invalid_redirect_uri"),
        ({"scopes": ()}, "scopes", "scope_missing"),
        ({"scopes": ("applinks:check",)}, "scopes", "invalid_scope"),
        ({"methods": ()}, "methods", "method_missing"),
        ({"methods": (SignatureMethod.HMAC_SHA1,)}, "methods", "method_without_secret"),
        ({"methods": (SignatureMethod.PLAINTEXT,)}, "methods", "method_without_secret"),
        ({"public_key": "", "shared_secret": SHARED, "methods": RSA}, "methods", "method_without_key"),
        ({"two_legged": True}, "execute_as", "user_missing"),
        ({"three_legged": False}, "three_legged", "nothing_allowed"),
        ({"protected_groups": ("\u0007",)}, "protected_groups", "invalid_group"),
        ({"protected_groups": tuple(f"g{n}" for n in range(101))}, "protected_groups", "too_many"),
        ({"name": "n" * 61}, "name", "invalid_name"),
    ],
)
async def test_what_cannot_be_taken_is_refused_under_its_field(
    both: World, values: dict[str, Any], field: str, code: str
) -> None:
    """Atlassian wire, what an administrator enters; security O1-05, AS-04."""
    with pytest.raises(InvalidValueError) as refused:
        await add(both.a, **values)
    assert (refused.value.field, refused.value.code) == (field, code)
    assert len(refused.value.description) > 20
    assert await list_clients(actor=ADMIN, side=both.a.administration) == []


async def test_a_private_key_is_refused_in_words_and_told_to_nobody(both: World) -> None:
    """Issue, pages: a private key refused in words; security N-05."""
    with pytest.raises(InvalidValueError) as refused:
        await add(both.a, public_key=private_pem())
    assert "private key" in refused.value.description
    said = f"{refused.value} {refused.value.detail} {await read_audit(both.a)}"
    assert private_pem().split()[5] not in said


@pytest.mark.parametrize("bits", [1024, 2047])
async def test_a_short_key_is_taken_and_warned_about(both: World, bits: int) -> None:
    """Atlassian wire: clients in the field use keys down to 1024 bits; warn under 2048."""
    assert (await add(both.a, public_key=public_pem(bits))).warnings == ("weak_key",)


async def test_a_key_that_anybody_can_break_is_refused(both: World) -> None:
    """Atlassian wire: down to 1024 bits."""
    # 512 bits; nobody holds its private half any more.
    bare = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL4+rv4lPPWJwuIfT8TAAIJpM3yhEDmA7dZpjWYGUCDvsfNRNBYq1SaLyvGXwRwqZ1lX"
    with pytest.raises(InvalidValueError) as refused:
        await add(both.a, public_key=f"{bare}WUhCUQ5XOzS3dM0Xw2cCAwEAAQ==")
    assert (refused.value.field, refused.value.code) == ("public_key", "too_short")


async def test_a_key_is_one_client_s_alone_and_no_matter_of_oauth_2(both: World) -> None:
    """Ours: a consumer key is unique among the live clients of its protocol."""
    new = NewClient(name="Other", redirect_uris=(CALLBACK,), scopes=("pages:read",))
    other = await add_client(new, actor=ADMIN, side=both.a.administration)
    assert (await add(both.a, key=other.client.client_id)).client.client_id == other.client.client_id
    first = await add(both.a)
    with pytest.raises(InvalidValueError) as refused:
        await add(both.a)
    assert (refused.value.field, refused.value.code) == ("key", "key_taken")
    await delete_client(KEY, actor=ADMIN, side=both.a.administration)
    assert (await add(both.a)).client.id != first.client.id


async def test_two_clients_of_one_name_are_told_apart_by_their_ids(both: World) -> None:
    """Ours: a name stands for one client, or for none."""
    new = NewClient(name="Other", redirect_uris=(CALLBACK,), scopes=("pages:read",))
    two = await add_client(new, actor=ADMIN, side=both.a.administration)
    one = await add(both.a, key=two.client.client_id)
    with pytest.raises(RefusedError) as refused:
        await show_client(two.client.client_id, actor=ADMIN, side=both.a.administration)
    assert refused.value.code == "ambiguous_client"
    assert one.client.id in refused.value.description
    for client in (one.client, two.client):
        found = await show_client(client.id, actor=AUDIT, side=both.a.administration)
        assert found.client.protocol == client.protocol


@pytest.mark.parametrize(
    ("values", "methods"),
    [
        ({"shared_secret": SHARED}, (*RSA, *HMAC)),
        ({"public_key": "", "shared_secret": SHARED}, HMAC),
        ({"public_key": "", "makes_secret": True}, HMAC),
        ({"methods": (SignatureMethod.RSA_SHA256,)}, (SignatureMethod.RSA_SHA256,)),
        ({"shared_secret": SHARED, "methods": (SignatureMethod.PLAINTEXT,)}, (SignatureMethod.PLAINTEXT,)),
    ],
)
@pytest.mark.requirement("O1-05")
async def test_a_client_signs_with_what_it_has_and_plaintext_has_to_be_named(
    both: World, values: dict[str, Any], methods: tuple[SignatureMethod, ...]
) -> None:
    """RFC 5849 §3.4.2 to §3.4.4."""
    client = (await add(both.a, **values)).client
    assert client.oauth1 is not None
    assert client.oauth1.methods == methods


@pytest.mark.requirement("O1-05")
async def test_plaintext_is_refused_where_we_are_on_http(both: World) -> None:
    """RFC 5849 §3.4.4 MUST."""
    settings = both.a.administration.settings.changed(base_url="http://127.0.0.1:8001")
    side = replace(both.a.administration, settings=settings)
    new = new_client(shared_secret=SHARED, methods=(SignatureMethod.PLAINTEXT,))
    with pytest.raises(InvalidValueError) as refused:
        await add_oauth1_client(new, actor=ADMIN, side=side)
    assert (refused.value.field, refused.value.code) == ("methods", "plaintext_without_tls")


async def test_a_secret_that_we_make_is_seen_once(both: World) -> None:
    """Issue, command line: --generate-secret; security N-05."""
    added = await add(both.a, public_key="", makes_secret=True)
    assert added.secret is not None
    assert added.client.oauth1 is not None
    assert len(added.secret.reveal()) == 43
    assert added.client.oauth1.shared_secret == added.secret
    said = f"{added!r} {await read_audit(both.a)}"
    assert added.secret.reveal() not in said
    assert (await add(both.a, key="given", shared_secret=SHARED)).secret is None


async def test_without_scopes_a_client_gets_all_that_are_default(both: World) -> None:
    """Product §4 Defaults: a 1.0a caller has all default scopes."""
    declared = (Scope("pages:read", "See", default=True), Scope("notify", "Tell", default=True), Scope("x", "Do"))
    side = replace(both.a.administration, declared=declared)
    added = await add_oauth1_client(new_client(scopes=()), actor=ADMIN, side=side)
    assert added.client.scopes == added.link.incoming.user_scopes == ("pages:read", "notify")


async def test_oob_is_no_callback_that_could_be_registered(both: World) -> None:
    """RFC 5849 §2.1: oob is what a client says each time."""
    assert (await add(both.a, callback="oob")).client.redirect_uris == ()


@pytest.mark.parametrize(
    ("user", "code"),
    [("nobody", "unknown_user"), ("root", "user_is_administrator"), ("gone", "user_paused")],
)
async def test_who_a_client_calls_as_is_there_active_and_no_administrator(both: World, user: str, code: str) -> None:
    """Issue, incoming: execute-as must exist and may not be an administrator."""
    await add_user(both.a, "root", admin=True)
    await add_user(both.a, "gone", paused=True)
    with pytest.raises(InvalidValueError) as refused:
        await add(both.a, two_legged=True, execute_as=user)
    assert (refused.value.field, refused.value.code) == ("execute_as", code)


async def test_users_are_named_and_kept_by_their_ids(both: World) -> None:
    """House §8 Users: the stable id is all that is stored."""
    bot, chief = await add_user(both.a, "bot"), await add_user(both.a, "chief", admin=True)
    added = await add(
        both.a, two_legged=True, execute_as="BOT", protected_users=("chief", " chief ", ""), protected_groups=("hr",)
    )
    assert added.client.oauth1 is not None
    assert added.client.oauth1.execute_as == bot
    assert (added.client.oauth1.protected_users, added.client.oauth1.protected_groups) == ((chief,), ("hr",))
    with pytest.raises(InvalidValueError) as refused:
        await add(both.a, key="other", protected_users=("nobody",))
    assert (refused.value.field, refused.value.code) == ("protected_users", "unknown_user")


async def test_a_command_beside_a_host_takes_users_by_their_ids(both: World) -> None:
    """Ours: a host's users are known to the host alone, which is asked at each call."""
    added = await add(both.a, two_legged=True, execute_as="42")
    assert added.client.oauth1 is not None
    assert added.client.oauth1.execute_as == "42"


async def test_impersonation_raises_the_level_of_the_link(both: World) -> None:
    """Atlassian wire: levels per direction; issue: within the link's level."""
    added = await add(both.a, impersonation=True)
    assert added.link.incoming.level is Level.IMPERSONATION
    lower = LinkChange(incoming_level=Level.OAUTH)
    link = await change_by_hand(added.link.id, lower, actor=ADMIN, side=both.a.administration)
    assert link.incoming.level is Level.OAUTH
    change = OAuth1ClientChange(impersonation=True, name="Board")
    again = await change_oauth1_client(KEY, change, actor=ADMIN, side=both.a.administration)
    assert again.link.incoming.level is Level.IMPERSONATION


async def test_a_direction_that_is_on_already_keeps_its_level(both: World) -> None:
    """Ours: saving a form on which nothing changed changes nothing."""
    added = await add(both.a, impersonation=True)
    side = both.a.administration
    assert (await change_by_hand(added.link.id, LinkChange(incoming=True), actor=ADMIN, side=side)) == added.link
    off = await change_by_hand(added.link.id, LinkChange(incoming=False), actor=ADMIN, side=side)
    assert (off.incoming.level, off.incoming.user_scopes) == (Level.DISABLED, ("pages:read",))
    far = LinkChange(incoming_level=Level.IMPERSONATION)
    on = await change_by_hand(added.link.id, far, actor=ADMIN, side=side)
    assert on.incoming == added.link.incoming


async def test_a_link_speaks_what_its_clients_speak(both: World) -> None:
    """Ours: the protocols of a link by hand are those of its clients."""
    side = both.a.administration
    link = (await add(both.a)).link
    new = NewClient(name="Mobile", redirect_uris=(CALLBACK,), scopes=("pages:read",), link=link.handle)
    second = await add_client(new, actor=ADMIN, side=side)
    assert second.link.incoming.protocols == ("oauth2", "oauth1")
    gone = await delete_client(KEY, actor=ADMIN, side=side)
    assert gone.link.incoming.protocols == ("oauth2",)
    third = await add(both.a, link=link.id, scopes=())
    assert third.link.incoming.protocols == ("oauth2", "oauth1")
    assert third.client.scopes == ("pages:read",)
    with pytest.raises(InvalidValueError) as refused:
        await add(both.a, key="far", link=link.id, scopes=("pages:write",))
    assert refused.value.code == "scope_not_of_link"


async def test_a_client_opens_the_incoming_side_of_a_link_that_had_none(both: World) -> None:
    """Ours: adding it says what it may do."""
    link = (await add_both(both.a, incoming=None)).link
    added = await add(both.a, link=link.handle)
    assert (added.link.id, added.link.incoming.protocols, added.client.name) == (link.id, ("oauth1",), "Board")


async def test_what_was_agreed_by_handshake_is_not_raised_by_a_client(both: World) -> None:
    """Handshake §5: terms are the ceiling."""
    link = await both.a.find(await both.link())
    with pytest.raises(InvalidValueError) as refused:
        await add(both.a, link=link.id, impersonation=True)
    expected = "impersonation" if "oauth1" in link.incoming.protocols else "link"
    assert refused.value.field == expected
    assert await both.a.find(link.id) == link


@pytest.mark.requirement("O1-06")
async def test_administering_links_is_given_to_nobody_who_does_not_name_it(both: World) -> None:
    """Ours: applinks:admin is for a client whose record names it; a second one of its link gets the rest."""
    side = both.a.administration
    link = (await add(both.a, scopes=("pages:read", "applinks:admin"))).link
    second = await add(both.a, key="second", link=link.id, scopes=())
    assert second.client.scopes == ("pages:read",)
    third = await add_client(NewClient(name="Third", redirect_uris=(CALLBACK,), link=link.id), actor=ADMIN, side=side)
    assert third.client.scopes == ("pages:read",)
    named = await add(both.a, key="named", link=link.id, scopes=("applinks:admin",))
    assert named.client.scopes == ("applinks:admin",)
