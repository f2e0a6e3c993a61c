"""Passwords: hashed, checked, asked for."""

import subprocess
import sys

import pytest

from appliance.system import passwords

PASSWORD = "three or four words"


def test_a_hash_knows_its_password_and_no_other() -> None:
    kept = passwords.hashed(PASSWORD)
    assert passwords.is_hash(kept)
    assert PASSWORD not in kept
    assert passwords.matches(PASSWORD, kept)
    assert not passwords.matches(PASSWORD + "x", kept)
    assert passwords.hashed(PASSWORD) != kept


def test_a_letter_is_the_same_however_a_keyboard_writes_it() -> None:
    assert passwords.matches("drei Tu\u0308ren offen", passwords.hashed("drei T\u00fcren offen"))


@pytest.mark.parametrize(
    "kept", ["", "x", "$scrypt$ln=14,r=8,p=5$$", "$scrypt$ln=31,r=8,p=5$" + "A" * 22 + "$" + "A" * 43]
)
def test_what_is_no_hash_matches_nothing(kept: str) -> None:
    """And costs nothing: a file cannot make us work for hours."""
    assert not passwords.is_hash(kept)
    assert not passwords.matches("", kept)


def test_nobody_makes_us_hash_a_book() -> None:
    kept = "$scrypt$ln=14,r=8,p=5$" + "A" * 22 + "$" + "A" * 43
    assert passwords.is_hash(kept)
    assert not passwords.matches("x" * 100_000, kept)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "has 5 characters; 12 are the least"),
        ("x" * 257, "256 are the most"),
        ("abcdabcdabcd", "repeats itself"),
        ("three\tfour\nfive", "cannot be printed"),
        (PASSWORD, ""),
        ("drei Türen offen", ""),
    ],
)
def test_new_passwords(password: str, words: str) -> None:
    assert words in passwords.lack(password)
    assert bool(passwords.lack(password)) == bool(words)


def test_setup_codes_are_easy_to_type_and_no_two_alike() -> None:
    codes = {passwords.setup_code() for _ in range(200)}
    assert len(codes) == 200
    assert not set("IO01") & set("".join(codes))
    assert {len(code) for code in codes} == {14}


def hash_password(typed: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "appliance", "hash-password"]
    return subprocess.run(command, input=typed, capture_output=True, text=True, timeout=30)


def test_the_command() -> None:
    done = hash_password(f"{PASSWORD}\n")
    assert passwords.matches(PASSWORD, done.stdout.strip())
    refused = hash_password("short\n")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("camera-appliance hash-password: this password has 5 characters")
