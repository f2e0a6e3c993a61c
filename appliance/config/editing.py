"""Changes to the text of a configuration. What is not changed stays as it was written, to the letter. Pure.

tomlkit is loaded with the first change: most boxes are started more often than they are changed.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from appliance.config.model import Camera

_LEAST_SAID = ("id", "name", "source")  # of a camera that is added; the rest only where it is not the default


def camera_changed(text: str, camera_id: str, values: Mapping[str, object]) -> str:
    """The text with these keys in the camera's table. One that is at its default already, unwritten, stays so."""
    import tomlkit

    document = tomlkit.parse(text)
    if "cameras" not in document:  # the one that every box has
        _add(document, {"id": camera_id, "name": "Camera"})
    table = _table_of(document, camera_id)
    defaults = msgspec.to_builtins(Camera(id=camera_id))
    for key, value in values.items():
        if key in table:
            table[key] = value
        elif value != defaults[key]:
            # Behind the last key, not at the end: there stand the comments of what follows.
            inside = getattr(table, "value", table)
            inside._insert_after(list(table)[-1], key, tomlkit.item(value))
    return tomlkit.dumps(document)


def camera_added(text: str, camera: Camera) -> str:
    """The text with one more camera, behind the others."""
    import tomlkit

    document = tomlkit.parse(text)
    if "cameras" not in document:
        _add(document, {"id": "camera", "name": "Camera"})
    defaults = msgspec.to_builtins(Camera(id=camera.id))
    said = msgspec.to_builtins(camera)
    _add(document, {key: value for key, value in said.items() if key in _LEAST_SAID or value != defaults[key]})
    return tomlkit.dumps(document)


def camera_removed(text: str, camera_id: str) -> str:
    """The text without this camera's table."""
    import tomlkit

    document = tomlkit.parse(text)
    if "cameras" not in document:
        return "cameras = []\n" + text
    cameras: Any = document["cameras"]
    del cameras[[camera["id"] for camera in cameras].index(camera_id)]
    if not cameras:  # no key would mean the default camera
        del document["cameras"]
        return "cameras = []\n" + tomlkit.dumps(document)
    return tomlkit.dumps(document)


def _table_of(document: Any, camera_id: str) -> Any:
    return next(camera for camera in document["cameras"] if camera["id"] == camera_id)


def _add(document: Any, values: Mapping[str, object]) -> None:
    import tomlkit

    table = tomlkit.table()
    for key, value in values.items():
        table[key] = value
    if "cameras" in document and not isinstance(document["cameras"], tomlkit.items.AoT):
        inline = tomlkit.inline_table()
        inline.update(values)
        document["cameras"].append(inline)
        return
    table.add(tomlkit.nl())
    if "cameras" not in document:
        document["cameras"] = tomlkit.aot()
    document["cameras"].append(table)
