"""
Runs the long proofs, each at most ten minutes, and says in a table what came of each.

``python -m tools.prove [NAME …]`` runs those named, or all.
"""

import os
import subprocess
import sys
import time

LONGEST_SECONDS = 600
PROOFS: dict[str, tuple[str, ...]] = {
    # A hundred kills by SIGKILL at writes of the handshake of two running applications.
    "survive": ("-m", "tests.linking.survive"),
    # Every state of the handshake, in the small settings of the gate and in larger ones.
    "exploration": ("-m", "tests.linking.exploration"),
    # Thousands of generated inputs for every property, unseeded, where the gate tries a few dozen that never change.
    "properties": ("-m", "pytest", "-q", "-n", "2", "tests/properties"),
    # What we cost beside other authorization servers; it holds when every server answers rightly, whatever the ratios.
    "bench": ("-m", "bench"),
}


def main(names: list[str]) -> int:
    """Run and report; the exit status."""
    if unknown := sorted(set(names) - set(PROOFS)):
        print(f"no proof is called {unknown[0]}; there are: {', '.join(PROOFS)}", file=sys.stderr)
        return 2
    failed = False
    rows = []
    for name in names or PROOFS:
        begun = time.monotonic()
        environment = os.environ | {"HYPOTHESIS_PROFILE": "prove"}
        try:
            code = subprocess.run(
                (sys.executable, *PROOFS[name]), timeout=LONGEST_SECONDS, env=environment, check=False
            ).returncode
            outcome = "held" if code == 0 else "FAILED"
        except subprocess.TimeoutExpired:
            outcome = "FAILED: longer than ten minutes"
        failed = failed or outcome != "held"
        rows.append(f"| {name} | {outcome} | {time.monotonic() - begun:.0f} s |")
    print("\n".join(["| proof | outcome | took |", "|---|---|--:|", *rows]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
