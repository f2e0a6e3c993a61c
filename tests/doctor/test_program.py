"""The configuration file, the address, a second instance, open files, versions."""

from pathlib import Path

import pytest

from appliance.config import Config, Limits, Server
from appliance.doctor import program
from appliance.doctor.finding import Finding
from tests.doctor.box import LIMITS, PI, ROOT, Box

NET_BIND_SERVICE = 1 << 10


def at(*bind: str) -> Config:
    return Config(server=Server(bind=list(bind)))


def port(box: Box, bind: str) -> Finding:
    (found,) = program.addresses(box, at(bind))
    return found


def test_a_bad_file_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('[[cameras]]\nid = "a"\nfsp = 30\n')
    config, found = program.configured(path)
    reason = "cameras[0].fsp: unknown key; did you mean fps?"
    assert found == Finding("fault", "config", reason, str(path), f"sudo nano {path}")
    assert config.cameras == []


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "good.toml"
    path.write_text('[server]\nbind = ["127.0.0.1:9"]\n')
    assert program.configured(path)[0].server.bind == ["127.0.0.1:9"]
    assert program.configured(None)[1].state == "ok"
    assert program.configured(tmp_path / "absent.toml")[1].what == "No such file or directory"
    assert program.configured(tmp_path)[1].state == "fault"
    path.write_bytes(b"\xff\xfe\0")
    assert program.configured(path)[1].what == "is not UTF-8 text"


def test_a_free_port(box: Box) -> None:
    assert port(box, "127.0.0.1:8000").what == "127.0.0.1:8000 is free"
    assert port(box, "127.0.0.1:0").state == "ok"


@pytest.mark.parametrize(
    ("address", "table", "bind", "taken"),
    [
        ("0100007F:1F40", "tcp", "127.0.0.1:8000", True),
        ("0100007F:1F40", "tcp", "localhost:8000", True),
        ("0100007F:1F40", "tcp", "0.0.0.0:8000", True),
        ("00000000:1F40", "tcp", "127.0.0.1:8000", True),
        ("0100007F:1F40", "tcp", "192.168.1.5:8000", False),
        ("0100007F:1F41", "tcp", "127.0.0.1:8000", False),
        ("00000000000000000000000000000000:1F40", "tcp6", "127.0.0.1:8000", True),
        ("00000000000000000000000001000000:1F40", "tcp6", "127.0.0.1:8000", False),
        ("00000000000000000000000001000000:1F40", "tcp6", "[::1]:8000", True),
        ("0100007F:1F40", "tcp", "[::]:8000", True),
        ("0100007F:1F40", "tcp", "camera.local:8000", True),
        ("xyz:1F40", "tcp", "127.0.0.1:8000", False),
    ],
)
def test_who_has_the_address(box: Box, address: str, table: str, bind: str, taken: bool) -> None:
    box.listens(address, 4711, table)
    box.process(321, "nginx", unit="/system.slice/nginx.service", holds=("socket:[4711]",))
    found = port(box, bind)
    assert (found.state == "fault") == taken
    if taken:
        assert (found.what, found.fix) == (f"{bind} is in use by nginx (process 321)", "sudo systemctl stop nginx")


def test_a_port_of_another_user(box: Box) -> None:
    box.listens("00000000:1F40", 4711)
    assert port(box, "127.0.0.1:8000").fix == "sudo ss -ltnp 'sport = :8000'  # then stop that one"


def test_a_port_that_we_have(box: Box) -> None:
    box.listens("00000000:1F40", 4711)
    box.process(1, "systemd", unit="/init.scope", holds=("socket:[4711]",))
    assert port(box, "0.0.0.0:8000").what == "systemd keeps 0.0.0.0:8000 open for a socket unit"
    box.process(55, "python", "/usr/bin/python3", "/usr/bin/camera-appliance", "run", holds=("socket:[4711]",))
    assert port(box, "0.0.0.0:8000").what == "camera-appliance listens on 0.0.0.0:8000"


def test_a_port_for_root_only(box: Box) -> None:
    assert port(box, "0.0.0.0:80").fix == "sudo sysctl net.ipv4.ip_unprivileged_port_start=80"
    box.user(PI, rights=NET_BIND_SERVICE)
    assert port(box, "0.0.0.0:80").state == "ok"
    box.user(ROOT)
    assert port(box, "0.0.0.0:80").state == "fault", "a root without rights, as in a container"
    box.file("/proc/sys/net/ipv4/ip_unprivileged_port_start", "80\n")
    assert port(box, "0.0.0.0:80").state == "ok"


def test_a_second_instance(box: Box) -> None:
    assert [found.what for found in program.instances(box, Config())] == ["camera-appliance is not running"]
    box.process(
        55, "python", "python", "/usr/bin/camera-appliance", "run", unit="/system.slice/camera-appliance.service"
    )
    box.process(40, "python", "python", "-m", "appliance.cameras", "worker", "5")
    box.process(39, "sudo", "sudo", "camera-appliance", "run")
    box.process(41, "python", "camera-appliance", "doctor")
    assert [found.state for found in program.instances(box, Config())] == ["ok"]
    box.process(50, "python", "python", "-m", "appliance", "run", "--config", "x.toml")
    (found,) = program.instances(box, Config())
    assert (found.state, found.fix) == ("warning", "sudo kill 50"), "not the one that systemd would start again"


def test_open_files(box: Box) -> None:
    (found,) = program.open_files(box, Config())
    assert found.state == "ok"
    box.file("/proc/self/limits", LIMITS.replace("1048576", "512    "))
    (found,) = program.open_files(box, Config(limits=Limits(max_connections=640)))
    assert (found.state, "512 files" in found.what, "nofile 896" in found.fix) == ("warning", True, True)
    box.file("/proc/self/limits", LIMITS.replace("1048576", "unlimited"))
    assert [found.what for found in program.open_files(box, Config())] == ["unlimited, 896 needed"]


def test_versions(box: Box) -> None:
    (found,) = program.versions(box, Config())
    assert found.what.endswith(
        "Debian GNU/Linux 13 (trixie), kernel 6.12.62+rpt-rpi-v8, Raspberry Pi 4 Model B Rev 1.5"
    )
