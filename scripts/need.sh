# For the scripts beside it: Debian packages, installed where they are missing. What cannot be installed is said in words.

say() { printf 'setup: %s\n' "$*" >&2; }
give_up() { say "$*"; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else return 1; fi
}

apt_lists_fresh=no
need() { # need COMMAND PACKAGE...: install the packages unless the command is there
  command -v "$1" >/dev/null 2>&1 && return
  shift
  command -v apt-get >/dev/null || give_up "this machine has no apt-get; please install the equivalent of: $*"
  if [ $apt_lists_fresh = no ]; then
    as_root apt-get update -qq || give_up "cannot update the package lists (no root, no sudo, or no network); please install: $*"
    apt_lists_fresh=yes
  fi
  say "installing $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null \
    || give_up "cannot install $*; please install it by hand and try again"
}
