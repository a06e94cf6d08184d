"""
Refusals of the handshake.

Handshake §8.
"""

from applinks.errors import RefusedError

_UNPROVED = 401
_FORBIDDEN = 403
_STATUS = {
    "invalid_claims": _UNPROVED,
    "invalid_signature": _UNPROVED,
    "unknown_key": _UNPROVED,
    "login_required": _UNPROVED,
    "not_administrator": _FORBIDDEN,
    "cross_site": _FORBIDDEN,
    "wrong_browser": _FORBIDDEN,
    "too_many_requests": 429,
    "temporarily_unavailable": 503,
}
_DESCRIPTIONS = {
    "invalid_request": "The message is malformed.",
    "invalid_url": "This is no base URL of a web application.",
    "invalid_claims": "A claim of the message is missing or wrong.",
    "invalid_signature": "The signature is wrong.",
    "unknown_key": "The message names a key that is not known.",
    "expired": "The message is too old.",
    "used": "The proposal has been decided.",
    "login_required": "Log in first.",
    "not_administrator": "Only an administrator may do this.",
    "wrong_browser": "This was begun in another session.",
    "unknown_offer": "There is no such open proposal.",
    "self_link": "An application cannot be linked with itself.",
    "duplicate_link": "There is a link with this application already.",
    "own_proposal_first": "Our own proposal to this application goes first.",
    "busy": "The link was changed at the same moment.",
    "out_of_step": "The two applications do not remember the same agreement.",
    "unknown_link": "There is no such link.",
    "key_mismatch": "The keys named are not the keys held.",
    "invalid_manifest": "The link manifest is wrong.",
    "not_applinks": "There is no link manifest.",
    "unsupported_version": "The message or manifest is of another version.",
    "unsupported_terms": "The terms cannot be agreed to.",
    "no_common_protocol": "There is no protocol that both speak.",
    "declined": "The other administrator declined.",
    "peer_unreachable": "The other application does not answer.",
    "peer_redirects": "The address redirects.",
    "address_not_allowed": "The address may not be called.",
    "temporarily_unavailable": "Not possible at the moment.",
}


class LinkingError(RefusedError):
    """
    A step of the handshake is refused.

    Attributes:
        offer: an address with which to begin anew; None: there is none to offer.
        asks_private: the address is private, and an administrator may confirm it.
        peer: the base URL of the other application, where it is known.
        waits_until: when the earlier approval that stands in the way falls by itself; 0: none does.
    """

    waits_until = 0

    def __init__(
        self, code: str, *, detail: str = "", offer: str | None = None, asks_private: bool = False, peer: str = ""
    ) -> None:
        super().__init__(_DESCRIPTIONS.get(code, code), code=code, detail=detail, status=_STATUS.get(code, 400))
        self.offer = offer
        self.asks_private = asks_private
        self.peer = peer
