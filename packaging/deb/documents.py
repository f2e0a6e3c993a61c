"""What Debian wants to read beside a program: its licences and its changes, each in Debian's form, on standard output.

documents.py copyright LICENSE SITE-PACKAGES PLACE      PLACE: where the packages are on a box
documents.py changelog CHANGELOG.md VERSION SECONDS     SECONDS: since 1970, the date of what has none
"""

import re
import sys
import textwrap
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib.metadata import Distribution
from pathlib import Path

SOURCE = "camera-appliance"
CONTROL = Path(__file__).with_name("control.in")
SECTION = re.compile(r"^## (\S+).*?$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BUNDLED = """\
This package also carries the Python packages below, as they are on PyPI, checked by hash (requirements.lock). Each stands under its own
licence, whose text is beside it, in the folder that is named. OpenCV's and NumPy's name the libraries that they bring in turn. The Apache
License 2.0 and the LGPL 2.1 also stand in /usr/share/common-licenses/Apache-2.0 and /usr/share/common-licenses/LGPL-2.1."""


def copyright_of(licence: Path, site: Path, place: str) -> str:
    """The licence of the program, and those of everything that comes with it."""
    carried = [
        f"{_carried(Distribution.at(folder))}\n    {place}/{folder.name}" for folder in sorted(site.glob("*.dist-info"))
    ]
    return "\n".join([f"{SOURCE}\n", licence.read_text(), textwrap.fill(BUNDLED, 120), "", *carried]) + "\n"


def changelog_of(text: str, version: str, seconds: int) -> str:
    """The newest section, as Debian's first entry. `text`: CHANGELOG.md."""
    sections = SECTION.findall(text)
    if not sections:
        raise SystemExit("CHANGELOG.md has no section")
    points = re.findall(r"^- (.*?)(?=^- |\Z)", sections[0][1], re.MULTILINE | re.DOTALL)
    items = [
        textwrap.fill(" ".join(point.split()), 78, initial_indent="  * ", subsequent_indent="    ") for point in points
    ]
    body = "\n".join(items)
    [maintainer] = re.findall(r"^Maintainer: (.+)$", CONTROL.read_text(), re.MULTILINE)
    date = format_datetime(datetime.fromtimestamp(seconds, UTC))
    return f"{SOURCE} ({version}) stable; urgency=medium\n\n{body}\n\n -- {maintainer}  {date}\n"


def _carried(each: Distribution) -> str:
    about = each.metadata.json
    classified = [line.rpartition(" :: ")[2] for line in about.get("classifier", []) if line.startswith("License ::")]
    named = about.get("license_expression") or ", ".join(classified) or str(about.get("license", "")).partition("\n")[0]
    return f"{each.name} {each.version}: {named or 'see there'}"


if __name__ == "__main__":
    what, file, *more = sys.argv[1:]
    if what == "copyright":
        sys.stdout.write(copyright_of(Path(file), Path(more[0]), more[1]))
    else:
        sys.stdout.write(changelog_of(Path(file).read_text(encoding="utf-8"), more[0], int(more[1])))
