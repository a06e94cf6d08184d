"""How long things last and how large they may be: settings that come in groups."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """
    How long things last, in seconds.

    Attributes:
        code_seconds: how soon a client has to exchange an authorization code.
        access_token_seconds: how long an access token is good for.
        refresh_idle_seconds: how long a refresh token is good for that nobody uses.
        refresh_absolute_seconds: how long tokens can be renewed after a user's consent; then she is asked again.
        rotation_window_seconds: how long a superseded refresh token still gets the same answer.
        proposal_seconds: how long a proposal, and the answer to it, may be decided; 600 at most.
        tombstone_seconds: how long it is remembered that a link ended and which proposals were decided.
        round_trip_seconds: how long a user may take to connect her account.
        confirm_again_seconds: how fresh a log-in has to be for approving a link, where the host says when it was.
        failure_seconds: how long failures are kept.
        audit_seconds: how long the audit, and grants that ended, are kept.
        temporary_credentials_seconds: how long a user may take to allow a client of OAuth 1.0a what it asks.
        token_credentials_seconds: how long token credentials of OAuth 1.0a are good for before they are renewed.
        token_session_seconds: how long after a user's consent they can be renewed; then she is asked again.
        session_idle_seconds: how long a session of our pages lasts that nobody uses.
        session_absolute_seconds: how long a session of our pages lasts at the most.
    """

    code_seconds: int = 60
    access_token_seconds: int = 3600
    refresh_idle_seconds: int = 30 * 86400
    refresh_absolute_seconds: int = 365 * 86400
    rotation_window_seconds: int = 30
    proposal_seconds: int = 600
    tombstone_seconds: int = 2 * 365 * 86400
    round_trip_seconds: int = 600
    confirm_again_seconds: int = 600
    failure_seconds: int = 30 * 86400
    audit_seconds: int = 365 * 86400
    temporary_credentials_seconds: int = 600
    token_credentials_seconds: int = 5 * 365 * 86400
    token_session_seconds: int = (5 * 365 + 30) * 86400
    session_idle_seconds: int = 8 * 3600
    session_absolute_seconds: int = 7 * 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """
    How large things may be, in bytes, and how long a peer may take, in seconds.

    Attributes:
        protocol_body: the body of a request to one of our protocol endpoints.
        page_body: the body of a form of our pages.
        peer_answer: what a peer answers to a call; a call may say otherwise.
        document: a peer's answer to OAuth: tokens, metadata.
        link_document: a peer's link manifest, and its keys.
        failures_per_link: how many failures of a link are kept, the newest.
        connect_seconds: to resolve a peer's name and connect.
        read_seconds: between two parts of a peer's answer.
        call_seconds: the whole of a call; a call may say otherwise.
        link_document_seconds: the whole of reading a link manifest, or its keys.
    """

    protocol_body: int = 64 * 1024
    page_body: int = 1024 * 1024
    peer_answer: int = 1024 * 1024
    document: int = 256 * 1024
    link_document: int = 64 * 1024
    failures_per_link: int = 1000
    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    call_seconds: float = 30.0
    link_document_seconds: float = 10.0
