"""The file on the boot partition that says how it went: for whoever cannot reach the box and puts its card into a computer."""

from msgspec import Struct

HEAD = (
    "camera-appliance: how this box started. It is written anew at each start;\n"
    "to change the box, edit camera-appliance.toml beside it and start the box again.\n"
)
OF_THE_CODE = (
    "for a coming version, which will ask for it; until then everybody who reaches the box can watch and change it"
)
ADDRESSES = "Addresses:"
LINE_END = "\r\n"


class Status(Struct, frozen=True, kw_only=True):
    """What there is to say."""

    hostname: str
    addresses: list[str] = []
    setup_code: str = ""
    problems: list[str] = []
    remarks: list[str] = []
    applied: list[str] = []


def told(status: Status) -> str:
    """With the line ends that every Notepad knows, and a mark by which it knows the letters."""
    lines = [HEAD, f"Name:        {status.hostname}", f"Watch:       http://{status.hostname}.local/"]
    lines.append(_where(status.addresses))
    if status.setup_code:
        lines.append(f"Setup code:  {status.setup_code} ({OF_THE_CODE})")
    lines += ["", "PLEASE PUT THIS RIGHT:" if status.problems else "Nothing is wrong."]
    lines += [f"  - {problem}" for problem in status.problems]
    if status.problems:
        lines.append("  What could not be used was left as it was; the rest was applied.")
    lines += _listed("From the owner's file the box has:", status.applied)
    lines += _listed("Also:", status.remarks)
    return "\ufeff" + LINE_END.join("\n".join(lines).split("\n")) + LINE_END


def readdressed(text: str, addresses: list[str]) -> str:
    """What was told, with the addresses that the box has now."""
    lines = text.split(LINE_END)
    return LINE_END.join(_where(addresses) if line.startswith(ADDRESSES) else line for line in lines)


def _where(addresses: list[str]) -> str:
    links = ", ".join(f"http://{address}/" for address in addresses)
    return f"{ADDRESSES}   {links or 'none yet when this was written; your router lists them, too'}"


def _listed(head: str, items: list[str]) -> list[str]:
    return ["", head, *(f"  - {item}" for item in items)] if items else []
