"""Secrets out of a file, and where in a file a key stands."""

import tomllib

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.first_boot.places import Path, line_of, paths, statements
from appliance.first_boot.removal import without

SECRETS: set[Path] = {("wifi", "password"), ("admin", "password")}
exactly = settings(derandomize=True, deadline=None)
TEXT = """# a comment
top = 1
[wifi]
ssid = "x"

list = [
  1,
  { deep = 2 },
]
text = '''
[no.header]
'''
a.b.c = 3
[[cameras]]
id = "a"
[cameras.inside]
x = 1
[[cameras]]
id = "b"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("wifi",), 3),
        (("wifi", "ssid"), 4),
        (("wifi", "missing"), 3),
        (("wifi", "list", 1, "deep"), 6),
        (("wifi", "text"), 10),
        (("wifi", "a", "b", "c"), 13),
        (("cameras",), 14),
        (("cameras", 0, "id"), 15),
        (("cameras", 0, "inside", "x"), 17),
        (("cameras", 1, "id"), 19),
        (("cameras", 1, "missing"), 18),
        (("nowhere",), None),
        ((), None),
    ],
)
def test_lines(path: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(path, statements(TEXT)) == line
    assert line_of(path, statements(TEXT.replace("\n", "\r\n"))) == line


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            '[wifi]\npassword = "12345678" # of the router\nssid = "x"',
            '[wifi]\n# password: applied and removed\nssid = "x"',
        ),
        ('[wifi]\r\npassword = "12345678"\r\nx = 1\r\n', "[wifi]\r\n# password: applied and removed\r\nx = 1\r\n"),
        ('wifi.password = "12345678"\nx = 1', "# password: applied and removed\nx = 1"),
        ('wifi = { ssid = "x", password = "12345678" }', 'wifi = {ssid = "x"}\n# password: applied and removed'),
        ('[wifi]\n"password" = """1234\n5678"""', "[wifi]\n# password: applied and removed"),
        (
            '[wifi]\npassword = "12345678"\n# was "12345678"',
            "[wifi]\n# password: applied and removed\n# applied and removed",
        ),
        ('[admin]\npassword = "a"\nx = 1', "[admin]\n# password: applied and removed\nx = 1"),
        ('admin = { password = "a" }\nwifi.ssid = "x"', '# password: applied and removed\nwifi.ssid = "x"'),
        (
            '[admin]\npassword = "a"\n[wifi]\npassword = "b"',
            "[admin]\n# password: applied and removed\n[wifi]\n# password: applied and removed",
        ),
    ],
)
def test_removed(text: str, left: str) -> None:
    assert without(text, SECRETS) == left


def test_a_secret_between_the_lines_costs_the_comments() -> None:
    left = without('x = 1 # 12345678\n[wifi]\nssid = "s"\npassword = "12345678"', SECRETS)
    assert left.startswith("# Written anew")
    assert tomllib.loads(left) == {"x": 1, "wifi": {"ssid": "s"}}


@given(st.text("ab\"'\\\n #=[]{}", min_size=8), st.text("ab\"'\\\n #=[]{}"))
@exactly
def test_no_password_survives(password: str, other: str) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    text = f"# a\n[wifi]\nssid = {quoted(other)}\npassword = {quoted(password)}\n[admin]\nx = 1\n"
    assert tomllib.loads(without(text, SECRETS)) == {"wifi": {"ssid": other}, "admin": {"x": 1}}


values = st.recursive(
    st.integers(0, 9) | st.text("ab\n", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abc"), values, max_size=3))
@exactly
def test_every_key_has_a_line(table: dict[str, object]) -> None:
    text = tomlkit.dumps(table)
    raw = tomllib.loads(text)
    found = statements(text)
    assert [path for path in paths(raw, ()) if line_of(path, found) is None] == []
