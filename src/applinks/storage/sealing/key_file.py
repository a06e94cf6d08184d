"""The sealing keys: from the settings, or from a file beside the database that its owner alone can read."""

import logging
import os
import secrets
import stat
from pathlib import Path

from applinks.errors import SettingsError, StoreError
from applinks.secret import Secret
from applinks.settings import Settings, decode_sealing_key
from applinks.storage.sealing.sealer import make_sealing_key
from applinks.wire.base64url import format_base64url

LOST_FOR_GOOD = (
    "If it is lost for good, start once with APPLINKS_SEALING_KEY_LOST=1: links and the tokens of those who call us "
    "survive, our connections have to be made anew, and each peer has to approve a new key of ours"
)

_log = logging.getLogger("applinks.storage")


def get_key_path(database: Path) -> Path:
    """Give the key file of a database file."""
    return database.with_name(f"{database.name}.key")


def get_given_key(settings: Settings) -> bytes:
    """
    Give the sealing key of the settings, where no file can stand beside the database.

    Raises:
        SettingsError: there is none; the text says how to make one.
    """
    if settings.sealing_key is None:
        raise SettingsError(
            "sealing_key: a database of PostgreSQL needs one, kept elsewhere; make one with: openssl rand -base64 32, "
            "and set APPLINKS_SEALING_KEY to it"
        )
    return decode_sealing_key(settings.sealing_key)


def read_sealing_keys(settings: Settings, database: Path, *, is_new: bool) -> tuple[bytes, ...]:
    """
    Give the sealing keys, the current one first; makes the file where database and file are both new.

    Raises:
        SettingsError: a database that exists has lost its key file, or the file holds no keys.
        StoreError: the file cannot be made or read.
    """
    path = get_key_path(database)
    given = (decode_sealing_key(settings.sealing_key),) if settings.sealing_key else ()
    if not given and not path.exists():
        if not is_new and not settings.sealing_key_lost:
            raise SettingsError(
                f"{path} is missing: it holds the key to the secrets in {database}. Put it back from the backup, or "
                f"set APPLINKS_SEALING_KEY to what it held. {LOST_FOR_GOOD}"
            )
        _make_file(path)
    # A file beside a key of the settings holds older keys: what they sealed still opens.
    return given + (_read_file(path) if path.exists() else ())


def _read_file(path: Path) -> tuple[bytes, ...]:
    try:
        lines = path.read_text("ascii").split()
        is_open = bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"The sealing key cannot be read from {path}: {error}") from error
    if is_open:
        _log.warning("sealing_key.readable_by_others path=%s", path)
    try:
        keys = tuple(decode_sealing_key(Secret(line)) for line in lines)
    except SettingsError:
        keys = ()
    if not keys:
        raise SettingsError(f"{path} holds no sealing key: one or more lines of 32 bytes in base64, the current first")
    return keys


def _make_file(path: Path) -> None:
    """Make the file whole or not at all: of several first starts one wins, and all read what it wrote."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(format_base64url(make_sealing_key()) + "\n")
                file.flush()
                os.fsync(file.fileno())
            _link(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(
            f"The sealing key cannot be written to {path}: {error.strerror}; or set APPLINKS_SEALING_KEY",
            detail=str(error),
        ) from error


def _link(draft: Path, path: Path) -> None:
    # A link fails where the name is taken, which a rename would overwrite.
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
