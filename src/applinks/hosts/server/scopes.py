"""What the server form itself lets applications ask for."""

from applinks.records.scopes import Scope

PROFILE, EMAIL = "profile", "email"

SCOPES = (
    Scope(PROFILE, "Know who you are", "Your name, not your password.", default=True, application=True),
    Scope(EMAIL, "See your e-mail address", default=True),
)
"""In the order in which pages show them; ``profile`` also for an application itself, so that it can ask who it is."""
