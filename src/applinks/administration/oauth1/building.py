"""Makes clients of OAuth 1.0a that are added by hand: the record, and the shared secret, which is seen once."""

from dataclasses import replace

from applinks.administration.hand_values import NewOAuth1Client, OAuth1ClientChange
from applinks.administration.oauth1.values import (
    check_callback,
    check_key,
    check_key_is_free,
    check_protected_groups,
    check_shared_secret,
    check_spoken,
    choose_methods,
    find_execute_as,
    find_protected_users,
    is_weak,
    read_public_key,
)
from applinks.administration.side import Administration
from applinks.administration.values import LONGEST_NAME, InvalidValueError, check_scopes, clean_description, clean_name
from applinks.entropy import new_id
from applinks.records.clients import Client, ClientAuthentication, OAuth1Client
from applinks.records.links import Direction
from applinks.secret import Secret
from applinks.wire.base64url import format_base64url
from applinks.wire.linking.terms import Level
from applinks.wire.oauth1.signature import SignatureMethod

_SECRET_BYTES = 32
WEAK_KEY = "weak_key"


async def build_oauth1_client(
    new: NewOAuth1Client, *, name: str, link_id: str, side: Administration
) -> tuple[Client, Secret | None]:
    """
    Make the record of a client, and its shared secret where we make it, which is seen once.

    ``name``: of a client that has none of its own. One without scopes gets all that are default.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
    """
    check_spoken(side, field="key")
    key = check_key(new.key)
    await check_key_is_free(key, side)
    public_keys = (read_public_key(new.public_key),) if new.public_key.strip() else ()
    made = make_shared_secret(side) if new.makes_secret else None
    secret = made or (check_shared_secret(new.shared_secret) if new.shared_secret is not None else None)
    oauth1 = OAuth1Client(
        methods=choose_methods(new.methods, has_key=bool(public_keys), has_secret=secret is not None, side=side),
        public_keys=public_keys,
        shared_secret=secret,
        three_legged=new.three_legged,
        two_legged=new.two_legged,
        execute_as=await find_execute_as(new.execute_as, side) if new.execute_as.strip() else "",
        impersonation=new.impersonation,
        protected_users=await find_protected_users(new.protected_users, side),
        protected_groups=check_protected_groups(new.protected_groups),
        protects_administrators=new.protects_administrators,
        dialect_1_0=new.dialect_1_0,
        out_of_band=new.out_of_band,
        description=clean_description(new.description),
    )
    _check_together(oauth1)
    client = Client(
        id=new_id(side.entropy, "cli"),
        client_id=key,
        link_id=link_id,
        name=clean_name(new.name or name or key[:LONGEST_NAME]),
        authentication=ClientAuthentication.SIGNATURE,
        redirect_uris=check_callback(new.callback),
        grant_types=(),
        scopes=_check_scopes(new.scopes or side.list_default()),
        oauth1=oauth1,
        created_at=side.clock.now(),
    )
    return client, made


async def change_oauth1(
    client: Client, change: OAuth1ClientChange, *, side: Administration
) -> tuple[Client, Secret | None]:
    """
    Make the record of a client after a change, and the shared secret where we make a new one.

    A key or a secret that it did not have brings its methods along, unless they are named. A secret that is given up
    (an empty one) takes them away.

    Raises:
        InvalidValueError: a value cannot be taken; ``field`` says which.
    """
    before = client.oauth1
    if before is None:
        raise InvalidValueError("key", "other_protocol", "This client speaks OAuth 2.")
    public_keys, secret, made = before.public_keys, before.shared_secret, None
    if change.public_key is not None:
        public_keys = (read_public_key(change.public_key),) if change.public_key.strip() else ()
    if change.makes_secret:
        secret = made = make_shared_secret(side)
    elif change.shared_secret is not None:
        secret = check_shared_secret(change.shared_secret) if change.shared_secret.reveal() else None
    execute_as = before.execute_as
    if change.execute_as is not None:
        execute_as = await find_execute_as(change.execute_as, side) if change.execute_as.strip() else ""
    after = OAuth1Client(
        methods=_follow_methods(before, change, public_keys, secret, side),
        public_keys=public_keys,
        shared_secret=secret,
        three_legged=_choose(change.three_legged, before.three_legged),
        two_legged=_choose(change.two_legged, before.two_legged),
        execute_as=execute_as,
        impersonation=_choose(change.impersonation, before.impersonation),
        protected_users=before.protected_users
        if change.protected_users is None
        else await find_protected_users(change.protected_users, side),
        protected_groups=before.protected_groups
        if change.protected_groups is None
        else check_protected_groups(change.protected_groups),
        protects_administrators=_choose(change.protects_administrators, before.protects_administrators),
        dialect_1_0=_choose(change.dialect_1_0, before.dialect_1_0),
        out_of_band=_choose(change.out_of_band, before.out_of_band),
        description=before.description if change.description is None else clean_description(change.description),
    )
    if after != before:
        _check_together(after)
    changed = replace(
        client,
        name=client.name if change.name is None else clean_name(change.name),
        redirect_uris=client.redirect_uris if change.callback is None else check_callback(change.callback),
        scopes=client.scopes if change.scopes is None else _check_scopes(change.scopes),
        oauth1=after,
    )
    return changed, made


def get_oauth1_incoming(client: Client) -> Direction:
    """Give the incoming side of a link whose one client this is."""
    is_far = client.oauth1 is not None and client.oauth1.impersonation
    return Direction(
        level=Level.IMPERSONATION if is_far else Level.OAUTH, protocols=("oauth1",), user_scopes=client.scopes
    )


def list_warnings(client: Client | None) -> tuple[str, ...]:
    """Give what an administrator should know of a client that was taken all the same, by its code: ``weak_key``."""
    keys = client.oauth1.public_keys if client is not None and client.oauth1 is not None else ()
    return (WEAK_KEY,) if any(is_weak(pem) for pem in keys) else ()


def make_shared_secret(side: Administration) -> Secret:
    """Make a secret for both sides; nothing of ours is told by its form, since the other side keeps it, too."""
    return Secret(format_base64url(side.entropy.random_bytes(_SECRET_BYTES)))


def _follow_methods(
    before: OAuth1Client,
    change: OAuth1ClientChange,
    public_keys: tuple[str, ...],
    secret: Secret | None,
    side: Administration,
) -> tuple[SignatureMethod, ...]:
    has_key, has_secret = bool(public_keys), secret is not None
    is_same = (has_key, has_secret) == (bool(before.public_keys), before.shared_secret is not None)
    wanted = before.methods if change.methods is None and is_same else change.methods
    return choose_methods(wanted, has_key=has_key, has_secret=has_secret, side=side)


def _check_together(oauth1: OAuth1Client) -> None:
    if oauth1.two_legged and not oauth1.execute_as:
        text = "Name the user as whom it calls without a user's permission."
        raise InvalidValueError("execute_as", "user_missing", text)
    if not oauth1.three_legged and not oauth1.two_legged and not oauth1.impersonation:
        text = "Nothing is left that the client may do: allow it two legs, or let users give it access."
        raise InvalidValueError("three_legged", "nothing_allowed", text)


def _check_scopes(names: tuple[str, ...]) -> tuple[str, ...]:
    scopes = check_scopes(names, field="scopes", ours=True)
    if not scopes:
        raise InvalidValueError("scopes", "scope_missing", "Name at least one scope: without any it may do nothing.")
    return scopes


def _choose(changed: bool | None, before: bool) -> bool:
    return before if changed is None else changed
