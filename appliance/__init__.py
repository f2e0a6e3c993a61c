"""A camera, live, in every browser on the network."""

__version__ = "0.1.0"
