"""argv → action → exit status."""

import argparse
import faulthandler
import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import trio

from appliance import __version__
from appliance.config import Config, ConfigError, ConfigFile, load
from appliance.system import own_file

CONFIG_PLACE = own_file.PLACE
EX_CONFIG = 78  # sysexits.h; systemd is told not to restart on it
EX_UNAVAILABLE = 69
_BIND_WORDS = "where to listen, whatever the configuration says; may be given several times"
_DOCTOR_WORDS = "say what is wrong with this box, and what makes it right; status 1 if anything is"


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    command = sys.argv[1:] if argv is None else argv
    arguments = _parser().parse_args(command)
    arguments.command = command
    action: Callable[[argparse.Namespace], int] = arguments.action
    try:
        return action(arguments)
    except ConfigError as error:
        print(own_file.told(error, command), file=sys.stderr)
        return EX_CONFIG
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="camera-appliance", description="A camera, live, in every browser on the network."
    )
    parser.add_argument("--version", action="version", version=f"camera-appliance {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, action, words in (
        ("run", _run, "stream this machine's cameras to browsers"),
        ("check-config", _check_config, "say whether the configuration can be used"),
    ):
        command = commands.add_parser(name, help=words, description=words)
        command.set_defaults(action=action)
        command.add_argument("--config", type=Path, metavar="FILE", help=f"default: {CONFIG_PLACE} if it is there")
        if name == "run":
            listen = partial(command.add_argument, action="append", default=[], metavar="HOST:PORT")
            listen("--bind", help=_BIND_WORDS)
            listen("--default-bind", help="where to listen if the configuration says nothing of it")
    words = "have the running service put its changed configuration into force; says what came of it"
    commands.add_parser("reload", help=words, description=words).set_defaults(action=_reload)
    cameras = commands.add_parser("cameras", help="list what is attached", description="list what is attached")
    cameras.set_defaults(action=_cameras)
    cameras.add_argument("--config", type=Path, metavar="FILE", help=f"default: {CONFIG_PLACE} if it is there")
    doctor = commands.add_parser("doctor", help="say what is wrong with this box", description=_DOCTOR_WORDS)
    doctor.set_defaults(action=_doctor)
    doctor.add_argument("--config", type=Path, metavar="FILE", help=f"default: {CONFIG_PLACE} if it is there")
    doctor.add_argument(
        "--bundle",
        nargs="?",
        type=Path,
        const=Path(),
        metavar="FILE",
        help="write what a helper needs to know, without secrets",
    )
    doctor.add_argument("--json", action="store_true", help="for tools: a list of state, check, what, where, fix")
    _add_first_boot(commands)
    _add_publish(commands)
    return parser


def _add_first_boot(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    words = "apply the file on the boot partition, as the box does when it starts"
    first_boot = commands.add_parser("first-boot", help=words, description=words)
    first_boot.set_defaults(action=_first_boot)
    first_boot.add_argument(
        "--root", type=Path, default=Path("/"), metavar="DIR", help="a box's files, if not this one's"
    )
    words = "only write the addresses that the box has now into its status"
    first_boot.add_argument("--addresses", action="store_true", help=words)
    words = "make of a password what may stand in a file"
    hash_password = commands.add_parser("hash-password", help=words, description=words)
    hash_password.set_defaults(action=_hash_password)


def _add_publish(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    words = "push this machine's camera to another appliance"
    publish = commands.add_parser("publish", help=words, description=words)
    publish.set_defaults(action=_publish)
    publish.add_argument("url", help="where to: ws://HOST:PORT/ws/stream/ID, or http://HOST:PORT and --id")
    publish.add_argument("--id", metavar="ID", help="the stream there; its source must be published")
    publish.add_argument("--source", default="auto", help="auto (default), pattern, usb:…")
    publish.add_argument("--width", type=int, default=1280, metavar="PIXELS")
    publish.add_argument("--height", type=int, default=720, metavar="PIXELS")
    publish.add_argument("--fps", type=int, default=30)


def _configuration(path: Path | None) -> Config:
    chosen = own_file.chosen(path)
    return Config() if chosen is None else load(chosen)


def _run(arguments: argparse.Namespace) -> int:
    _log_to_stderr()
    faulthandler.enable()  # systemd's watchdog ends what hangs with SIGABRT
    # Imported late: the other commands need no web server.
    from appliance.main import main as run_box
    from appliance.reload import Listening, begin
    from appliance.server.listen import ListenError
    from appliance.system import desk, state
    from appliance.system.notify import Notify

    may_be_absent = arguments.config is None and own_file.may_be_looked_for(own_file.PLACE)
    file = ConfigFile(arguments.config or own_file.PLACE, optional=may_be_absent)
    folder = state.folder(os.environ)
    if folder is None:
        logging.getLogger("appliance").warning("there is no HOME to keep settings in: they last until the next restart")
    is_service = "STATE_DIRECTORY" in os.environ  # then nobody sits there to read why it does not start
    listening = Listening(tuple(arguments.bind), tuple(arguments.default_bind))
    beginning = begin(file, folder if is_service else None, listening)
    place = desk.place(os.environ) if "RUNTIME_DIRECTORY" in os.environ else None
    try:
        trio.run(partial(run_box, beginning, state=folder, notify=Notify(os.environ), desk_place=place))
    except ListenError as error:
        print(error, file=sys.stderr)
        return EX_UNAVAILABLE
    return 0


def _reload(arguments: argparse.Namespace) -> int:
    from appliance.system import desk

    try:
        verdict = desk.ask(desk.place(os.environ))
    except desk.DeskError as error:
        print(error, file=sys.stderr)
        return EX_UNAVAILABLE
    print(verdict.words, file=sys.stdout if verdict.done else sys.stderr)
    return 0 if verdict.done else 1


def _check_config(arguments: argparse.Namespace) -> int:
    config = _configuration(arguments.config)
    checked = own_file.chosen(arguments.config) or f"no {own_file.PLACE}, so the defaults"
    cameras = ", ".join(f"{camera.id} ({camera.shown_source})" for camera in config.cameras) or "none"
    print(f"{checked}: good. Cameras: {cameras}. Presets: {', '.join(config.presets)}.")
    return 0


def _cameras(arguments: argparse.Namespace) -> int:
    from appliance.capture.attached import AttachedCameras

    try:
        configured = _configuration(arguments.config).cameras
    except ConfigError as error:  # what is attached does not depend on it
        print(f"{own_file.told(error, arguments.command)}\nShown is what is chosen without that file.", file=sys.stderr)
        configured = []
    for camera in trio.run(AttachedCameras(lambda: configured).__call__):
        print(f"{camera['source']}\n    {camera['name']}")
        chosen = camera.get("chosen")
        if chosen:
            print(f"    chosen: {chosen['pixel_format']} {_size(chosen)}{_rate(chosen['fps'])}: {chosen['why']}")
        for line in _formats(camera["formats"]):
            print(f"    {line}")
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from appliance.doctor import bundle, examination, libraries
    from appliance.system.machine import ThisMachine

    path = own_file.chosen(arguments.config)
    findings = examination.examine(ThisMachine(), path, libraries.ask())
    if arguments.bundle is not None:
        return bundle.make(arguments.bundle, path, findings)
    examination.say(examination.as_json(findings) if arguments.json else examination.told(findings))
    return examination.exit_status(findings)


def _first_boot(arguments: argparse.Namespace) -> int:
    """0 whatever is wrong with a file: that is said, and no reason to hold up a start."""
    from appliance.first_boot.ground import Ground
    from appliance.first_boot.starting import start, tell_addresses

    if not arguments.root.is_dir():
        print(f"camera-appliance first-boot: {arguments.root} is no folder", file=sys.stderr)
        return 2
    _log_to_stderr()
    ground = Ground(arguments.root)
    tell_addresses(ground) if arguments.addresses else start(ground)
    return 0


def _hash_password(arguments: argparse.Namespace) -> int:
    from appliance.system import passwords

    try:
        print(passwords.hashed(passwords.asked()))
    except ValueError as error:
        print(f"camera-appliance hash-password: {error}", file=sys.stderr)
        return 2
    return 0


def _formats(formats: list[dict[str, Any]]) -> list[str]:
    """One line a pixel format: `MJPG 1280x720 (30, 15 fps) 640x480 (30 fps)`."""
    sizes: dict[str, list[str]] = {}
    for each in formats:
        rates = f" ({', '.join(f'{rate:g}' for rate in each['rates'])} fps)" if each["rates"] else ""
        sizes.setdefault(each["pixel_format"], []).append(f"{_size(each)}{rates}")
    return [f"{pixel_format} {' '.join(at)}" for pixel_format, at in sizes.items()]


def _size(mode: dict[str, Any]) -> str:
    return f"{mode['width']}x{mode['height']}"


def _rate(fps: float | None) -> str:
    return "" if fps is None else f" at {fps:g} fps"


def _publish(arguments: argparse.Namespace) -> int:
    from appliance import publisher

    _log_to_stderr()
    try:
        url = publisher.target(arguments.url, arguments.id)
        camera = publisher.camera_of(arguments.source, arguments.width, arguments.height, arguments.fps)
    except ValueError as error:
        print(f"camera-appliance publish: {error}", file=sys.stderr)
        return 2
    trio.run(publisher.publish, url, camera)
    return 0


def _log_to_stderr() -> None:
    """Journald stamps each line itself; a terminal wants the time in it."""
    time = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(level=logging.INFO, format=f"{time}%(levelname)s %(name)s: %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("quart").setLevel(logging.WARNING)
