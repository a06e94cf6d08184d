"""What is said of a link: its state, why it rests, how it ended, and what a test call found."""

from collections.abc import Mapping, Sequence

from applinks.words.language import Sentence, fill, mark
from applinks.words.language import gettext as _

# The words of the state that a link shows, by the key that pages use; the colour follows from the same key.
STATES: Mapping[str, str] = {
    "connected": mark("Connected"),
    "ready": mark("Ready"),
    "testing": mark("Being tested"),
    "attention": mark("Needs attention"),
    "paused": mark("Paused"),
    "off": mark("Switched off"),
    "waiting": mark("Waiting for the other side"),
    "yours": mark("Waiting for you"),
    "ended": mark("Ended"),
}

RESTS: Mapping[str, tuple[str, str]] = {
    "out_of_step": (
        mark("{us} and {peer} do not remember the same agreement, so no call passes."),
        mark(
            "This ends by itself when both say the same again. If it lasts, one of the two was restored "
            "from an old copy: delete the link and make it anew."
        ),
    ),
    "keys_changed": (
        mark("{peer} uses a key that it had not announced, so no call passes."),
        mark("Compare the new key with its administrator, then approve it or delete the link."),
    ),
    "restored": (
        mark("{us} was restored from a backup, so no call passes."),
        mark("Compare what both sides show, then decide."),
    ),
    "cloned": (
        mark("Another installation uses the same identity, so no call passes."),
        mark("Find out which of the two is the real one."),
    ),
}

ENDS: Mapping[str, str] = {
    "deleted": mark("The link was deleted."),
    "expired": mark("It was not approved in time."),
    "not_heard": mark("{peer} approved nothing further within a day, so nothing came of it."),
    "unknown": mark("{peer} does not know this link any more."),
    "declined": mark("{peer}’s administrator refused the link."),
    "replaced": mark("A newer request took its place."),
}

# What a test call found, from the side that called. {caller} called {server}.
CHECKS: Mapping[str, tuple[str, str]] = {
    "peer_unreachable": (
        mark("{server} does not answer {caller}."),
        mark("See that {server} runs and that {caller} can reach its address."),
    ),
    "address_not_allowed": (
        mark("The address of {server} may not be called from {caller}."),
        mark("It leads into a private network that nobody at {caller} confirmed. Link it anew to be asked."),
    ),
    "peer_protocol": (
        mark("What answers {caller} at {server}’s address is not what it should be."),
        mark("A proxy or a log-in page may stand in between. Look at the failures of {caller}."),
    ),
    "invalid_client": (
        mark("{server} does not accept {caller}’s proof of identity."),
        mark("Often a clock is wrong. Set the clocks of both machines, then test again."),
    ),
    "consumer_key_unknown": (
        mark("{server} does not know {caller} by its client key (consumer key)."),
        mark("Look at the page of the link at {server}. If it is gone there, delete it here and make it anew."),
    ),
    "signature_invalid": (
        mark("{server} does not accept the signature of {caller}."),
        mark("A key may have changed, or a proxy changes the address. The failures of {server} show what it compared."),
    ),
    "signature_method_rejected": (
        mark("{server} does not take the signature method of {caller}."),
        mark("Bring the older of the two applications up to date."),
    ),
    "timestamp_refused": (
        mark("The clocks of {caller} and {server} differ too much."),
        mark("Set the clocks of both machines, then test again."),
    ),
    "permission_denied": (
        mark("{server} does not let {caller} do what the test asks for."),
        mark("The failures of {server} say why."),
    ),
    "peer_refused": (
        mark("{server} refuses {caller}’s test call."),
        mark("The failures of {server} say why."),
    ),
    "temporarily_unavailable": (
        mark("{server} cannot serve {caller} at the moment."),
        mark("It is tried again by itself."),
    ),
}


def say_state(key: str) -> str:
    """Give the words of a link's state."""
    return _(STATES[key])


def say_rest(reason: str, *, us: str, peer: str) -> Sentence:
    """Say why a link rests, and what ends it."""
    return fill(RESTS[reason], us=us, peer=peer)


def say_end(reason: str | None, *, peer: str) -> str:
    """Say why a link ended."""
    return _(ENDS.get(reason or "deleted", ENDS["deleted"])).format(peer=peer)


def say_check(result: str, *, caller: str, server: str) -> Sentence | None:
    """
    Say what a test call from ``caller`` to ``server`` found; None while there is nothing to say.

    ``result`` is ``passed``, ``pending``, ``none`` or ``failed:<code>``.
    """
    if result == "passed":
        return Sentence(what=_("{caller} reaches {server}.").format(caller=caller, server=server))
    if result == "pending":
        return Sentence(what=_("{caller} has not tested {server} yet.").format(caller=caller, server=server))
    if not result.startswith("failed"):
        return None
    texts = CHECKS.get(result.removeprefix("failed:"), CHECKS["peer_refused"])
    return fill(texts, caller=caller, server=server)


def say_credentials_refused(*, us: str, peer: str) -> Sentence:
    """Say that a server that was linked by hand took nothing of what it gave us, when a user connected there last."""
    return fill(
        (
            mark("{peer} did not accept how {us} proves itself: a wrong client ID, secret or key."),
            mark("Enter anew what {peer} gives. Whether it is right shows when somebody connects."),
        ),
        us=us,
        peer=peer,
    )


def say_protocol(name: str) -> str:
    """Give the name of a protocol as administrators know it."""
    return {"oauth2": "OAuth 2", "oauth1": "OAuth 1.0a"}.get(name, name)


def say_way(protocols: Sequence[str], level: str) -> str:
    """Say over which protocols a direction is called, the preferred one first, and whether it impersonates."""
    names = _(" and ").join(say_protocol(name) for name in protocols)
    return _("{protocols}, with impersonation").format(protocols=names) if level == "impersonation" else names


def say_client_id(protocol: str) -> str:
    """Give what the name of a client on the wire is called, with the word that administrators of OAuth 1.0a know."""
    return _("Client key (consumer key)") if protocol == "oauth1" else _("Client ID")


def say_authentication(method: str) -> str:
    """Say how a client proves itself, with the word of the standard where there is one."""
    return {
        "client_secret": _("by a secret"),
        "client_secret_basic": _("by a secret, in the header (client_secret_basic)"),
        "client_secret_post": _("by a secret, in the form (client_secret_post)"),
        "private_key_jwt": _("by a key (private_key_jwt)"),
        "none": _("not at all (none)"),
        "signature": _("by signing each call"),
    }[method]


def say_level(name: str) -> str:
    """Give the name of a level."""
    return {"disabled": _("Disabled"), "oauth": _("OAuth"), "impersonation": _("OAuth with impersonation")}[name]
