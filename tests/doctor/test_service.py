"""On a packaged box the doctor looks at the address where the service listens, as whoever asks."""

from pathlib import Path

import pytest

from appliance.config import Config, Server
from appliance.doctor import program, service
from appliance.system.own_file import PLACE
from tests.doctor.box import Box

UNIT = (Path(__file__).parents[2] / "systemd/camera-appliance.service").read_text()
OTHER = Config(server=Server(bind=["127.0.0.1:8000"]))


@pytest.mark.parametrize(
    ("text", "path", "bind"),
    [
        ("", PLACE, "[::]:80"),
        ('[[cameras]]\nid = "a"\n', PLACE, "[::]:80"),
        ('[server]\nbind = ["127.0.0.1:8000"]\n', PLACE, "127.0.0.1:8000"),
        ("no = [", PLACE, "127.0.0.1:8000"),
        ("", Path("/home/me/other.toml"), "127.0.0.1:8000"),
        ("", None, "127.0.0.1:8000"),
    ],
)
def test_where_the_service_listens(box: Box, text: str, path: Path | None, bind: str) -> None:
    box.file(service.UNIT, UNIT)
    box.file(str(path or PLACE), text)
    assert service.listening(box, OTHER, path).server.bind == [bind]


def test_without_the_service_the_file_counts(box: Box) -> None:
    assert service.listening(box, OTHER, PLACE) == OTHER


def test_who_has_port_80_is_told_to_anybody_who_asks(box: Box) -> None:
    box.file(service.UNIT, UNIT)
    config = service.listening(box, OTHER, PLACE)
    [free] = program.addresses(box, config)
    assert (free.state, free.what) == ("ok", "[::]:80 is free"), "the unit may take it, whoever asks may not"
    box.listens("00000000:0050", 4711)
    box.process(321, "nginx", unit="/system.slice/nginx.service", holds=("socket:[4711]",))
    [taken] = program.addresses(box, config)
    assert (taken.state, taken.fix) == ("fault", "sudo systemctl stop nginx")
