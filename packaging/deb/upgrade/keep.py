"""Before the next version comes: this one is packed as it stands on the disk, because nobody can say where its .deb is by now."""

from dataclasses import replace

from box import Box
from kept import Kept, Upgrade
from package import Package


def keep(new: str, package: Package, box: Box, kept: Kept) -> None:
    """Keep what runs now, unless it is not worth it. Raises PackageError, OSError."""
    now = package.status()
    if kept.rolling_back or new == now.version:
        return
    unjudged = kept.upgrade()
    if unjudged is not None and unjudged.new == now.version:  # then what was good is the one before
        kept.begin(replace(unjudged, new=new))
        return
    kept.clear(coming=new)
    if not box.state().is_up:  # nothing could be said of the next version by comparison
        return
    live = tuple(sorted(name for name, status in (box.cameras() or {}).items() if status == "live"))
    kept.folder.mkdir(parents=True, exist_ok=True)
    kept.folder.chmod(0o755)  # nothing in it is secret, and its owner's shell has to find the package by a *
    file = package.repacked(kept.folder)
    kept.begin(Upgrade(now.version, new, live, file.name))
    print(f"camera-appliance: {now.version} is kept, to come back if {new} does not come live")
