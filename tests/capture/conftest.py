"""The camera made in software, shared with the tests of the cameras themselves."""

from tests.cameras.conftest import fake_camera, photos, stand_in

__all__ = ["fake_camera", "photos", "stand_in"]
