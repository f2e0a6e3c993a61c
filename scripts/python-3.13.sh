# For the scripts beside it and packaging/: is there a Python 3.13 here, as Debian 13 and Raspberry Pi OS have it?
# shellcheck shell=bash

python_3_13() { # python_3_13 [MODULE...]: its name, if it has these modules; nothing: there is none
  local candidate
  for candidate in "${PYTHON_3_13:-}" python3.13 "$(pyenv root 2>/dev/null || true)"/versions/3.13*/bin/python3.13; do
    if "$candidate" -c 'import importlib, sys
for name in sys.argv[1:]: importlib.import_module(name)
sys.exit(sys.version_info[:2] != (3, 13))' "$@" 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}
