"""
Every error that this package raises on purpose.

Two families never mix: `RefusedError` is the mistake of whoever called us, `PeerError` the mistake of
the application that we called. Each has a wire ``code`` and ``description``, and a ``detail``
that goes to the log and the failure inbox and never onto the wire or a page.
"""

from typing import Self
from urllib.parse import urlencode


class ApplinksError(Exception):
    """
    The root of all our errors.

    Attributes:
        code: the registered or own error code, fit for the wire.
        description: one sentence without anything secret, fit for the wire.
        detail: what an administrator needs to know, for the log and the failure inbox alone.
    """

    code = "error"

    def __init__(self, description: str = "", *, code: str | None = None, detail: str = "") -> None:
        self.code = code or type(self).code
        self.description = description
        self.detail = detail or description
        super().__init__(description or self.code)


class SettingsError(ApplinksError):
    """A setting is missing or wrong; the description says which and what to write instead."""

    code = "settings"


class StoreError(ApplinksError):
    """The database could not do what was asked; nothing was written."""

    code = "temporarily_unavailable"


class StoreBusyError(StoreError):
    """Another process held the database longer than we wait."""


class SchemaError(ApplinksError):
    """The database is not ours, or of an older or newer schema; the description names what to do."""

    code = "schema"


class RefusedError(ApplinksError):
    """
    A request to us is refused: the caller's mistake, or our policy.

    Attributes:
        status: the HTTP status of the answer.
        headers: further headers of the answer, such as a challenge.
        link_id, client, user_id: whom it concerns, for the failure's record, as far as that is proved.
    """

    code = "invalid_request"
    status = 400
    link_id = ""
    client = ""
    user_id = ""

    def __init__(
        self,
        description: str = "",
        *,
        code: str | None = None,
        detail: str = "",
        status: int | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(description, code=code, detail=detail)
        self.status = status or type(self).status
        self.headers = headers

    def about(self, *, link_id: str = "", client: str = "", user_id: str = "") -> Self:
        """Say whom the refusal concerns."""
        self.link_id = link_id
        self.client = client
        self.user_id = user_id
        return self


class PeerError(ApplinksError):
    """
    A call to a linked application did not succeed.

    Attributes:
        link: the handle or id of the link.
        reference: the name of the failure's record, once it has one.
    """

    code = "peer_error"

    def __init__(
        self, description: str = "", *, code: str | None = None, detail: str = "", link: str = "", reference: str = ""
    ) -> None:
        super().__init__(description, code=code, detail=detail)
        self.link = link
        self.reference = reference


class AuthorizationNeeded(PeerError):  # noqa: N818 - the name that hosts read: nothing went wrong yet.
    """
    The user must connect at the peer first.

    Attributes:
        url: where to send the user's browser; she ends on the page of her account.
    """

    code = "authorization_needed"

    def __init__(self, url: str, *, link: str = "", detail: str = "") -> None:
        super().__init__("The user has to connect to the other application first.", detail=detail, link=link)
        self.url = url

    def connect_url(self, *, return_to: str) -> str:
        """Give the address that leads her back to ``return_to``, a path of the host."""
        return f"{self.url}?{urlencode({'return_to': return_to})}"


class LinkUnusableError(PeerError):
    """The link is not in force, paused, resting or switched off in this direction."""

    code = "link_unusable"


class PeerRefusedError(PeerError):
    """The peer answered, and said no; ``code`` is the peer's own where it gave a registered one."""

    code = "peer_refused"


class PeerProtocolError(PeerError):
    """The peer's answer breaks the protocol: HTML for JSON, a wrong issuer, a redirect, too much of it."""

    code = "peer_protocol"


class PeerUnreachableError(PeerError):
    """The peer did not answer: no address, no connection, no TLS, no end within the deadline."""

    code = "peer_unreachable"


class AddressNotAllowedError(PeerUnreachableError):
    """The address may not be called; says nothing of what is there."""

    code = "address_not_allowed"


class UnsafeCallError(ApplinksError, ValueError):
    """The host asked for a call that could carry credentials to where they do not belong; nothing was sent."""

    code = "unsafe_call"
