"""Who may change the box and who may log in. There is no password that two boxes share: without one, a box makes a code of its own."""

from appliance.config.overlay import written
from appliance.first_boot.actions import Action, Deed, Remove, Run, Write
from appliance.first_boot.facts import SECRETS, SETUP_CODE, Facts
from appliance.first_boot.wishes import Admin, Ssh
from appliance.system import passwords

SSH_KEYS = "/etc/ssh/camera-appliance-keys"  # root's own folder: sshd wants to know that nobody else wrote it
_SSH_SETTINGS = "/etc/ssh/sshd_config.d/50-camera-appliance.conf"
_SECRETS_HEAD = "# Hashes of scrypt, no passwords: `camera-appliance hash-password` makes one.\n"


def admitted(admin: Admin | None, facts: Facts, new_code: str) -> list[Deed]:
    """The admin's password, or a code with which the owner will choose one. Nothing asks for either yet."""
    if admin and admin.password:
        password = admin.password if passwords.is_hash(admin.password) else passwords.hashed(admin.password)
        actions: list[Action] = [_secrets(facts, password=password, setup_code=""), Remove(SETUP_CODE)]
        return [Deed("admin", "admin password (kept for a coming version: nothing asks for it yet)", actions)]
    if _has(facts, "password"):
        return [Deed("setup code", "", [Remove(SETUP_CODE)])] if facts.setup_code else []
    if _has(facts, "setup_code") and facts.setup_code:
        return []
    code = facts.setup_code or new_code
    kept = Write(
        SETUP_CODE, f"{code}\n", 0o600
    )  # before its hash: a code that nobody can read any more would be for ever
    return [Deed("setup code", "", [kept, _secrets(facts, setup_code=passwords.hashed(code))])]


def let_in(ssh: Ssh, facts: Facts) -> list[Deed]:
    """The owner's SSH keys, and the server that asks for them."""
    keys = "".join(f"{key}\n" for key in ssh.keys)
    settings = f"# Keys from the file on the boot partition.\nAuthorizedKeysFile .ssh/authorized_keys {SSH_KEYS}/%u\n"
    actions: list[Action] = [
        Write(f"{SSH_KEYS}/{facts.login}", keys),
        Write(_SSH_SETTINGS, settings),
        Run(("systemctl", "--no-block", "enable", "--now", "ssh.service")),
        Run(("systemctl", "--no-block", "try-reload-or-restart", "ssh.service")),
    ]
    return [Deed("ssh", f"SSH key for {facts.login}", actions)]


def _has(facts: Facts, key: str) -> bool:
    admin = facts.secrets.get("admin")
    return isinstance(admin, dict) and passwords.is_hash(str(admin.get(key, "")))


def _secrets(facts: Facts, **admin: str) -> Write:
    return Write(SECRETS, written(facts.secrets_text or _SECRETS_HEAD, {"admin": admin}), 0o640, shared=True)
