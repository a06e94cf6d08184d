"""Records as rows, and rows as records; nested values stand as JSON text, lists of words separated by spaces."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from applinks.records.clients import Client, ClientAuthentication, ClientSecret, GrantType, OAuth1Client
from applinks.records.grants import Grant, GrantEnd
from applinks.records.links import (
    Agreement,
    Direction,
    EndReason,
    Link,
    LinkKind,
    LinkState,
    Pause,
    Peer,
    Pending,
    Rest,
    Schedule,
)
from applinks.records.tokens import AccessToken, AuthorizationCode, Family
from applinks.storage.sealing.sealer import Sealer

Row = Mapping[Any, Any]
T = TypeVar("T")


def format_json(value: Any) -> str:
    """Write a nested value, records included."""
    return msgspec.json.encode(value).decode()


def parse_json_as(kind: type[T], text: str) -> T:
    """Read a nested value back; members of a later release are ignored, missing ones take their defaults."""
    return msgspec.json.decode(text, type=kind)


def format_words(words: Iterable[str]) -> str:
    """Write words that hold no space themselves, such as scopes."""
    return " ".join(words)


def parse_words(text: str) -> tuple[str, ...]:
    """Read the words back."""
    return tuple(text.split(" ")) if text else ()


def is_name(text: str) -> bool:
    """Whether a text that somebody gave can be the name of a record of ours; no database takes every other one."""
    return text.isascii() and text.isprintable()


def can_stand(text: str) -> bool:
    """Whether a text that somebody gave can stand in a column; half a character can in none, and NUL not in every."""
    if "\x00" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def format_link(link: Link) -> dict[str, Any]:
    """Give the row of a link."""
    return {
        "id": link.id,
        "handle": link.handle,
        "name": link.name,
        "version": link.version,
        "seq": link.seq,
        "state": link.state.value,
        "peer_id": link.peer.id,
        "peer_url": link.peer.url,
        "peer": format_json(link.peer),
        "incoming": format_json(link.incoming),
        "outgoing": format_json(link.outgoing),
        "agreed": _format_optional(link.agreed),
        "pending": _format_optional(link.pending),
        "pause": _format_optional(link.pause),
        "rest": format_words(sorted(link.rest)),
        "check_result": link.check,
        "pending_until": _find_deadline(link),
        "statement_attempts": link.statement.attempts,
        "statement_at": link.statement.next_at,
        "test_call_attempts": link.test_call.attempts,
        "test_call_at": link.test_call.next_at,
        "private_address": int(link.private_address),
        "created_at": link.created_at,
        "created_by": link.created_by,
        "in_force_at": link.in_force_at,
        "ended_at": link.ended_at,
        "ended_reason": link.ended_reason.value if link.ended_reason else None,
        "kind": link.kind.value,
    }


def parse_link(row: Row) -> Link:
    """Give the link of a row."""
    return Link(
        id=row["id"],
        handle=row["handle"],
        name=row["name"],
        kind=LinkKind(row["kind"]),
        version=row["version"],
        peer=parse_json_as(Peer, row["peer"]),
        incoming=parse_json_as(Direction, row["incoming"]),
        outgoing=parse_json_as(Direction, row["outgoing"]),
        agreed=_parse_optional(Agreement, row["agreed"]),
        pending=_parse_optional(Pending, row["pending"]),
        seq=row["seq"],
        pause=_parse_optional(Pause, row["pause"]),
        rest=frozenset(Rest(each) for each in parse_words(row["rest"])),
        check=row["check_result"],
        statement=Schedule(attempts=row["statement_attempts"], next_at=row["statement_at"]),
        test_call=Schedule(attempts=row["test_call_attempts"], next_at=row["test_call_at"]),
        private_address=bool(row["private_address"]),
        created_at=row["created_at"],
        created_by=row["created_by"],
        in_force_at=row["in_force_at"],
        ended_at=row["ended_at"],
        ended_reason=EndReason(row["ended_reason"]) if row["ended_reason"] else None,
    )


def format_client(client: Client, sealer: Sealer) -> dict[str, Any]:
    """Give the row of a client; its secrets of OAuth 2 have rows of their own."""
    return {
        "id": client.id,
        "client_id": client.client_id,
        "version": client.version,
        "link_id": client.link_id,
        "name": client.name,
        "authentication": client.authentication.value,
        "redirect_uris": format_json(client.redirect_uris),
        "grant_types": format_words(client.grant_types),
        "scopes": format_words(client.scopes),
        "application_scopes": format_words(client.application_scopes),
        "keys": format_json(client.keys),
        "is_peer": int(client.is_peer),
        "paused": int(client.paused),
        "created_at": client.created_at,
        "ended_at": client.ended_at,
        "resources": format_json(client.resources),
        "protocol": client.protocol,
        "oauth1": None if client.oauth1 is None else format_json(replace(client.oauth1, shared_secret=None)),
        "oauth1_secret": _seal_shared_secret(client, sealer),
    }


def parse_client(row: Row, sealer: Sealer, secrets: Iterable[ClientSecret] = ()) -> Client:
    """Give the client of a row, its shared secret opened, with the secrets of the others."""
    return Client(
        id=row["id"],
        client_id=row["client_id"],
        version=row["version"],
        link_id=row["link_id"],
        name=row["name"],
        authentication=ClientAuthentication(row["authentication"]),
        redirect_uris=parse_json_as(tuple[str, ...], row["redirect_uris"]),
        grant_types=tuple(GrantType(each) for each in parse_words(row["grant_types"])),
        scopes=parse_words(row["scopes"]),
        application_scopes=parse_words(row["application_scopes"]),
        keys=parse_json_as(tuple[Mapping[str, Any], ...], row["keys"]),
        secrets=tuple(secrets),
        resources=parse_json_as(tuple[str, ...], row["resources"]),
        oauth1=_parse_oauth1(row, sealer),
        is_peer=bool(row["is_peer"]),
        paused=bool(row["paused"]),
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )


def format_client_secret(secret: ClientSecret, *, client: str, place: int) -> dict[str, Any]:
    """Give the row of a secret: whose it is, and where it stands among them."""
    return {
        "row": secret.row,
        "client": client,
        "place": place,
        "digest": secret.digest,
        "hint": secret.hint,
        "created_at": secret.created_at,
        "expires_at": secret.expires_at,
        "last_used_at": secret.last_used_at,
    }


def parse_client_secret(row: Row) -> ClientSecret:
    """Give the secret of a row."""
    return ClientSecret(
        row=row["row"],
        digest=row["digest"],
        hint=row["hint"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
    )


def format_grant(grant: Grant) -> dict[str, Any]:
    """Give the row of a grant."""
    return {
        "id": grant.id,
        "client": grant.client,
        "link_id": grant.link_id,
        "user_id": grant.user_id,
        "scopes": format_words(grant.scopes),
        "resource": grant.resource,
        "created_at": grant.created_at,
        "last_used_at": grant.last_used_at,
        "ended_at": grant.ended_at,
        "ended_by": grant.ended_by.value if grant.ended_by else None,
    }


def parse_grant(row: Row) -> Grant:
    """Give the grant of a row."""
    return Grant(
        id=row["id"],
        client=row["client"],
        link_id=row["link_id"],
        user_id=row["user_id"],
        scopes=parse_words(row["scopes"]),
        resource=row["resource"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        ended_at=row["ended_at"],
        ended_by=GrantEnd(row["ended_by"]) if row["ended_by"] else None,
    )


def parse_family(row: Row) -> Family:
    """Give the family of a row."""
    return Family(
        id=row["id"],
        grant_id=row["grant_id"],
        created_at=row["created_at"],
        absolute_expires_at=row["absolute_expires_at"],
        revoked_at=row["revoked_at"],
    )


def format_code(code: AuthorizationCode) -> dict[str, Any]:
    """Give the row of a code."""
    return {
        "row": code.row,
        "digest": code.digest,
        "client": code.client,
        "grant_id": code.grant_id,
        "user_id": code.user_id,
        "redirect_uri": code.redirect_uri,
        "code_challenge": code.code_challenge,
        "scopes": format_words(code.scopes),
        "resource": code.resource,
        "issued_at": code.issued_at,
        "expires_at": code.expires_at,
        "claimed_at": code.claimed_at,
        "family_id": code.family_id,
    }


def parse_code(row: Row) -> AuthorizationCode:
    """Give the code of a row."""
    return AuthorizationCode(**{**row, "scopes": parse_words(row["scopes"])})


def parse_access_token(row: Row) -> AccessToken:
    """Give the access token of a row."""
    return AccessToken(**{**row, "scopes": parse_words(row["scopes"])})


def _seal_shared_secret(client: Client, sealer: Sealer) -> str | None:
    """Seal what only a live client needs."""
    secret = client.oauth1.shared_secret if client.oauth1 is not None and not client.ended_at else None
    return None if secret is None else sealer.seal(secret, **_place_shared_secret(client.id))


def _parse_oauth1(row: Row, sealer: Sealer) -> OAuth1Client | None:
    if row["oauth1"] is None:
        return None
    sealed = row["oauth1_secret"]
    secret = None if sealed is None else sealer.unseal(sealed, **_place_shared_secret(row["id"]))
    return replace(parse_json_as(OAuth1Client, row["oauth1"]), shared_secret=secret)


def _place_shared_secret(client: str) -> dict[str, str]:
    return {"table": "applinks_clients", "column": "oauth1_secret", "row": client}


def _find_deadline(link: Link) -> int:
    """Give when the pending revision falls; 0: never, for CONFIRMING has no way back."""
    if link.ended_at or link.pending is None or link.pending.state is LinkState.CONFIRMING:
        return 0
    return link.pending.until


def _format_optional(value: Any) -> str | None:
    return None if value is None else format_json(value)


def _parse_optional(kind: type[T], text: str | None) -> T | None:
    return None if text is None else parse_json_as(kind, text)
