# The card: partitions in an MBR like those of the Pi's layout, made from the tree with no mount and no loop device.
# shellcheck shell=bash

BOOT_MIB=64
ALIGN_MIB=8

card() {
  say "card"
  local boot=$CACHE/boot.img root=$CACHE/root.img new=$CARD.new root_mib
  rm -f "$CARD" "$boot" "$root" "$new"
  mkfs.vfat -C -n BOOT "$boot" $((BOOT_MIB * 1024)) >/dev/null
  mcopy -i "$boot" -s "$TREE"/boot/firmware/* ::
  rm -rf "$TREE"/boot/firmware/*
  fstab >"$TREE/etc/fstab"
  root_mib=$(($(du -sm "$TREE" | cut -f1) * 3 / 2)) # room for an upgrade
  mke2fs -q -t ext4 -L ROOT -O ^metadata_csum_seed,^orphan_file -d "$TREE" "$root" "${root_mib}M" >/dev/null 2>&1 \
    || mke2fs -q -t ext4 -L ROOT -d "$TREE" "$root" "${root_mib}M" >/dev/null # older e2fsprogs know fewer features
  truncate -s "${CARD_MIB}M" "$new"
  printf '%s\n' 'label: dos' "start=${ALIGN_MIB}MiB, size=${BOOT_MIB}MiB, type=c, bootable" "size=${root_mib}MiB, type=83" | sfdisk --quiet "$new"
  onto "$new" "$boot" $ALIGN_MIB
  onto "$new" "$root" $((ALIGN_MIB + BOOT_MIB))
  rm -f "$boot" "$root"
  mv "$new" "$CARD"
  say "ready: $CARD, $(du -h "$CARD" | cut -f1) of $CARD_MIB MiB"
}

onto() { # onto CARD PARTITION MIB
  dd if="$2" of="$1" bs=1M seek="$3" conv=notrunc,sparse status=none
}

fstab() { # what the Pi's layout writes, by label
  echo 'LABEL=ROOT  /               ext4  rw,relatime,errors=remount-ro,commit=30   0 1'
  echo 'LABEL=BOOT  /boot/firmware  vfat  defaults,rw,noatime,errors=remount-ro     0 2'
}
