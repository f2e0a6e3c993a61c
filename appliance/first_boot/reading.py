"""Which file it is, and what it says as text, whichever editor wrote it.

The file may be in three places; the first one that says anything counts:
  /boot/firmware/camera-appliance.toml       what everybody sees who puts the card into a computer
  /boot/firmware/camera-appliance.toml.txt   the same, saved by a Windows that hides endings
  /etc/camera-appliance-first-boot.toml      what cloud-init or an image leaves

Only root may write there: /etc/camera-appliance is the server's own folder, and a server that somebody took over could ask for an SSH key.
"""

import codecs
import errno
import subprocess
import tomllib
from typing import NamedTuple

from appliance.first_boot.ground import Ground

BOOT = "/boot/firmware"
PLACES = (f"{BOOT}/camera-appliance.toml", f"{BOOT}/camera-appliance.toml.txt", "/etc/camera-appliance-first-boot.toml")
TABLES_OF_MOUNTS = ("/etc/fstab", "/proc/self/mounts")  # what should be, and what is
STATUS_NAME = "camera-appliance-status.txt"
MOST_BYTES = 64 * 1024
MOST_OTHERS = 5


class Reading(NamedTuple):
    """What was found. Without a `path` there is nothing to apply."""

    path: str = ""
    text: str = ""
    problems: tuple[str, ...] = ()  # what the owner has to put right
    remarks: tuple[str, ...] = ()  # what may explain something

    @property
    def name(self) -> str:
        """The file's name, for people."""
        return self.path.rpartition("/")[2]


def read(ground: Ground) -> Reading:
    """Look in all places."""
    texts: dict[str, str] = {}
    problems: list[str] = []
    there = [path for path in PLACES if ground.at(path).exists() or ground.at(path).is_symlink()]
    for path in there:
        try:
            texts[path] = _text(ground, path)
        except ValueError as error:
            problems.append(f"{path.rpartition('/')[2]} {error}. Nothing in it was applied")
    saying = [path for path in texts if not _says_nothing(texts[path])]
    remarks = [] if there else [f"there is no {PLACES[0]}, so nothing was to be applied"]
    remarks += [f"{path} says nothing (all its lines are comments)" for path in there if path in texts.keys() - saying]
    problems += [f"{path} was not read, because {saying[0]} is there too: keep one of them" for path in saying[1:]]
    problems += [*_others(ground), *_unmounted(ground)]
    chosen = saying[0] if saying else ""
    return Reading(chosen, texts.get(chosen, ""), tuple(problems), tuple(remarks))


def _text(ground: Ground, path: str) -> str:
    try:
        data = ground.content(path, MOST_BYTES + 1)
    except OSError as error:
        linked = error.errno == errno.ELOOP
        raise ValueError(
            "is a link, which is not followed" if linked else f"cannot be read: {error.strerror or error}"
        ) from error
    if len(data) > MOST_BYTES:
        raise ValueError(f"is larger than {MOST_BYTES // 1024} KB, which no file of this kind is")
    return _decoded(data)


def _decoded(data: bytes) -> str:
    """UTF-8 with or without a byte order mark, and UTF-16 with one, which an old Notepad calls Unicode."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise ValueError("is damaged: it begins as UTF-16 text and does not go on so") from error
    if b"\0" in data:
        raise ValueError("is no text: it was damaged, or is another kind of file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(f"is not UTF-8 text (line {line}); in the editor choose UTF-8 when saving") from error


def _says_nothing(text: str) -> bool:
    """A broken file says something: that its owner wanted something."""
    try:
        return not tomllib.loads(text)
    except (ValueError, RecursionError):
        return False


def _others(ground: Ground) -> list[str]:
    """Files that were meant for us, by their names: `camera-appliance (1).toml`, `camera-appliance.txt`."""
    known = {path.rpartition("/")[2] for path in PLACES} | {STATUS_NAME}
    alike = [
        name
        for name in ground.names(BOOT)
        if name.lower().startswith("camera-appliance") and name.lower().endswith((".toml", ".txt"))
    ]
    foreign = [name for name in alike if name.lower() not in known]
    return [f"{ascii(name)[1:-1]} was not read: rename it to camera-appliance.toml" for name in foreign[:MOST_OTHERS]]


def _unmounted(ground: Ground) -> list[str]:
    """The box starts without a boot partition, too, but then nobody's wishes are known.

    The kind counts: behind the walls of our unit the empty folder is a mount as well, of the root file system.
    """
    wanted, mounts = ([line.split()[1:3] for line in ground.text(table).splitlines()] for table in TABLES_OF_MOUNTS)
    lost = [each for each in wanted if each[:1] == [BOOT] and each not in mounts]
    what = f"{BOOT} could not be mounted, so nothing on it was read: is the card's boot partition damaged, or was it renamed?"
    return [what] if lost and mounts else []


def reason_of(error: OSError | subprocess.SubprocessError) -> str:
    """What failed, in one line: the file, or the last words of a tool."""
    if isinstance(error, subprocess.CalledProcessError):
        words = str(error.stderr).strip().splitlines()
        return f"{error.cmd[0]}: {words[-1] if words else f'status {error.returncode}'}"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)
