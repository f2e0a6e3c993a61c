# Debian with the packages of packages.txt, and our own package on top, both through apt.
# shellcheck shell=bash

debian() {
  say "Debian $SUITE from this host's mirror"
  mmdebstrap --mode=root --variant=minbase --components=main \
    --include="$(packages | grep -vx camera-appliance | paste -sd,)" --skip=cleanup/apt/lists \
    --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-include=/usr/share/doc/camera-appliance/*' --dpkgopt='force-unsafe-io' \
    "$SUITE" "$DEBIAN" "$MIRROR" >"$CACHE/mmdebstrap.log" 2>&1 \
    || give_up "mmdebstrap failed: $(tail -n 5 "$CACHE/mmdebstrap.log")"
  rm -f "$DEBIAN"/etc/dpkg/dpkg.cfg.d/*force-unsafe-io*
}

program() {
  say "our package: ${DEB##*/}"
  rm -rf "$TREE"
  cp --archive --reflink=auto "$DEBIAN" "$TREE"
  cp "$DEB" "$TREE/tmp/camera-appliance.deb"
  in_tree "$TREE" apt-get install --quiet --yes --no-install-recommends /tmp/camera-appliance.deb >"$CACHE/apt.log" 2>&1 \
    || give_up "apt could not install it: $(tail -n 5 "$CACHE/apt.log")"
  rm -rf "$TREE"/tmp/* "$TREE"/var/cache/apt/*.bin "$TREE"/var/cache/apt/archives/*.deb "$TREE"/var/lib/apt/lists/*
}
