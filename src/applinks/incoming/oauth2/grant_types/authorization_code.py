"""A code becomes tokens, once."""

from dataclasses import dataclass, field

from applinks.incoming.oauth2.token_decisions import (
    Decision,
    Issue,
    Refuse,
    Revoke,
    find_other_target,
    find_refusal,
    list_shown,
    refuse_grant,
    refuse_scope,
)
from applinks.incoming.policy import may_use
from applinks.incoming.rules import Rules
from applinks.incoming.side import IncomingSide
from applinks.incoming.store import FoundClient, FoundCode
from applinks.records.clients import GrantType
from applinks.records.tokens import AuthorizationCode, Family
from applinks.records.users import User
from applinks.secret import is_same_digest
from applinks.wire.oauth2.messages import CodeExchange
from applinks.wire.oauth2.pkce import is_code_challenge_of
from applinks.wire.token_format import TokenKind, parse_token


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCode:
    """The code with all that it hangs on, if the value was proved; and its user, if she is active."""

    found: FoundCode | None = field(default=None, repr=False)
    user: User | None = field(default=None, repr=False)


async def load_code(asked: CodeExchange, side: IncomingSide) -> LoadedCode:
    """Find the code that the request names, and prove it."""
    parsed = parse_token(asked.code)
    if parsed is None or parsed.kind is not TokenKind.CODE:
        return LoadedCode()
    found = await side.store.find_code(parsed.row)
    if not is_same_digest(found.code.digest if found else None, parsed.digest) or found is None:
        return LoadedCode()
    return LoadedCode(found=found, user=await side.users.find_active(found.code.user_id))


def decide_code_exchange(
    asked: CodeExchange, client: FoundClient, loaded: LoadedCode, *, now: int, rules: Rules, family_id: str
) -> Decision:
    """
    Decide about a code that a proved client presents.

    RFC 6749 §4.1.3, §10.5; RFC 7636 §4.6; RFC 9700 §2.1.1, §4.5.

    Everything that can be wrong with the request leaves the code as it was; a code that was used before ends what it
    yielded then, whoever of the two was the thief.
    """
    found = loaded.found
    if found is None:
        return refuse_grant("no code of ours has this value")
    code = found.code
    hindered = (
        _find_misuse(found, client)
        or _find_fault(asked, code, now)
        or _find_end(found, loaded.user)
        or find_other_target(asked.resource, code.resource, rules)
        or find_refusal(client, GrantType.AUTHORIZATION_CODE)
    )
    if hindered is not None:
        return hindered
    shown = list_shown(code.scopes, code.resource, client, rules)
    if not shown:
        return refuse_scope(code.scopes, ())
    family = Family(
        id=family_id,
        grant_id=code.grant_id,
        created_at=now,
        absolute_expires_at=now + rules.lifetimes.refresh_absolute_seconds,
    )
    return Issue(
        client=client.client,
        user_id=code.user_id,
        grant_id=code.grant_id,
        resource=code.resource,
        scopes=code.scopes,
        shown=shown,
        family=family,
        refresh_scopes=code.scopes if may_use(client.client, GrantType.REFRESH_TOKEN) else None,
    )


def _find_misuse(found: FoundCode, client: FoundClient) -> Decision | None:
    """Tell whether the code is another client's, or was used before."""
    code = found.code
    if code.client != client.client.id:
        return refuse_grant(f"the code was issued to the client {found.client.client_id}")
    if code.claimed_at:
        refusal = refuse_grant(f"the code was used before; all that it yielded ({code.family_id}) is revoked")
        return Revoke(family_id=code.family_id, replayed="code", refusal=refusal)
    return None


def _find_fault(asked: CodeExchange, code: AuthorizationCode, now: int) -> Refuse | None:
    """Compare the request with what the code is bound to."""
    if now >= code.expires_at:
        return refuse_grant("the code expired")
    if asked.redirect_uri != code.redirect_uri:
        return refuse_grant("redirect_uri is another than in the authorization request")
    if not is_code_challenge_of(code.code_challenge, asked.code_verifier):
        return refuse_grant("code_verifier is not the one of code_challenge")
    return None


def _find_end(found: FoundCode, user: User | None) -> Refuse | None:
    if found.grant.ended_at:
        return refuse_grant("the grant ended")
    if user is None:
        return refuse_grant(f"the user {found.code.user_id} is gone, or not active any more")
    return None
