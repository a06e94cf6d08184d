"""Settings are checked at start, and every wrong one is refused in words."""

from pathlib import Path

import pytest

from applinks.errors import SettingsError
from applinks.secret import Secret
from applinks.settings import Settings, decode_sealing_key
from applinks.wire.urls import MalformedUrlError, check_base_url

NOTHING: dict[str, str] = {}


def load(tmp_path: Path, text: str = "", environment: dict[str, str] | None = None, **given: object) -> Settings:
    config = tmp_path / "applinks.toml"
    config.write_text(text, "utf-8")
    return Settings.load(config=config, environment=environment or NOTHING, **given)


@pytest.mark.parametrize(
    "url",
    [
        "https://tracker.example",
        "https://tracker.example:8443/tracker/x",
        "http://127.0.0.1:8001",
        "http://[::1]:8001",
        "http://localhost",
        "https://[2001:db8::1]",
    ],
)
def test_a_base_url_that_peers_accept_is_accepted(url: str) -> None:
    """Handshake §1: the same grammar as peers hold our manifest to."""
    check_base_url(url, allow_http=True)
    assert Settings(base_url=url).issuer == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tracker.example",
        "ftp://tracker.example",
        "https://",
        "https://Tracker.example",
        "https://tracker.example/",
        "https://tracker.example?x",
        "https://tracker.example#",
        "https://robin@tracker.example",
        "https://tracker.example:443",
        "https://tracker.example:0",
        "https://tracker.example:99999",
        "https://tracker.example:x",
        "https://tracker.example/a/../b",
        "https://tracker.example/a%20b",
        "https://tracker.example//a",
        "https://träcker.example",
        "https://tracker.example\n",
        "http://tracker.example",
        "http://127.0.0.1:80",
    ],
)
def test_a_base_url_that_peers_would_refuse_is_refused_at_start(url: str) -> None:
    """Handshake §1: compared byte for byte, so it has one spelling."""
    with pytest.raises(MalformedUrlError):
        check_base_url(url, allow_http=True)
    with pytest.raises(SettingsError, match="base_url"):
        Settings(base_url=url)


def test_what_is_given_counts_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    """Product §4."""
    text = 'base_url = "https://file.example"\nname = "File"\nkind = "file"\n[lifetimes]\ncode_seconds = 30\n'
    environment = {"APPLINKS_NAME": "Environment", "APPLINKS_KIND": "environment", "OTHER": "x"}
    settings = load(tmp_path, text, environment, kind="given", name=None)
    assert (settings.base_url, settings.name, settings.kind) == ("https://file.example", "Environment", "given")
    assert settings.lifetimes.code_seconds == 30


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", "unknown setting colour"),
        ("name = 5", "name has to be a text"),
        ("protocols = 1", "protocols has to be a list"),
        ('protocols = ["smoke"]', "protocols: at least one of"),
        ("protocols = []", "protocols: at least one of"),
        ('allow_http_for_loopback = "maybe"', "true or false"),
        ('user_seen_seconds = "soon"', "whole number"),
        ("user_seen_seconds = -1", "0 or more"),
        ("proxies = 5", "proxies has to be a list"),
        ('proxies = ["proxy.example"]', "'proxy.example' is not understood; write an address as 10.0.0.5"),
        ('proxies = ["10.0.0.5/24"]', "'10.0.0.5/24' is not understood"),
        ('proxies = ["*"]', "not understood"),
        ('proxies = ["0.0.0.0/0"]', "anybody could say who calls"),
        ('proxies = ["::/0"]', "anybody could say who calls"),
        ("lifetimes = 5", "has to be a table"),
        ("[lifetimes]\ncolour = 1", "unknown setting lifetimes.colour"),
        ("[sizes]\ndocument = true", "not negative"),
        ('synchronous = "OFF"', "FULL or NORMAL"),
        ('sealing_key = "short"', "openssl rand -base64 32"),
        ('name = "   "', "which can all be shown"),
        ('name = "a\\u202eb"', "which can all be shown"),
        ('database = "mysql://x"', "database"),
        ("name =", "is not TOML"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    """Product §4: checked at start; never a traceback."""
    with pytest.raises(SettingsError, match=words):
        load(tmp_path, text, base_url="https://tracker.example")


def test_without_a_base_url_the_error_says_where_to_put_one(tmp_path: Path) -> None:
    """Product §4."""
    with pytest.raises(SettingsError, match="APPLINKS_BASE_URL"):
        load(tmp_path)
    assert load(tmp_path, default_base_url="http://127.0.0.1").base_url == "http://127.0.0.1"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://tracker.example/", "has a final slash"),
        ("tracker.example", "has no scheme"),
        ("ftp://tracker.example", "another scheme"),
        ("https://", "has no host"),
        ("https://Tracker.example", "not in lower case"),
        ("https://tracker.example/?a=b", "has a query"),
        ("https://tracker.example/#a", "has a fragment"),
        ("https://tracker.example/a%20b", "percent sign"),
        ("https://tracker.example//a", "empty part"),
        ("https://träcker.example", "wrong host, port or path"),
    ],
)
def test_the_rule_is_named_that_a_base_url_breaks(url: str, words: str) -> None:
    """Ours: one sentence for all of them leaves everybody guessing."""
    with pytest.raises(SettingsError, match=words):
        Settings(base_url=url)


def test_a_base_url_with_a_password_is_not_repeated() -> None:
    """N-05."""
    with pytest.raises(SettingsError, match="it has a user name") as caught:
        Settings(base_url="https://me:pass-word@tracker.example")
    assert "pass-word" not in str(caught.value)


def test_an_empty_variable_counts_as_none(tmp_path: Path) -> None:
    """Ours: so a shell or a container says that there is none."""
    empty = {"APPLINKS_BASE_URL": "", "APPLINKS_SEALING_KEY": "", "APPLINKS_USER_SEEN_SECONDS": ""}
    assert load(tmp_path, "", empty, default_base_url="http://127.0.0.1").base_url == "http://127.0.0.1"


@pytest.mark.requirement("N-03")
def test_proxies_are_listed_in_the_file_or_the_environment(tmp_path: Path) -> None:
    """Security N-03: none by default."""
    listed = ("10.0.0.5", "2001:db8::/64")
    assert load(tmp_path, base_url="https://tracker.example").proxies == ()
    assert load(tmp_path, f"proxies = {list(listed)}", base_url="https://tracker.example").proxies == listed
    for text in ("10.0.0.5 2001:db8::/64", "10.0.0.5, 2001:db8::/64"):
        assert load(tmp_path, "", {"APPLINKS_PROXIES": text}, base_url="https://tracker.example").proxies == listed


def test_a_file_that_is_named_and_missing_is_an_error(tmp_path: Path) -> None:
    """Product §4."""
    with pytest.raises(SettingsError, match="does not exist"):
        Settings.load(config=tmp_path / "nothing.toml", environment=NOTHING)


def test_http_for_loopback_is_on_exactly_when_we_are_such_a_one() -> None:
    """Product §4."""
    assert Settings(base_url="http://localhost:8001").allow_http_for_loopback is True
    assert Settings(base_url="https://tracker.example").allow_http_for_loopback is False
    assert Settings(base_url="http://localhost", allow_http_for_loopback=False).allow_http_for_loopback is False


def test_a_sealing_key_is_read_in_either_alphabet() -> None:
    """House §8 Keys."""
    raw = bytes(range(224, 256))
    for text in ("4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=", "4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v8"):
        assert decode_sealing_key(Secret(text)) == raw


def test_the_name_is_that_of_the_host_where_none_is_given() -> None:
    """Ours."""
    assert Settings(base_url="https://tracker.example:8443/x").name == "tracker.example"
