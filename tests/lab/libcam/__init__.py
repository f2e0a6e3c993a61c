"""Cameras for libcamera without a sensor: its `virtual` pipeline, and what picamera2 needs to run on it."""
