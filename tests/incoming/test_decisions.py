"""`decide` alone: synchronous, total, without a database."""

from dataclasses import replace
from typing import Any

import pytest

from applinks.incoming.oauth2.grant_types.authorization_code import LoadedCode, decide_code_exchange
from applinks.incoming.oauth2.grant_types.refresh_token import LoadedRefreshToken, decide_refresh
from applinks.incoming.oauth2.token_decisions import Issue, Refuse, Repeat, Revoke
from applinks.incoming.policy import choose_scopes, list_application_scopes, may_use
from applinks.incoming.rules import build_rules
from applinks.incoming.store import FoundClient, FoundCode, FoundRefreshToken
from applinks.records.clients import Client, ClientAuthentication, GrantType
from applinks.records.grants import Grant
from applinks.records.tokens import AuthorizationCode, Family, RefreshToken
from applinks.records.users import User
from applinks.secret import Secret
from applinks.settings import Settings
from applinks.wire.oauth2.messages import CodeExchange, Refresh
from applinks.wire.oauth2.pkce import compute_code_challenge
from tests.incoming.world import BASE, LINK, PEER, PEER_REDIRECT, RESOURCES, VERIFIER, make_link

NOW = 1_800_000_000
RULES = build_rules(Settings(base_url=BASE), RESOURCES)
USER = User(id="1", name="alice")
FOUND_CLIENT = FoundClient(
    client=Client(
        id="cli_1",
        client_id="x",
        link_id=LINK,
        name="Start",
        authentication=ClientAuthentication.PRIVATE_KEY_JWT,
        redirect_uris=(PEER_REDIRECT,),
        grant_types=tuple(GrantType),
        scopes=("issues:read", "issues:write"),
        application_scopes=("issues:read",),
        is_peer=True,
        created_at=1,
    ),
    link=make_link(link_id=LINK, handle="start", url=PEER, keys=()),
)
GRANT = Grant(
    id="grt_1", client="cli_1", link_id=LINK, user_id="1", scopes=("issues:read",), resource=BASE, created_at=1
)
CODE = AuthorizationCode(
    digest=b"",
    client="cli_1",
    grant_id="grt_1",
    user_id="1",
    redirect_uri=PEER_REDIRECT,
    code_challenge=compute_code_challenge(VERIFIER),
    scopes=("issues:read",),
    resource=BASE,
    issued_at=NOW,
    expires_at=NOW + 60,
)
FAMILY = Family(id="fam_1", grant_id="grt_1", created_at=NOW, absolute_expires_at=NOW + 1000)
REFRESH = RefreshToken(
    row=1,
    digest=b"",
    client="cli_1",
    grant_id="grt_1",
    family_id="fam_1",
    user_id="1",
    scopes=("issues:read",),
    resource=BASE,
    issued_at=NOW,
    idle_expires_at=NOW + 500,
)
EXCHANGE = CodeExchange(code="", redirect_uri=PEER_REDIRECT, code_verifier=VERIFIER)


def decide_code(*, user: User | None = USER, now: int = NOW, **changes: Any) -> object:
    found = FoundCode(code=replace(CODE, **changes), client=FOUND_CLIENT.client, link=FOUND_CLIENT.link, grant=GRANT)
    loaded = LoadedCode(found=found, user=user)
    return decide_code_exchange(EXCHANGE, FOUND_CLIENT, loaded, now=now, rules=RULES, family_id="fam_1")


def decide_token(
    after: dict[str, Any] | None = None, /, *, now: int = NOW, revoked_at: int = 0, **changes: Any
) -> object:
    found = FoundRefreshToken(
        token=replace(REFRESH, **changes),
        family=replace(FAMILY, revoked_at=revoked_at),
        client=FOUND_CLIENT.client,
        link=FOUND_CLIENT.link,
        grant=GRANT,
    )
    successor = None if after is None else replace(REFRESH, row=2, **after)
    loaded = LoadedRefreshToken(found=found, successor=successor, user=USER)
    return decide_refresh(Refresh(refresh_token=""), FOUND_CLIENT, loaded, now=now, rules=RULES)


def test_a_good_code_is_issued_for_what_was_granted() -> None:
    """RFC 6749 §4.1.4."""
    decision = decide_code()
    assert isinstance(decision, Issue)
    assert (decision.user_id, decision.scopes, decision.refresh_scopes) == ("1", CODE.scopes, CODE.scopes)
    assert decision.family == replace(FAMILY, absolute_expires_at=NOW + 365 * 86400)


@pytest.mark.requirement("rfc9700-2.1.1-5")
@pytest.mark.requirement("rfc9700-4.8.2-1")
@pytest.mark.requirement("AS-11")
def test_a_code_without_a_challenge_is_never_exchanged_with_a_verifier() -> None:
    """RFC 9700 §2.1.1: downgrade."""
    assert isinstance(decide_code(code_challenge=""), Refuse)


@pytest.mark.requirement("AS-12")
def test_use_is_seen_before_everything_but_the_client() -> None:
    """Ours: a replay revokes although the code expired and its user is gone."""
    used = {"claimed_at": NOW, "family_id": "fam_9"}
    decision = decide_code(now=NOW + 900, user=None, **used)
    assert isinstance(decision, Revoke)
    assert decision.family_id == "fam_9"
    assert isinstance(decide_code(client="cli_2", **used), Refuse)


@pytest.mark.requirement("AS-31")
@pytest.mark.parametrize(
    ("successor", "changes", "expected"),
    [
        ({}, {}, Repeat),
        ({}, {"now": NOW + 30}, Repeat),
        ({}, {"now": NOW + 31}, Revoke),
        ({"superseded_at": NOW}, {}, Revoke),
        (None, {}, Revoke),
        ({}, {"revoked_at": NOW}, Refuse),
        ({}, {"successor": None}, Refuse),
        ({}, {"successor_scopes": ("issues:write",)}, Refuse),
        ({}, {"client": "cli_2", "now": NOW + 31}, Refuse),
    ],
)
def test_a_superseded_token_is_repeated_revokes_or_is_refused(
    successor: dict[str, Any] | None, changes: dict[str, Any], expected: type
) -> None:
    """RFC 9700 §4.14.2; ours: the window."""
    superseded = {
        "superseded_at": NOW,
        "successor_row": 2,
        "successor": Secret("{}"),
        "successor_scopes": ("issues:read",),
    }
    assert isinstance(decide_token(successor, **(superseded | changes)), expected)


@pytest.mark.requirement("AS-33")
@pytest.mark.parametrize(("now", "expected"), [(NOW + 499, Issue), (NOW + 500, Refuse), (NOW + 1000, Refuse)])
def test_expiry_holds_at_use(now: int, expected: type) -> None:
    """RFC 9700 §4.14.2."""
    assert isinstance(decide_token(now=now), expected)
    absolute = decide_token(now=NOW + 1000, idle_expires_at=NOW + 5000)
    assert isinstance(absolute, Refuse)


def test_scopes_are_chosen_from_what_is_allowed() -> None:
    """RFC 6749 §3.3; product §4, Defaults."""
    host, notes = RESOURCES
    allowed = ("issues:read", "issues:write", "applinks:check")
    assert choose_scopes((), allowed, host) == ("issues:read",)
    assert choose_scopes((), ("issues:write", "applinks:check"), host) == ("issues:write",)
    assert choose_scopes((), ("applinks:check",), host) == ()
    assert choose_scopes(("applinks:check",), allowed, host) == ("applinks:check",)
    assert choose_scopes(("issues:write", "issues:read"), allowed, host) == ("issues:read", "issues:write")
    assert choose_scopes(("notes:read",), allowed, notes) is None


def test_what_an_application_may_is_declared_agreed_and_registered() -> None:
    """Product §4: only scopes declared `application`."""
    client, link = FOUND_CLIENT.client, FOUND_CLIENT.link
    host, notes = RESOURCES
    assert list_application_scopes(client, link, host, RULES) == ("issues:read", "applinks:check")
    assert list_application_scopes(client, link, notes, RULES) == ("issues:read",)
    widened = replace(client, application_scopes=("issues:read", "issues:write"), is_peer=False)
    assert list_application_scopes(widened, link, host, RULES) == ("issues:read",)
    assert not may_use(replace(client, authentication=ClientAuthentication.NONE), GrantType.CLIENT_CREDENTIALS)
