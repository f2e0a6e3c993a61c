"""A promise is kept or not: the rate of pictures against the rate that was promised."""

import random

from appliance.cameras.promise import Promise


class Clock:
    """Pictures at a rate, and what is said about it, when."""

    def __init__(self, promised_fps: float) -> None:
        self.promise = Promise(promised_fps)
        self.now_s = 1000.0
        self.told: list[tuple[float, str]] = []

    def run(self, fps: float, for_s: float, *, waited: bool = True, jitter: float = 0.0) -> None:
        rng = random.Random(7)
        until_s = self.now_s + for_s
        while self.now_s < until_s:
            self.now_s += (1 + rng.uniform(-jitter, jitter)) / fps
            if self.promise.picture(self.now_s, waited=waited):
                self.told.append((self.now_s - 1000.0, self.promise.notice))

    @property
    def notices(self) -> list[str]:
        return [notice.partition(" a second")[0] for _, notice in self.told]


def test_a_camera_that_keeps_it() -> None:
    clock = Clock(30)
    for fps in (30, 31, 29.97, 27, 22):  # the last is less than promised, and not clearly so
        clock.run(fps, 20, jitter=0.5)
    assert clock.told == []


def test_half_is_said_within_five_seconds_once_and_taken_back() -> None:
    clock = Clock(30)
    clock.run(30, 20)
    clock.run(15, 60)
    [(said_s, notice)] = clock.told
    assert 20 < said_s < 25
    assert notice == (
        "the camera delivers 15 of the 30 pictures a second it promised: "
        "in low light many expose for longer; else its USB port or cable is too slow"
    )
    clock.run(30, 20)
    assert [notice for _, notice in clock.told[1:]] == [""]
    assert 80 < clock.told[1][0] < 85


def test_from_the_start() -> None:
    clock = Clock(30)
    clock.run(7.5, 5)
    assert clock.notices == ["the camera delivers 8 of the 30 pictures"]


def test_it_is_told_anew_when_it_gets_worse() -> None:
    clock = Clock(30)
    clock.run(15, 10)
    clock.run(5, 10)
    assert clock.notices[0] == "the camera delivers 15 of the 30 pictures"
    assert clock.notices[-1] == "the camera delivers 5 of the 30 pictures"


def test_a_hiccup_is_no_news() -> None:
    clock = Clock(30)
    for _ in range(20):
        clock.run(30, 10)
        clock.now_s += 1.2
    assert clock.told == []


def test_on_the_edge_it_is_not_told_again_and_again() -> None:
    clock = Clock(30)
    for _ in range(20):
        clock.run(20, 3.3)
        clock.run(23, 3.3)
    assert len(clock.told) <= 1


def test_our_own_slowness_is_not_the_cameras() -> None:
    clock = Clock(30)
    clock.run(10, 30, waited=False)
    assert clock.told == []


def test_slow_cameras_are_watched_for_longer() -> None:
    clock = Clock(1)
    clock.run(1, 60, jitter=0.3)
    assert clock.told == []
    clock.run(0.5, 60)
    assert len(clock.told) == 1
