# For the scripts that build a Debian.
# shellcheck shell=bash

hosts_mirror() { # the first address in this host's own apt sources
  cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null \
    | sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb *\(\[[^]]*\] *\)\?\([^ ]*\).*/\2/p' | head -n 1
}
