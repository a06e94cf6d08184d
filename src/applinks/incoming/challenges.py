"""What a guarded route answers to a caller that it does not let through."""

from collections.abc import Iterable

from applinks.errors import RefusedError
from applinks.incoming.rules import Rules
from applinks.records.scopes import Resource
from applinks.wire.headers import format_challenge
from applinks.wire.oauth2.error_codes import ErrorCode
from applinks.wire.oauth2.metadata import RESOURCE_METADATA_PATH

# Long enough to let a statement pass between the two ends of a link, short enough for a person who waits.
RETRY_AFTER_SECONDS = 5


def build_resource_metadata_url(resource: Resource, rules: Rules) -> str:
    """
    Give the address of a resource's metadata.

    RFC 9728 §3.1.

    Looser than RFC 9728 §3.1: it stands below our base URL, because an application that is mounted at a prefix cannot
    answer at the root of its host. Where it can be reached there, it answers there, too.
    """
    return rules.issuer + RESOURCE_METADATA_PATH + resource.identifier.removeprefix(rules.issuer)


def build_challenge(
    url: str, *, rules: Rules, error: str = "", description: str = "", scopes: Iterable[str] = ()
) -> tuple[str, str]:
    """
    Build the ``WWW-Authenticate`` header for a request to ``url``.

    RFC 6750 §3, RFC 9728 §5.1.

    Without ``error`` for a request that carried no credentials.
    """
    resource = rules.find_resource_of(url) or rules.host
    params = {
        "error": error,
        "error_description": description,
        "scope": " ".join(scopes),
        "resource_metadata": build_resource_metadata_url(resource, rules),
    }
    return "WWW-Authenticate", format_challenge("Bearer", {name: value for name, value in params.items() if value})


def build_refusal(
    code: ErrorCode, description: str, *, url: str, rules: Rules, detail: str = "", scopes: Iterable[str] = ()
) -> RefusedError:
    """Build the refusal of a guarded route, with the challenge and the status that belong to the code."""
    challenge = build_challenge(url, rules=rules, error=code, description=description, scopes=scopes)
    status = {ErrorCode.INVALID_REQUEST: 400, ErrorCode.INSUFFICIENT_SCOPE: 403}.get(code, 401)
    return RefusedError(description, code=code, detail=detail, status=status, headers=(challenge,))


def build_unavailable(detail: str) -> RefusedError:
    """
    Build the refusal of a link that cannot be used for the moment.

    Not a challenge: the caller's credentials are as good as before, and it must not throw them away.
    """
    return RefusedError(
        "The link between the two applications is not in use at the moment.",
        code=ErrorCode.TEMPORARILY_UNAVAILABLE,
        detail=detail,
        status=503,
        headers=(("Retry-After", str(RETRY_AFTER_SECONDS)),),
    )
