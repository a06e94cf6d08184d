"""We send the user's browser to the server, and read what it brings back."""

from dataclasses import dataclass

from applinks.errors import RefusedError
from applinks.secret import Secret
from applinks.wire.forms import MalformedFormError, collect_form, parse_query
from applinks.wire.oauth1.problems import Problem
from applinks.wire.urls import add_query

# Some servers say no by this verifier, some by a problem, and some by a parameter that holds the token.
_DENIED = "denied"
_NO = frozenset({Problem.PERMISSION_DENIED, Problem.USER_REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerAnswer:
    """
    What the browser brought back; nothing of it is proved.

    Attributes:
        token: the temporary credentials' identifier.
        oauth_verifier: None: the user said no.
    """

    token: Secret
    oauth_verifier: Secret | None


def build_authorization_url(endpoint: str, *, token: Secret) -> str:
    """
    Give the address at which the user is asked.

    RFC 5849 §2.2.
    """
    return add_query(endpoint, [("oauth_token", token.reveal())])


def is_owner_answer(query: str) -> bool:
    """Whether a query is what a server of OAuth 1.0a sends back, and not one of OAuth 2."""
    names = collect_form(query).names
    if "state" in names:
        return False
    return not names.isdisjoint({"oauth_token", "oauth_verifier", "oauth_problem"}) or _is_denial(names)


def read_owner_answer(query: str) -> OwnerAnswer:
    """
    Read what the browser brought back.

    RFC 5849 §2.2.

    Raises:
        RefusedError: it is no answer: without token or without verifier, or it says one of them twice.
    """
    try:
        form = parse_query(query)
    except MalformedFormError as error:
        raise _build_malformed(f"{error.name}: {error}") from None
    if _is_denial(form.names):
        return OwnerAnswer(token=Secret(form.get(_DENIED) or ""), oauth_verifier=None)
    token, oauth_verifier = form.get("oauth_token"), form.get("oauth_verifier")
    if token is None:
        raise _build_malformed("oauth_token is missing")
    if oauth_verifier == _DENIED or form.get("oauth_problem") in _NO:
        return OwnerAnswer(token=Secret(token), oauth_verifier=None)
    if oauth_verifier is None:
        raise _build_malformed("oauth_verifier is missing")
    return OwnerAnswer(token=Secret(token), oauth_verifier=Secret(oauth_verifier))


def _is_denial(names: frozenset[str]) -> bool:
    return _DENIED in names and "oauth_token" not in names


def _build_malformed(detail: str) -> RefusedError:
    return RefusedError("The other application's answer cannot be read.", detail=f"callback: {detail}")
