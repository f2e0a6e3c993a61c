# The guest's own configuration: it boots to lab-run, has an address, and starts nothing that no scenario needs.

UNITS_ON=(lab-run.service systemd-networkd.service systemd-resolved.service)
UNITS_OFF=(
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service man-db.timer
  systemd-networkd-wait-online.service)
UNITS_NEVER=(
  modprobe@fuse.service modprobe@efi_pstore.service modprobe@drm.service dev-hugepages.mount sys-kernel-tracing.mount
  sys-fs-fuse-connections.mount systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-network-generator.service
  systemd-udev-load-credentials.service systemd-battery-check.service systemd-rfkill.service systemd-machine-id-commit.service
  systemd-pstore.service systemd-hwdb-update.service systemd-update-done.service ldconfig.service systemd-vconsole-setup.service
  getty.target getty@tty1.service serial-getty@ttyS0.service console-getty.service)

settle() {
  say "the guest's configuration"
  echo lab >"$TREE/etc/hostname"
  printf '127.0.0.1 localhost lab\n::1 localhost\n' >"$TREE/etc/hosts"
  : >"$TREE/etc/machine-id"
  echo "/dev/vda / ext4 rw,noatime 0 0" >"$TREE/etc/fstab"
  ln -sf /run/systemd/resolve/resolv.conf "$TREE/etc/resolv.conf"
  in_tree passwd -d root >/dev/null
  id_in_tree viewer || in_tree useradd --create-home --shell /bin/bash viewer  # may open no camera: not in group video
  install -Dm755 "$LAB/guest/lab-run" "$TREE/usr/local/sbin/lab-run"
  install -Dm644 "$LAB/guest/lab-run.service" "$TREE/etc/systemd/system/lab-run.service"
  install -Dm644 "$LAB/guest/lab.network" "$TREE/etc/systemd/network/lab.network"
  in_tree systemctl --quiet enable "${UNITS_ON[@]}"
  in_tree systemctl --quiet disable "${UNITS_OFF[@]}" 2>/dev/null || true  # some come with packages that are not there
  in_tree systemctl --quiet mask "${UNITS_NEVER[@]}"
  in_tree systemctl --quiet set-default multi-user.target
  in_tree systemd-hwdb update || true
}

id_in_tree() { in_tree id "$1" >/dev/null 2>&1; }
