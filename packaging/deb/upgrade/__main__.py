"""The way back from an upgrade: what stands on the old version's disk, what is asked of the new one.

    upgrade keep VERSION         before VERSION takes our place: pack this version as it is, and remember which cameras are live
    upgrade check --within S     see that the box is ready and these cameras are live again within S seconds; else put the old version back

dpkg runs the one and systemd the other, on the system's bare Python: what may be broken is everything else.
"""

import argparse
import os
import sys

import keep
import watch
from box import Box
from kept import Kept
from package import Package, PackageError


def main() -> int:
    """Run one of the two; the exit status."""
    parser = argparse.ArgumentParser(prog="upgrade")
    commands = parser.add_subparsers(required=True, dest="command")
    commands.add_parser("keep").add_argument("version")
    commands.add_parser("check").add_argument("--within", type=float, required=True, metavar="SECONDS")
    arguments = parser.parse_args()
    try:
        if arguments.command == "keep":
            keep.keep(arguments.version, Package(), Box(), Kept())
        else:
            watch.check(watch.Patience(arguments.within), Package(), Box(), Kept())
    except (PackageError, OSError) as error:
        level = "<3>" if "JOURNAL_STREAM" in os.environ else ""
        print(f"{level}camera-appliance: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
