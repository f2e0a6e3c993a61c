"""Plans: values in, deeds out, nothing touched."""

import configparser

import pytest

from appliance.first_boot.actions import Action, Rename, Rewrite, Run, Write
from appliance.first_boot.facts import CONFIG, CONNECTION, Facts, addresses
from appliance.first_boot.naming import name_of, own_name, with_name
from appliance.first_boot.plan import BAD_CONFIG, Fresh, lacks, planned
from appliance.first_boot.wifi import profile
from appliance.first_boot.wishes import Ssh, Wifi, Wishes
from tests.first_boot.box import CODE, HASH, SSH_KEY

FRESH = Fresh(machine_id="f" * 32, setup_code=CODE)
HAPPY = Facts(
    hostname="hall",
    machine_id="0" * 32,
    secrets={"admin": {"password": HASH}},
    has_tls_key=True,
    has_network_manager=True,
    has_ssh=True,
    has_host_keys=True,
)
TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 127.0.0.1
        /32 host LOCAL
     +-- 192.168.1.0/24 2 0 2
        |-- 192.168.1.0
           /24 link UNICAST
        |-- 192.168.1.23
           /32 host LOCAL
        |-- 192.168.1.255
           /32 link BROADCAST
"""


def actions(wishes: Wishes, facts: Facts = HAPPY) -> list[Action]:
    return [action for deed in planned(wishes, facts, FRESH) for action in deed.actions]


def test_a_box_that_has_everything_needs_next_to_nothing() -> None:
    assert [deed.part for deed in planned(Wishes(), HAPPY, FRESH)] == ["wifi power save"]


def test_a_new_box_gets_everything() -> None:
    deeds = planned(Wishes(), Facts(has_ssh=True), FRESH)
    assert [deed.part for deed in deeds] == ["machine id", "hostname", "SSH host keys", "TLS key", "setup code"]


@pytest.mark.parametrize(
    ("serial", "name"),
    [("10000000abcd1a2b", "camera-1a2b"), ("10000000ABCD1A2B", "camera-1a2b"), ("", "camera-"), ("0000", "camera-")],
)
def test_own_name(serial: str, name: str) -> None:
    facts = Facts(serial=serial, machine_id="0123456789abcdef0123456789abcdef")
    assert own_name(facts).startswith(name)
    assert len(own_name(facts)) == len("camera-1a2b")
    other = Facts(serial=serial, machine_id="f" * 32)
    assert (own_name(facts) == own_name(other)) == (name != "camera-")


@pytest.mark.parametrize(
    ("now", "wished", "then"),
    [
        ("camera-appliance", None, "camera-1a2b"),
        ("localhost", None, "camera-1a2b"),
        ("", None, "camera-1a2b"),
        ("raspberrypi", None, "raspberrypi"),  # whoever installs the package on a Pi keeps its name
        ("raspberrypi", "Hall", "hall"),
    ],
)
def test_whose_name(now: str, wished: str | None, then: str) -> None:
    assert name_of(Facts(hostname=now, serial="10000000abcd1a2b"), wished) == then


def test_the_name_is_written_before_it_is_used() -> None:
    done = actions(Wishes(hostname="kitchen"))
    rename = done.index(Rename("kitchen"))
    assert Write("/etc/hostname", "kitchen\n") in done[:rename]
    assert Run(("systemctl", "--no-block", "try-restart", "avahi-daemon.service")) in done[rename:]


def test_hosts() -> None:
    assert with_name("127.0.0.1 localhost\n127.0.1.1 raspberrypi\n", "x") == "127.0.0.1 localhost\n127.0.1.1\tx\n"
    assert with_name("10.0.0.1 nas", "x") == "10.0.0.1 nas\n127.0.1.1\tx\n"
    assert "127.0.0.1\tlocalhost\n" in with_name("", "x")


@pytest.mark.parametrize(
    ("facts", "wishes", "words"),
    [
        (
            Facts(),
            Wishes(wifi=Wifi(ssid="x", country="DE", password="")),
            "wifi: cannot be had: this system has no NetworkManager",
        ),
        (HAPPY, Wishes(wifi=Wifi(ssid="x", country="DE")), "wifi.password: is missing; an open network"),
        (
            HAPPY,
            Wishes(wifi=Wifi(ssid="x", country="DE", password="a" * 64, security="wpa3")),
            "wifi.password: is a key; WPA3 needs the password itself",
        ),
        (Facts(), Wishes(ssh=Ssh(public_key=SSH_KEY)), "ssh: cannot be had: this system has no SSH server"),
    ],
)
def test_what_a_box_lacks(facts: Facts, wishes: Wishes, words: str) -> None:
    (fault,) = lacks(wishes, facts)
    assert fault.told("file").startswith(f"file: {words}")


@pytest.mark.parametrize(
    ("ssid", "written"),
    [
        ("Home", "Home"),
        ("My Wi-Fi.5", "My Wi-Fi.5"),
        ("1234", "49;50;51;52;"),
        (" x", "32;120;"),
        ("a;b", "97;59;98;"),
        ("Tür", "84;195;188;114;"),
        ("x\n[y]", "120;10;91;121;93;"),
    ],
)
def test_network_names_cannot_be_mistaken(ssid: str, written: str) -> None:
    parser = configparser.RawConfigParser()
    parser.read_string(profile(Wifi(ssid=ssid, country="DE", password=""), {}))
    assert parser["wifi"]["ssid"] == written
    assert parser["wifi"]["powersave"] == "2"
    assert not parser.has_section("wifi-security")


@pytest.mark.parametrize(
    ("password", "security", "key", "psk"),
    [
        # the key is the one of IEEE 802.11i, annex H.4
        ("password", "wpa2", "wpa-psk", "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"),
        ("AB" * 32, "wpa2", "wpa-psk", "ab" * 32),
        (" pass\\word", "wpa3", "sae", "\\spass\\\\word"),
    ],
)
def test_wifi_keys(password: str, security: str, key: str, psk: str) -> None:
    wifi = Wifi(ssid="IEEE", country="DE", password=password, security="wpa3" if security == "wpa3" else "wpa2")
    parser = configparser.RawConfigParser()
    parser.read_string(profile(wifi, {}))
    assert dict(parser["wifi-security"]) == {"key-mgmt": key, "psk": psk}


def test_wifi_is_there_before_networkmanager_hears_of_it() -> None:
    done = actions(Wishes(wifi=Wifi(ssid="x", country="de", password="correct horse")))
    paths = [action.path if isinstance(action, Write) else "" for action in done]
    assert done[-1] == Run(("systemctl", "--no-block", "try-restart", "NetworkManager.service"))
    assert CONNECTION in paths
    assert Run(("iw", "reg", "set", "DE")) in done


def test_a_broken_configuration_does_not_keep_a_good_one_away() -> None:
    facts = Facts(hostname="hall", machine_id="0" * 32, config="[server\n")
    done = actions(Wishes(config={"cameras": [{"id": "a"}]}), facts)
    assert Rewrite(BAD_CONFIG, "[server\n") in done
    assert Rewrite(CONFIG, '[[cameras]]\nid = "a"\n') in done


def test_addresses() -> None:
    assert addresses(TRIE * 2) == ["192.168.1.23"]
    assert addresses("") == []
