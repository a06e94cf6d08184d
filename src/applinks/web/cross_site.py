"""
No other site sends our forms.

Two locks before every page's POST: what the browser says of where the request came from (Fetch Metadata), and a token
that only our own pages hold. ``Origin`` alone would not do: under ``Referrer-Policy: no-referrer`` it is ``null``.
"""

import base64
import hashlib
import hmac

from applinks.errors import RefusedError
from applinks.secret import Secret
from applinks.wire.http import Headers, find_header
from applinks.wire.urls import get_origin

TOKEN_FIELD = "csrf_token"  # noqa: S105 - the name of a field
_FORBIDDEN = 403


class CrossSiteError(RefusedError):
    """A form did not come from a page of ours."""

    code = "cross_site"
    status = _FORBIDDEN

    def __init__(self, detail: str) -> None:
        super().__init__("The request did not come from a page of this application.", detail=detail)


def build_token(secret: Secret, user_id: str) -> str:
    """Build the token of a session's forms; it ends with the session, and with another user's log-in."""
    digest = hmac.digest(secret.reveal().encode(), b"form\0" + user_id.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def check_origin(headers: Headers, *, base_url: str) -> None:
    """
    Check that a POST comes from a page of our own origin, as far as the browser says.

    Raises:
        CrossSiteError: it says something else.
    """
    site = find_header(headers, "sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise CrossSiteError(f"Sec-Fetch-Site: {site[:40]!r}")
        return
    # A browser without Fetch Metadata; null is what no-referrer makes of our own pages, and the token decides.
    origin = find_header(headers, "origin")
    if origin is not None and origin not in {"null", get_origin(base_url)}:
        raise CrossSiteError(f"Origin: {origin[:200]!r}")


def check_token(sent: str | None, *, expected: str) -> None:
    """
    Check the token of a form, in constant time.

    Raises:
        CrossSiteError: it is missing or another.
    """
    if not expected or not hmac.compare_digest((sent or "").encode(), expected.encode()):
        raise CrossSiteError("the token of the form is missing, or of another session or user")
