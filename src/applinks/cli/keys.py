"""The command ``applinks keys list``."""

from typing import TYPE_CHECKING, Any

from cyclopts import App

from applinks.cli.options import CommonOptions
from applinks.cli.output import format_time, print_json, print_table
from applinks.words import say_protocol

if TYPE_CHECKING:
    from applinks.records.keys import KeyPair

app = App(name="keys")


@app.command(name="list")
async def list_keys(*, common: CommonOptions | None = None) -> None:
    """
    List our key pairs, the newest first.

    A fingerprint is what an administrator of a linked application sees and
    compares.
    """
    from applinks.administration import keys
    from applinks.cli.opening import find_actor, open_administration

    common = common or CommonOptions()
    async with open_administration(common) as administration:
        found = await keys.list_keys(actor=find_actor(), side=administration)
    if common.json:
        print_json([_describe(pair) for pair in found])
        return
    rows = [
        (
            say_protocol(pair.protocol),
            pair.algorithm,
            _format_fingerprint(pair),
            format_time(pair.created_at) or "",
            f"retired {format_time(pair.retired_at)}" if pair.retired_at else "in use",
        )
        for pair in found
    ]
    print_table(("Protocol", "Algorithm", "Fingerprint", "Made", "State"), rows)


def _describe(pair: "KeyPair") -> dict[str, Any]:
    return {
        "kid": pair.kid,
        "protocol": pair.protocol,
        "algorithm": pair.algorithm,
        "fingerprint": _format_fingerprint(pair),
        "created_at": format_time(pair.created_at),
        "retired_at": format_time(pair.retired_at),
    }


def _format_fingerprint(pair: "KeyPair") -> str:
    from applinks.linking.keys import format_fingerprint

    return format_fingerprint(pair.kid)
