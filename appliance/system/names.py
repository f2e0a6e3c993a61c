"""The names this machine answers to."""

import socket


def host_names() -> list[str]:
    """Host names that mean this machine, as far as it knows."""
    name = socket.gethostname().lower()
    return sorted({name, name.partition(".")[0]})
