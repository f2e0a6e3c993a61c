"""TOML in, frozen typed values out. The only reader of the configuration file."""

from appliance.config.load import ConfigError, load, loads
from appliance.config.model import AUTO, NATIVE, Camera, Config, Limits, Preset, Server, Source

__all__ = ["AUTO", "NATIVE", "Camera", "Config", "ConfigError", "Limits", "Preset", "Server", "Source", "load", "loads"]
