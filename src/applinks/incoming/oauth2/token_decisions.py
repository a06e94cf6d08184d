"""What the token endpoint may decide, whatever the grant type."""

from dataclasses import dataclass, field

from applinks.errors import RefusedError
from applinks.incoming.challenges import RETRY_AFTER_SECONDS
from applinks.incoming.policy import Hindrance, find_obstacle, list_user_scopes, may_use
from applinks.incoming.rules import Rules
from applinks.incoming.store import FoundClient
from applinks.records.clients import Client, GrantType
from applinks.records.links import Link
from applinks.records.tokens import Family
from applinks.secret import Secret
from applinks.wire.oauth2.error_codes import ErrorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """
    Issue an access token, and a refresh token where there is one to be.

    Attributes:
        scopes: what the access token may do by what was granted; ``shown``: what of it the link allows now.
        family: the family that the tokens belong to; None for client credentials.
        refresh_scopes: those of the new refresh token; None: there is none.
    """

    client: Client
    user_id: str | None
    grant_id: str = ""
    resource: str
    scopes: tuple[str, ...]
    shown: tuple[str, ...]
    family: Family | None = None
    refresh_scopes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Refuse, and change nothing."""

    code: ErrorCode
    description: str
    detail: str = ""
    status: int = 400

    def build_error(self, *, link: Link | None = None, client: Client | None = None, user_id: str = "") -> RefusedError:
        """Build the error that answers the request."""
        headers = (("Retry-After", str(RETRY_AFTER_SECONDS)),) if self.status == 503 else ()
        error = RefusedError(self.description, code=self.code, detail=self.detail, status=self.status, headers=headers)
        return error.about(link_id=link.id if link else "", client=client.id if client else "", user_id=user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """Something that works once was used again: end all that came of it, and refuse."""

    family_id: str
    replayed: str
    refusal: Refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Give the very answer again that was given a moment ago."""

    answer: Secret = field(repr=False)


Decision = Issue | Refuse | Revoke | Repeat


def refuse_grant(detail: str) -> Refuse:
    """
    Refuse a code or a refresh token without saying why.

    RFC 6749 §5.2.
    """
    description = "The code or refresh token is not valid, or not any more."
    return Refuse(code=ErrorCode.INVALID_GRANT, description=description, detail=detail)


def refuse_target(named: str | None) -> Refuse:
    """
    Refuse a resource.

    RFC 8707 §2.
    """
    description = "The resource is not one for which this can be issued."
    return Refuse(code=ErrorCode.INVALID_TARGET, description=description, detail=f"resource {(named or '')[:200]!r}")


def find_other_target(named: str | None, bound: str, rules: Rules) -> Refuse | None:
    """
    Tell whether a request names another resource than what it presents was issued for.

    RFC 8707 §2.2. One that names none means the same.
    """
    resource = rules.find_resource_named(bound if named is None else named)
    if resource is None or resource.identifier != bound:
        return refuse_target(named)
    return None


def list_shown(scopes: tuple[str, ...], bound: str, client: FoundClient, rules: Rules) -> tuple[str, ...]:
    """Give what of a user's granted scopes the link allows now, at the resource that they are bound to."""
    resource = rules.find_resource_named(bound)
    allowed = () if resource is None else list_user_scopes(client.client, client.link, resource)
    return tuple(name for name in allowed if name in scopes)


def refuse_scope(asked: tuple[str, ...], allowed: tuple[str, ...]) -> Refuse:
    """
    Refuse a scope.

    RFC 6749 §5.2.
    """
    return Refuse(
        code=ErrorCode.INVALID_SCOPE,
        description="The scope is unknown, or more than was granted.",
        detail=f"asked for {' '.join(asked)[:300]!r}; allowed is {' '.join(allowed)!r}",
    )


def find_refusal(found: FoundClient, grant_type: GrantType) -> Refuse | None:
    """Tell why the client gets nothing in this way now; None: it may."""
    client = found.client
    obstacle = find_obstacle(client, found.link)
    if obstacle is not None and obstacle.hindrance is Hindrance.WAITING:
        # Not invalid_grant: after a pause the connections have to go on as before.
        return Refuse(
            code=ErrorCode.TEMPORARILY_UNAVAILABLE,
            description="The link between the two applications is not in use at the moment.",
            detail=obstacle.detail,
            status=503,
        )
    if obstacle is None and may_use(client, grant_type):
        return None
    detail = obstacle.detail if obstacle else f"the client {client.client_id} is not registered for {grant_type.value}"
    description = "The client may not obtain tokens in this way."
    return Refuse(code=ErrorCode.UNAUTHORIZED_CLIENT, description=description, detail=detail)
