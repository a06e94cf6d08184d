"""What an administrator should know of a server that is no Applinks before she trusts it."""

from collections.abc import Mapping

from applinks.words.language import Sentence, fill, mark

# By the codes of what was found; {server} is the host of the issuer, {token_host} that of its token endpoint.
WARNINGS: Mapping[str, tuple[str, str]] = {
    "token_endpoint_elsewhere": (
        mark("Its token endpoint is at another host: {token_host}"),
        mark("Secrets go there. Go on only if {server} really uses that host."),
    ),
    "token_endpoint_moved": (
        mark("Its token endpoint moved to another host: {token_host}"),
        mark("Secrets would go there from now on. Save only if the documentation of {server} names that host."),
    ),
    "too_old": (
        mark("Its application links are of a version older than 4.0.13"),
        mark("It may not understand ours. Bring it up to date, if you can."),
    ),
    "no_oauth": (
        mark("It says that it takes no calls by OAuth"),
        mark("Its administrator may have to switch that on before {server} can be called."),
    ),
    "no_consumer": (
        mark("It does not say by which key it proves itself when it calls"),
        mark("Its administrator finds client key (consumer key) and public key on the page of the link there."),
    ),
    "weak_key": (
        mark("The key by which it proves itself is shorter than 2048 bits"),
        mark("It is taken all the same. If you can, have {server} make a longer one."),
    ),
    "wrong_issuer": (
        mark("What it says of itself names another issuer, so it is not used"),
        mark("Begin with the address of the issuer, or enter the endpoints by hand."),
    ),
    "unusable_metadata": (
        mark("What it says of itself is damaged, so it is not used"),
        mark("Enter the endpoints by hand, or tell its administrator."),
    ),
}


def say_warning(code: str, *, server: str, token_host: str = "") -> Sentence:
    """Say what is remarkable about a server, as a title, and what to do."""
    return fill(WARNINGS[code], server=server, token_host=token_host)
