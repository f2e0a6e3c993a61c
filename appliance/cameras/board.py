"""Which board is this? Only where advice depends on it."""

from pathlib import Path

MODEL = Path("/proc/device-tree/model")


def model(path: Path = MODEL) -> str:
    """What the device tree says, such as "Raspberry Pi 5 Model B Rev 1.0"; empty where there is none."""
    try:
        return path.read_bytes().rstrip(b"\0").decode(errors="replace")
    except OSError:
        return ""


def has_ribbon_connector(model: str) -> bool:
    """May a camera hang on a ribbon cable? Raspberry Pis have the connector, but for the keyboards and the oldest Zero."""
    return model.startswith("Raspberry Pi") and not model.startswith(("Raspberry Pi 400", "Raspberry Pi 500"))
