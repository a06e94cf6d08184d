"""A new value of ours, whatever the protocol: its text is seen once, and its digest is kept."""

from dataclasses import dataclass, field

from applinks.incoming.side import IncomingSide
from applinks.secret import digest_secret
from applinks.wire.token_format import TokenKind, format_token, get_secret_part

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedValue:
    """A new value: its text, and where and as what it is stored."""

    text: str = field(repr=False)
    row: int
    digest: bytes = field(repr=False)


def issue_value(kind: TokenKind, *, side: IncomingSide) -> IssuedValue:
    """Make a value of this kind; nothing is stored yet."""
    row = side.rows.allot(side.clock.now())
    text = format_token(kind, row, side.entropy.random_bytes(_SECRET_BYTES))
    return IssuedValue(text=text, row=row, digest=digest_secret(get_secret_part(text)))
