"""The camera made in software, shared with the tests of the cameras themselves."""

from tests.cameras.conftest import photos, stand_in

__all__ = ["photos", "stand_in"]
