from hypothesis import given
from hypothesis import strategies as st

from applinks.errors import PeerError, RefusedError
from applinks.outgoing.oauth1.owner_authorization import is_owner_answer, read_owner_answer
from applinks.outgoing.oauth1.signed_request import Freshness, HeldCredentials, OwnClient
from applinks.outgoing.oauth1.temporary_credentials import request_temporary_credentials
from applinks.outgoing.oauth1.token_credentials import renew_token_credentials
from applinks.secret import Secret
from applinks.wire.http import Response
from applinks.wire.oauth1.signature import SignatureMethod

OWN = OwnClient(key="us", method=SignatureMethod.PLAINTEXT, secret=Secret("our-own-secret"))
HELD = HeldCredentials(token=Secret("held-token"), secret=Secret("held-secret"))
PLACE = "https://x.example/t"
NOW = Freshness(timestamp=1_800_000_000, nonce="n")
SECRETS = ("our-own-secret", "held-token", "held-secret", "held-handle")

PIECES = st.sampled_from(
    [
        "oauth_problem=",
        "oauth_token=",
        "oauth_token_secret=",
        "oauth_",
        "=&",
        "oauth_acceptable_timestamps=",
        "oauth_problem_advice=",
        "timestamp_refused",
        "1-2",
        "9" * 30,
        "&",
        "%",
        '"',
        ", ",
        *SECRETS,
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join)
HEADERS = TEXTS.map(lambda text: text.encode("ascii", "ignore").decode().replace("\r", "").replace("\n", ""))
ANSWERS = st.builds(
    lambda status, challenge, body: Response(
        status=status, headers=(("WWW-Authenticate", f"OAuth {challenge}"),), body=body
    ),
    st.sampled_from([200, 302, 400, 401, 403, 500, 503]),
    HEADERS,
    TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=40),
)


@given(ANSWERS)
def test_any_answer_gives_credentials_or_an_error_that_shows_no_secret(answer):
    """Ours: what a peer says is never more than wrong."""
    asks = request_temporary_credentials(PLACE, callback="https://us.example/cb", own=OWN, freshness=NOW)
    renews = renew_token_credentials(PLACE, held=HELD, session_handle=Secret("held-handle"), own=OWN, freshness=NOW)
    for exchange, sent in ((asks, SECRETS[:1]), (renews, SECRETS)):
        next(exchange)
        try:
            exchange.send(answer)
        except StopIteration:
            continue
        except PeerError as error:
            shown = error.detail + error.description + error.code
            assert not [secret for secret in sent if secret in shown]
            assert len(shown) < 700
            assert shown.isprintable()
        else:
            raise AssertionError("the exchange asks for more")


@given(TEXTS | st.text())
def test_any_query_is_an_answer_or_refused(query):
    """Ours: the callback is open to everybody."""
    is_owner_answer(query)
    try:
        answer = read_owner_answer(query)
    except RefusedError:
        return
    assert answer.token.reveal()
    assert answer.oauth_verifier is None or answer.oauth_verifier.reveal()
