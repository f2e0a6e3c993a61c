"""TOML in, frozen typed values out. The only reader and writer of the configuration file."""

from appliance.config.file import ConfigFile, NotKeptError
from appliance.config.load import ConfigError, load, loads
from appliance.config.model import AUTO, NATIVE, Camera, Config, Limits, Preset, Server, Source

__all__ = [
    "AUTO",
    "NATIVE",
    "Camera",
    "Config",
    "ConfigError",
    "ConfigFile",
    "Limits",
    "NotKeptError",
    "Preset",
    "Server",
    "Source",
    "load",
    "loads",
]
