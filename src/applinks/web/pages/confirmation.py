"""What asks who logged in long ago to prove again who she is."""

from typing import Any

from applinks.web.pages.visit import Visit
from applinks.wire.forms import Form

# What was typed before, by path; secrets and the form's own fields are never kept.
_TYPED = "typed"
_SECRETS = ("client_secret", "shared_secret")
_NOT_KEPT = frozenset({"csrf_token", "once", *_SECRETS})
# Somebody pasted it where a public key belongs.
_PRIVATE_KEY = "PRIVATE KEY-----"

LEFT_OUT = "left_out"
"""The field that names the secrets that were typed, and are not kept."""

_MOST_KEPT = 3
_LONGEST_KEPT = 20_000


def find_confirmation(visit: Visit, path: str) -> str | None:
    """
    Give the page on which to log in again before a dangerous step; None: it may be taken.

    Asked only where the host says when its user logged in, and offers to ask again. ``path`` is where she comes back.
    """
    confirmed_at, limit = visit.user.confirmed_at, visit.context.settings.lifetimes.confirm_again_seconds
    if confirmed_at is None or visit.now - confirmed_at <= limit:
        return None
    return visit.context.users.confirm_url(visit.url(path))


async def keep_typed(visit: Visit, path: str) -> None:
    """Keep what was typed into a form while somebody logs in again."""
    pairs = [[name, value] for name, value in visit.form if name not in _NOT_KEPT and _PRIVATE_KEY not in value]
    if left_out := list_typed_secrets(visit.form):
        pairs.append([LEFT_OUT, " ".join(left_out)])
    if sum(len(name) + len(value) for name, value in pairs) > _LONGEST_KEPT:
        return
    kept: dict[str, Any] = {each: old for each, old in visit.session.data.get(_TYPED, {}).items() if each != path}
    visit.session.data[_TYPED] = dict([*kept.items(), (path, pairs)][-_MOST_KEPT:])
    await visit.session.save()


async def take_typed(visit: Visit, path: str) -> Form | None:
    """Give what was typed before, once; None: nothing was."""
    pairs = visit.session.data.get(_TYPED, {}).pop(path, None)
    if pairs is None:
        return None
    await visit.session.save()
    return Form(tuple((name, value) for name, value in pairs))


def list_typed_secrets(sent: Form) -> tuple[str, ...]:
    """Give the fields of secrets into which something was typed, now or before somebody logged in again."""
    left_out = (sent.get(LEFT_OUT) or "").split()
    return tuple(name for name in _SECRETS if sent.get(name) or name in left_out)
