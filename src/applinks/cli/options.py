"""The options that the commands share, and what follows from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from applinks.settings import Settings

# A command that prints no address needs no base URL; the settings want one, and this one leads nowhere.
_NO_BASE_URL = "http://127.0.0.1"

JsonOption = Annotated[bool, Parameter(name="--json", negative="", show_default=False, help="Print JSON for scripts.")]
ConfigOption = Annotated[
    Path | None, Parameter(name="--config", help="The file with the settings, instead of applinks.toml.")
]


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

    def load_settings(self) -> Settings:
        """
        Gather the settings.

        Raises:
            SettingsError: one is unknown or wrong.
        """
        return Settings.load(config=self.config, default_base_url=_NO_BASE_URL, database=self.database)
