"""The command ``applinks demo``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from applinks.cli.options import ConfigOption, JsonOption
from applinks.cli.output import print_facts, print_json, print_line
from applinks.demo.applications import Application, ProtocolChoice
from applinks.demo.steps import list_steps, say_protocols


def demo(
    *,
    port: Annotated[
        int | None,
        Parameter(
            # The second application takes the next one.
            validator=Number(gte=0, lte=65534),
            help="Port of the first application; the second has the next one. 0: any two. [default: 8001]",
        ),
    ] = None,
    linked: Annotated[
        bool, Parameter(negative="", show_default=False, help="Link the two, as their administrators would.")
    ] = False,
    state_dir: Annotated[
        Path | None, Parameter(help="Keep the data in this folder, and go on from what is in it.")
    ] = None,
    protocol: Annotated[
        ProtocolChoice | None,
        Parameter(
            help="What the two speak; with both, each prefers another, so that their one link shows either."
            " [default: oauth2]"
        ),
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """
    Run two applications on this machine, to try application links.

    Tracker has issues, Start page has a dashboard that shows them; each has users of its own.
    Ends with Ctrl-C. The data is in a temporary folder that is removed, unless --state-dir names one.
    """
    from applinks.demo.supervisor import DemoOptions, run_demo

    def announce(applications: Sequence[Application], is_linked: bool) -> None:
        if json:
            print_json({"applications": [each.to_json() for each in applications], "linked": is_linked})
        else:
            _print_steps(applications, is_linked=is_linked, state_dir=state_dir)

    options = DemoOptions(port=port, is_linked=linked, state_dir=state_dir, config=config, protocol=protocol)
    run_demo(options, announce)


def _print_steps(applications: Sequence[Application], *, is_linked: bool, state_dir: Path | None) -> None:
    tracker, start_page = applications
    spoken = f", which speak {say_protocols(tracker)}" if tracker.protocols else ""
    linked = ". They are linked with each other." if is_linked else ". Nothing is linked yet."
    print_line(f"Two applications run here{spoken}{linked}")
    print_line()
    for each in applications:
        print_line(f"{each.name}  {each.base_url}/")
        roles = [("administrator" if account.is_administrator else "user") for account in each.accounts]
        print_facts(
            [
                (f"  {account.name}", f"password {account.password}, {role}")
                for account, role in zip(each.accounts, roles, strict=True)
            ]
        )
        print_line(f"  database {each.database}")
        print_line()
    for number, step in enumerate(list_steps(tracker, start_page, is_linked=is_linked), 1):
        print_line(f"{number}. {step}")
    print_line()
    kept = f"The data stays in {state_dir}." if state_dir else "The data goes when the demo ends."
    print_line(f"Ctrl-C ends both. {kept}")
