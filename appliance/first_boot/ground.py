"""The files of a box, below one root folder, so that a folder can stand for a box in tests and an image can be prepared.

Rule 1: a file is the old one or the new one, whole, whenever the power goes.
Rule 2: nothing here follows a link in the last place of a path, and nothing is made in a folder behind one: root would be led to files that
        another user chose.
"""

import contextlib
import errno
import os
import stat
from pathlib import Path

MOST_BYTES = 256 * 1024


class Ground:
    """The box below `root`. What writes raises OSError; what reads takes whatever cannot be read for empty."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    @property
    def is_live(self) -> bool:
        """Is it the machine that runs us, and not a folder?"""
        return self.root == Path("/")

    def at(self, path: str) -> Path:
        """Where the box's `path` is for us."""
        return self.root / path.lstrip("/")

    def content(self, path: str, most: int = MOST_BYTES) -> bytes:
        """The first `most` bytes of an ordinary file. Raises OSError."""
        fd = os.open(self.at(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY)
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise IsADirectoryError("is no ordinary file")
            return file.read(most)

    def text(self, path: str) -> str:
        """A file of text; empty when there is none."""
        try:
            return self.content(path).decode(errors="replace")
        except OSError:
            return ""

    def has(self, path: str) -> bool:
        """Is there a file with anything in it, or a folder?"""
        try:
            found = self.at(path).stat()
        except OSError:
            return False
        return stat.S_ISDIR(found.st_mode) or found.st_size > 0

    def names(self, folder: str) -> list[str]:
        """What is in a folder."""
        try:
            return sorted(os.listdir(self.at(folder)))  # noqa: PTH208  # names, not paths
        except OSError:
            return []

    def write(self, path: str, text: str, mode: int | None = 0o644, group: int = -1, owner: int = -1) -> None:
        """Make `path` hold `text`. `mode` None: the file system has no rights, such as FAT; owner and group -1: ours."""
        at, data = self.at(path), text.encode()
        if self._holds(path, data, mode):
            return
        at.parent.mkdir(parents=True, exist_ok=True)
        if at.parent.resolve() != self.root.resolve() / path.strip("/").rpartition("/")[0]:
            raise NotADirectoryError(errno.ENOTDIR, "is in a folder behind a link, which is not followed", str(at))
        new = at.with_name(f".{at.name}.new")
        new.unlink(missing_ok=True)
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                if (owner, group) != (-1, -1):
                    os.fchown(fd, owner, group)
                if mode is not None:
                    os.fchmod(fd, mode)
                os.fsync(fd)
                self._take_over(new, fd, at)
        except OSError:
            with contextlib.suppress(OSError):
                new.unlink()
            raise

    def rewrite(self, path: str, text: str, mode: int, group: int) -> None:
        """As `write`, but whose the file is and who may use it stays as it was; `mode` and `group` are for a new one."""
        try:
            old = self.at(path).lstat()
        except FileNotFoundError:
            self.write(path, text, mode, group)
            return
        self.write(path, text, stat.S_IMODE(old.st_mode), old.st_gid, old.st_uid)

    def overwrite(self, path: str, text: str) -> None:
        """As `write`, and the bytes that were there before are gone from the partition, not only from its list of files.

        A card may keep a copy in cells that nobody can address; what reads the partition finds none.
        """
        fd = os.open(self.at(path), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(fd, "r+b", buffering=0) as old:
            self.write(path, text, mode=None)
            old.write(b" " * os.fstat(fd).st_size)
            os.fsync(fd)

    def poke(self, path: str, text: str) -> None:
        """Write into a file that the kernel made."""
        fd = os.open(self.at(path), os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(fd, "wb", buffering=0) as file:
            file.write(text.encode())

    def remove(self, path: str) -> None:
        """Take a file away, if it is there."""
        self.at(path).unlink(missing_ok=True)

    def _holds(self, path: str, data: bytes, mode: int | None) -> bool:
        try:
            same = self.content(path, len(data) + 1) == data
            return same and (mode is None or stat.S_IMODE(self.at(path).lstat().st_mode) == mode)
        except OSError:
            return False

    def _take_over(self, new: Path, new_fd: int, at: Path) -> None:
        """Give the new file the old one's name, for good.

        FAT writes where a name's blocks are together with the file, not with its folder, and frees the old blocks as soon as nobody
        holds them: a power cut in between leaves a name that points at free blocks. So the old file is held until both are on the card.
        """
        old_fd = os.open(at, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC) if os.path.lexists(at) else None
        try:
            new.replace(at)
            os.fsync(new_fd)
            self._settle(at.parent)
        finally:
            if old_fd is not None:
                os.close(old_fd)

    def _settle(self, folder: Path) -> None:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
