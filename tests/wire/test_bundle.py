"""Several pictures in one answer."""

from hypothesis import given
from hypothesis import strategies as st

from appliance.wire import bundle


@given(st.lists(st.binary(max_size=300)))
def test_round_trip(pictures: list[bytes]) -> None:
    assert bundle.unpack(bundle.pack(pictures)) == pictures


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1), st.data())
def test_what_is_cut_off_is_left_out(pictures: list[bytes], data: st.DataObject) -> None:
    packed = bundle.pack(pictures)
    cut = packed[: data.draw(st.integers(0, len(packed) - 1))]
    unpacked = bundle.unpack(cut)
    assert unpacked == pictures[: len(unpacked)]
    assert len(unpacked) < len(pictures)
