"""Settings: what is asked for reaches the camera once and newest, and what it took is kept for its model."""

import pytest

from appliance.streams.settings import CRASHES, MOST_MODELS, NoControlsError, Settings, UnknownControlError
from appliance.wire.controls import Control, ControlError, Value
from appliance.wire.hallway import Adjust, Controls

CAM = "usb: Cam"


def controls(brightness: int = 0, active: bool = False) -> list[Control]:
    numbers = {"kind": "integer", "default": 0, "minimum": 0, "maximum": 100}
    return [
        Control(id="brightness", name="Brightness", value=brightness, **numbers),  # type: ignore[arg-type]
        Control(id="gain", name="Gain", value=7, active=active, **numbers),  # type: ignore[arg-type]
        Control(id="shutter", name="Shutter", kind="boolean", value=True, default=False, read_only=True),
        Control(id="start", name="Start", kind="button"),
    ]


def told(number: int = 0, model: str = CAM, brightness: int = 0, **refused: str) -> Controls:
    return Controls(model, controls(brightness), number, refused)


@pytest.fixture
def settings() -> Settings:
    """Those of a camera that was just opened."""
    settings = Settings()
    settings.begin()
    settings.opened()
    settings.told(told())
    return settings


def value_of(settings: Settings, key: str) -> Value | None:
    return next(control.value for control in settings.controls if control.id == key)


def test_from_the_asking_to_the_keeping(settings: Settings) -> None:
    number = settings.ask({"brightness": 10.0, "start": True})
    assert value_of(settings, "brightness") == 10, "as if it had arrived"
    order = settings.next()
    assert order == Adjust(CAM, number, {"brightness": 10, "start": True})
    assert settings.answered < number
    settings.told(told(number, brightness=10))
    assert settings.answered == number
    assert settings.kept == {CAM: {"brightness": 10}}, "a button is pressed once"
    assert settings.next() is None


def test_one_at_a_time_and_what_comes_meanwhile_becomes_one(settings: Settings) -> None:
    settings.ask({"brightness": 1})
    first = settings.next()
    for value in range(2, 50):
        settings.ask({"brightness": value})
    last = settings.ask({"gain": 3})
    assert first is not None
    assert settings.next() is None, "the camera has not answered yet"
    settings.told(told(first.number, brightness=1))
    assert value_of(settings, "brightness") == 49
    assert settings.next() == Adjust(CAM, last, {"brightness": 49, "gain": 3})


def test_all_or_nothing(settings: Settings) -> None:
    for values, error, words in (
        ({"brightness": 5, "gain": 101}, ControlError, "gain: 0 to 100, not 101"),
        ({"brightness": 5, "zoom": 1}, UnknownControlError, "no control 'zoom' here; there are brightness, gain"),
        ({"brightness": 5, "shutter": False}, ControlError, "lets nobody set it"),
    ):
        with pytest.raises(error, match=words):
            settings.ask(values)
    assert settings.next() is None
    assert settings.kept == {}
    with pytest.raises(NoControlsError):
        Settings().ask({"brightness": 5})


def test_what_is_refused_is_not_kept_and_says_why(settings: Settings) -> None:
    settings.ask({"brightness": 10, "gain": 5})
    order = settings.next()
    assert order is not None
    settings.told(told(order.number, gain="gain: the camera refuses it"))
    assert settings.refused == {"gain": "gain: the camera refuses it"}
    assert settings.kept == {CAM: {"brightness": 10}}
    settings.ask({"gain": 6})
    assert settings.refused == {}, "there is another try now"


def test_what_was_on_its_way_waits_for_the_next_worker(settings: Settings) -> None:
    settings.ask({"brightness": 10, "gain": 1})
    settings.next()
    settings.ask({"brightness": 11})
    settings.end()
    assert settings.next() is None
    late = settings.ask({"gain": None})
    assert settings.begin() == {CAM: {"brightness": 11}}, "also what the camera has not heard of yet"
    assert settings.next() is None, "not before it is known which camera that is"
    settings.told(told())
    assert settings.next() == Adjust(CAM, late, {"brightness": 11, "gain": None})


def test_another_model_gets_nothing_of_it(settings: Settings) -> None:
    number = settings.ask({"brightness": 10})
    settings.end()
    settings.begin()
    settings.told(told(model="usb: Other"))
    assert value_of(settings, "brightness") == 0
    order = settings.next()
    assert order == Adjust("usb: Other", number, {}), "who waits for an answer gets one"


def test_a_camera_that_changes_under_way_leaves_nothing_stuck(settings: Settings) -> None:
    number = settings.ask({"brightness": 10})
    settings.next()
    settings.told(told(model="usb: Other"))
    settings.told(Controls("usb: Other", controls(), number, {"brightness": "there is another camera now"}))
    order = settings.next()
    assert order == Adjust("usb: Other", number, {})
    settings.told(told(order.number, model="usb: Other"))
    assert (settings.answered, settings.kept) == (number, {})


def test_reset_takes_back_all_that_was_set_or_is_off(settings: Settings) -> None:
    settings.recall({CAM: {"brightness": 4, "vanished": 1}, "usb: Other": {"gain": 1}})
    settings.reset()
    order = settings.next()
    assert order is not None
    assert order.values == {"gain": None, "brightness": None, "vanished": None}
    settings.told(told(order.number))
    assert settings.kept == {"usb: Other": {"gain": 1}}


def test_reset_before_any_camera_was_open_forgets_all() -> None:
    settings = Settings()
    settings.recall({CAM: {"brightness": 4}})
    settings.reset()
    assert settings.begin() == {}


def test_looking_changes_nothing(settings: Settings) -> None:
    number = settings.look()
    assert settings.next() == Adjust(CAM, number, {})
    settings.told(told(number, brightness=33))
    assert (settings.answered, value_of(settings, "brightness"), settings.kept) == (number, 33, {})


def test_the_models_of_which_values_are_kept_are_few() -> None:
    settings = Settings()
    for index in range(2 * MOST_MODELS):
        settings.begin()
        settings.told(told(model=str(index)))
        settings.ask({"brightness": index})
        order = settings.next()
        assert order is not None
        settings.told(told(order.number, model=str(index)))
    assert list(settings.kept) == [str(index) for index in range(MOST_MODELS, 2 * MOST_MODELS)]
    settings.recall({str(index): {"gain": 1} for index in range(100)})
    assert len(settings.kept) == MOST_MODELS


def fail_while_it_is_set(settings: Settings, *, hang: bool) -> None:
    settings.opened()
    if hang:
        settings.hung()
    settings.end()


def test_a_camera_that_hangs_while_it_is_set_starts_with_less_each_time() -> None:
    """A picture without its settings is worth more than none; and it gets another chance after that."""
    settings, kept = Settings(), {CAM: {"brightness": 4}}
    settings.recall(kept)  # type: ignore[arg-type]
    for given in (kept, {}, None):
        assert settings.begin() == given
        fail_while_it_is_set(settings, hang=True)
    assert settings.begin() is None
    settings.opened()
    settings.told(Controls(CAM, []))
    settings.end()
    assert settings.begin() == kept


def test_a_plug_that_bounces_is_no_hang() -> None:
    settings, kept = Settings(), {CAM: {"brightness": 4}}
    settings.recall(kept)  # type: ignore[arg-type]
    for _ in range(CRASHES):
        assert settings.begin() == kept
        fail_while_it_is_set(settings, hang=False)
    assert settings.begin() == {}


def test_a_value_on_which_the_camera_hung_is_not_tried_again(settings: Settings) -> None:
    settings.recall({CAM: {"gain": 3}})
    number = settings.ask({"brightness": 66})
    settings.next()
    settings.hung()
    settings.end()
    assert settings.begin() == {}, "what was fine before may be the reason too"
    settings.told(told())
    assert settings.next() is None
    assert settings.answered >= number
    assert settings.refused == {"brightness": "brightness: the camera hung while it was set"}
    settings.hung()  # nothing was to be set: this has another reason
    settings.end()
    assert settings.begin() == {CAM: {"gain": 3}}
