"""The options that the commands share, and what follows from them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from applinks.errors import RefusedError
from applinks.settings import Settings

# A command that prints no address needs no base URL; the settings want one, and this one leads nowhere.
NO_BASE_URL = "https://base-url.invalid"

JsonOption = Annotated[bool, Parameter(name="--json", negative="", show_default=False, help="Print JSON for scripts.")]
ConfigOption = Annotated[
    Path | None, Parameter(name="--config", help="The file with the settings, instead of applinks.toml.")
]
YesOption = Annotated[
    bool,
    Parameter(name="--yes", negative="", show_default=False, help="Do not ask. Without a terminal nothing is asked."),
]

LinkArgument = Annotated[str, Parameter(help="The link's handle or id.")]

OPTIONS: Mapping[str, str] = {
    "CLIENT": "CLIENT",
    "NAME": "NAME",
    "application_scopes": "--scope",
    "authentication": "--authentication-method",
    "dialect_1_0": "--dialect-1-0",
    "methods": "--signature-method",
    "protected_groups": "--protect-group",
    "protected_users": "--protect-user",
    "client_secret": "--client-secret-file",
    "grant_types": "--grant-type",
    "incoming_scopes": "--incoming-scope",
    "outgoing_scopes": "--scope",
    "redirect_uris": "--redirect-uri",
    "resources": "--resource",
    "scopes": "--scope",
    **{
        name: f"--{name.replace('_', '-')}"
        for name in (
            *("authorization_endpoint", "token_endpoint", "revocation_endpoint", "userinfo_endpoint"),
            *("client_id", "description", "email", "handle", "issuer", "link", "name", "url"),
            *("callback", "execute_as", "impersonation", "key", "public_key", "shared_secret", "signature_method"),
            *("access_token_url", "authorize_url", "consumer_key", "request_token_url"),
            *("display_url", "three_legged", "two_legged"),
        )
    },
}
"""How the option is called from which administration took a value that it refuses."""


@contextmanager
def name_argument(field: str, argument: str) -> Iterator[None]:
    """Let a refusal of a field name the argument of this command, where another command has an option for it."""
    try:
        yield
    except RefusedError as error:
        if getattr(error, "field", "") == field:
            error.field = argument  # type: ignore[attr-defined]
        raise


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class CommonOptions:
    """What every command takes that looks into a database."""

    database: Annotated[
        str | None,
        Parameter(
            name="--database",
            help="The database: sqlite:///PATH or postgresql://USER@HOST/NAME. [default: sqlite:///applinks.db]",
        ),
    ] = None
    config: ConfigOption = None
    json: JsonOption = False

    def load_settings(self, *, needs_base_url: bool = False) -> Settings:
        """
        Gather the settings; a command that prints or opens addresses of ours needs to know the base URL.

        Raises:
            SettingsError: one is unknown or wrong, or the base URL is needed and missing.
        """
        default = None if needs_base_url else NO_BASE_URL
        return Settings.load(config=self.config, default_base_url=default, database=self.database)


def knows_base_url(settings: Settings) -> bool:
    """Whether the settings name the base URL, so that addresses of ours can be printed."""
    return settings.base_url != NO_BASE_URL
