"""Whatever a file holds: never a traceback, every fault on one line, no password in it, and lines that are in the file."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from appliance.first_boot.check import checked
from appliance.first_boot.removal import without
from appliance.first_boot.starting import secrets_in
from tests.first_boot.box import GOOD

settings.register_profile("exactly", derandomize=True, deadline=None, max_examples=150)
exactly = settings.get_profile("exactly")
pieces = st.sampled_from(
    ['"', "'", "\n", "[", "]", "[[", "=", " = ", "\\", "#", ".", "{", "}", "1", "\r", "\0", "ä", "-", '"""', "1e999"]
)


def hold(text: str) -> None:
    found = checked(text)
    for fault in found.faults:
        line = fault.told("file")
        assert line.isprintable()
        assert "correct horse" not in line
        assert "battery staple 42" not in line
        assert fault.line is None or 1 <= fault.line <= text.count("\n") + 1
    secrets = secrets_in(found.raw)
    if secrets:
        left = checked(without(text, secrets))
        assert left.raw.keys() <= found.raw.keys()
        assert secrets_in(left.raw) == set()


@given(st.integers(0, len(GOOD)), st.integers(0, 12), st.lists(pieces, max_size=3))
@exactly
def test_a_good_file_with_a_slip_of_the_hand(at: int, gone: int, typed: list[str]) -> None:
    hold(GOOD[:at] + "".join(typed) + GOOD[at + gone :])


@given(st.text(max_size=60))
@example("config = 1e999")
@example("[config.server]\nx = 1979-05-27T07:32:00Z")
@example('"a\\nb" = 1')
@example("[[wifi]]")
@example("[config]\ncameras = [1, [2], {id = 3}]")
@example("[[config.cameras]]\nid = 'a'\nsource = 'http://me:secret@x/'")
@exactly
def test_any_text(text: str) -> None:
    hold(text)
