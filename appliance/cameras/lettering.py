"""Words in pictures: OpenCV's Duplex letters, fitted and wrapped.

Rule 1: OpenCV's letters are ASCII. Other characters lose their accents or become "?"; a name never breaks a picture.
"""

import unicodedata

import cv2

from appliance.cameras.base import Image

FONT = cv2.FONT_HERSHEY_DUPLEX
Color = tuple[int, int, int]  # blue, green, red
_PLAIN = str.maketrans({"…": "...", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "ß": "ss", "·": "-", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "×": "x", "°": " deg"})  # fmt: skip  # noqa: E501, RUF001


def plain(text: str) -> str:
    """The text in printable ASCII, on one line."""
    taken_apart = unicodedata.normalize("NFKD", " ".join(text.translate(_PLAIN).split()))
    bare = (character for character in taken_apart if not unicodedata.combining(character))
    return "".join(character if " " <= character <= "~" else "?" for character in bare)


def width(text: str, height: float) -> int:
    """Pixels that a line takes whose capitals are `height` pixels high."""
    return cv2.getTextSize(text, FONT, _scale(height), _stroke(height))[0][0]


def write(image: Image, text: str, at: tuple[int, int], height: float, color: Color) -> None:
    """Write one line of ASCII, starting at the left end of its base line."""
    cv2.putText(image, text, at, FONT, _scale(height), color, _stroke(height), cv2.LINE_AA)


def shortened(text: str, height: float, room: int) -> str:
    """The text, or as much of its beginning as fits in `room` pixels."""
    if width(text, height) <= room:
        return text
    while text and width(text + "...", height) > room:
        text = text[:-1]
    return text.rstrip() + "..."


def wrapped(text: str, height: float, room: int, most_lines: int) -> list[str]:
    """The text in lines of at most `room` pixels; what goes beyond `most_lines` ends in dots."""
    lines: list[str] = []
    words = text.split()
    while words:
        if len(lines) == most_lines - 1:
            return [*lines, shortened(" ".join(words), height, room)]
        line = words.pop(0)
        while words and width(f"{line} {words[0]}", height) <= room:
            line += " " + words.pop(0)
        if width(line, height) > room:  # one word, such as a path: cut where it must be
            kept = next((n for n in range(len(line) - 1, 0, -1) if width(line[:n], height) <= room), 1)
            words.insert(0, line[kept:])
            line = line[:kept]
        lines.append(line)
    return lines


def _scale(height: float) -> float:
    return cv2.getFontScaleFromHeight(FONT, max(round(height), 4), 1)


def _stroke(height: float) -> int:
    return max(1, round(height / 16))
