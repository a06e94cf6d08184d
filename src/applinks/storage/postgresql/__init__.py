"""What runs on PostgreSQL alone; its modules are loaded when a setting names it, because the driver is optional."""

from importlib.util import find_spec

from applinks.errors import SettingsError


def check_driver() -> None:
    """
    Check that the driver is there; called before any of these modules is loaded.

    Raises:
        SettingsError: it is not installed; the text says how to install it.
    """
    for name in ("asyncpg", "greenlet"):
        if find_spec(name) is None:
            raise SettingsError(
                f"database: PostgreSQL needs {name}, which is not installed; run: pip install 'applinks[postgres]'"
            )
