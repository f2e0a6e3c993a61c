# Debian itself, as small as it boots: from the mirror that this host uses, of the suite that Raspberry Pi OS is made of.

debian() {
  say "Debian $SUITE from this host's mirror"
  mmdebstrap --mode=root --variant=minbase --components=main \
    --include="$(lines "$PACKAGES" | paste -sd,)" \
    --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='force-unsafe-io' \
    "$SUITE" "$TREE" "$MIRROR" >"$CACHE/mmdebstrap.log" 2>&1 \
    || give_up "mmdebstrap failed: $(tail -n 5 "$CACHE/mmdebstrap.log")"
  rm -rf "$TREE"/var/cache/apt/archives/*.deb "$TREE"/var/lib/apt/lists/*
}
