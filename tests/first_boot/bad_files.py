"""Files that people really make, and words of the one line that each is answered with."""

import os

from appliance.first_boot.reading import MOST_BYTES

WIFI = '[wifi]\nssid = "Home"\ncountry = "DE"\n'

BAD: dict[str, tuple[str | bytes, str]] = {
    "syntax": ("[wifi\nssid = 1", "line 1: is not valid TOML: Expected ']'"),
    "no quotes": (
        "hostname = hall",
        'line 1: is not valid TOML: Invalid value; text stands between quotes: key = "text"',
    ),
    "curly quotes": (
        "hostname = “hall”",
        'line 1: is not valid TOML: Invalid value; it has curly quotes: the straight one (")',
    ),
    "no equals sign": (
        "\nhostname hall",
        "line 2: is not valid TOML: Expected '=' after a key in a key/value pair; a line is key = \"text\"",
    ),
    "twice": (
        f'{WIFI}password = "correct horse"\npassword = "battery horse"',
        "line 5: is not valid TOML: Cannot overwrite a value; the same key stands twice; or a [header]",
    ),
    "unfinished text": (
        'hostname = "hall',
        "line 1: is not valid TOML: Unterminated string; the quote at the end of a text is missing",
    ),
    "text that does not end": (
        'hostname = "hall\n[wifi]',
        "line 1: is not valid TOML: Illegal character '\\n'; the quote at the end of a text is missing",
    ),
    "backslash": (
        '[admin]\npassword = "C:\\Users\\me and mine"',
        "line 2: is not valid TOML: Invalid hex value; a text with \\ stands between single quotes",
    ),
    "nested too deeply": ("a = " + "[" * 5000, "is nested too deeply"),
    "unknown key": ('hostnam = "hall"', "line 1: hostnam: unknown key; did you mean hostname?"),
    "unknown key inside": (
        f'{WIFI}pasword = "correct horse"',
        "line 4: wifi.pasword: unknown key; did you mean password?",
    ),
    "header still a comment": (
        '# [wifi]\nssid = "Home"',
        "line 2: ssid: belongs below [wifi]: is that line still a comment?",
    ),
    "config without its header": (
        "[[cameras]]\nid = 'a'",
        "line 1: cameras: unknown key; the camera's own settings stand under config: write [[config.cameras]]",
    ),
    "wrong type": ("hostname = 5", "line 1: hostname: expected str, got int; text stands between quotes"),
    "password of digits": (
        f"{WIFI}password = 12345678",
        "line 4: wifi.password: expected str, got int; text stands between quotes",
    ),
    "text for a table": ('wifi = "Home"', "line 1: wifi: is a table: write [wifi] on a line of its own"),
    "missing key": ('[wifi]\nssid = "Home"\npassword = "correct horse"', "line 1: wifi.country: is missing"),
    "no password": (WIFI, 'line 1: wifi.password: is missing; an open network has password = ""'),
    "country of people": (
        WIFI.replace("DE", "Germany"),
        "line 3: wifi.country: 'Germany' is no country code; two letters",
    ),
    "country of habit": (WIFI.replace("DE", "UK"), "line 3: wifi.country: 'UK' is no country code; write \"GB\""),
    "short Wi-Fi password": (
        f'{WIFI}password = "horse"',
        "line 4: wifi.password: has 5 characters; Wi-Fi passwords have 8 to 63",
    ),
    "foreign Wi-Fi password": (
        f'{WIFI}password = "Pferdestärke"',
        "line 4: wifi.password: holds characters that Wi-Fi passwords cannot have",
    ),
    "long network name": (
        WIFI.replace("Home", "ä" * 17),
        "line 2: wifi.ssid: is 34 bytes long; the name of a Wi-Fi network has 1 to 32",
    ),
    "spaces": (
        'hostname = "Front Door!"',
        "line 1: hostname: 'Front Door!' cannot be a host name: 1 to 63 of a-z, 0-9 and -, none at its ends; \"front-door\"",
    ),
    "dots": ('hostname = "hall.local"', '"hall" would do'),
    "nobody's name": ('hostname = "localhost"', "cannot be a host name"),
    "short password": ('[admin]\npassword = "horse"', "line 2: admin.password: has 5 characters; 12 are the least"),
    "lazy password": ('[admin]\npassword = "aaaaaaaaaaaa"', "line 2: admin.password: repeats itself"),
    "private key": (
        '[ssh]\npublic_key = """-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA"""',
        "line 2: ssh.public_key: is a private key",
    ),
    "half a key": (
        '[ssh]\npublic_key = "ssh-ed25519 AAAAC3NzaC1"',
        "line 2: ssh.public_key: is no public key; it is one line",
    ),
    "key of another kind": (
        '[ssh]\npublic_key = "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIKoKOcnMBCHx6jNFvUqTHCBUrVTJCpcYP7IAd9cG7cJv"',
        "is no public key",
    ),
    "config": ("[config.presets.low]\n\nheight = 3", "line 3: config.presets.low.height: expected int >= 16"),
    "config key": (
        '[[config.cameras]]\nid = "a"\n[[config.cameras]]\nid = "b"\nfsp = 1',
        "line 5: config.cameras[1].fsp: unknown key; did you mean fps?",
    ),
    "config whole": (
        '[[config.cameras]]\nid = "a"\n[[config.cameras]]\nid = "a"',
        "config.cameras: the id 'a' stands twice",
    ),
    "config preset": (
        '[[config.cameras]]\nid = "a"\npreset = "ultra"',
        "line 3: config.cameras[0].preset: there is no preset 'ultra'",
    ),
    "config no table": ("config = 3", "line 1: config: is a table"),
    "binary": (bytes(range(256)), "is no text: it was damaged, or is another kind of file"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + os.urandom(2000) + b"\0", "is no text"),
    "old Windows letters": (
        'hostname = "hall"\n# Tür'.encode("cp1252"),
        "is not UTF-8 text (line 2); in the editor choose UTF-8",
    ),
    "half of UTF-16": (b"\xff\xfeh\0o", "is damaged: it begins as UTF-16 text and does not go on so"),
    "too large": ("#" * (MOST_BYTES + 1), "is larger than 64 KB"),
    "bare carriage returns": (b'hostname = "hall"\r[admin]\r', "is not valid TOML"),
}
