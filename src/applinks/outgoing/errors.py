"""What can go wrong on the outgoing side, beyond the errors that every host knows."""

from applinks.errors import PeerProtocolError, PeerRefusedError, PeerUnreachableError

PASSING_STATUSES = frozenset({429, 500, 502, 503, 504})
"""What a peer may say that is overloaded or being restarted; asked again in a moment, it may be well."""


class AccessDeniedError(PeerRefusedError):
    """The user, or the peer's policy, said no on the consent page; ``return_to`` is where she wanted to go."""

    code = "access_denied"
    return_to = ""


class GrantEndedError(PeerRefusedError):
    """RFC 6749 §5.2 ``invalid_grant``: the code or refresh token is good for nothing any more."""

    code = "invalid_grant"


class WrongIssuerError(PeerProtocolError):
    """RFC 9207 §2.4, RFC 8414 §3.3: the answer is, or names, another authorization server's."""

    code = "wrong_issuer"


def build_unavailable(detail: str) -> PeerUnreachableError:
    """Make the error of a fault that may pass."""
    return PeerUnreachableError(
        "The other application cannot answer now.", code="temporarily_unavailable", detail=detail
    )
