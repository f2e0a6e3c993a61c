# Kernel and initrd. The initrd is busybox and the modules that find the disk, because the one that Debian makes takes an emulator
# ten seconds longer. On a Pi the layer's own does that work.
# shellcheck shell=bash

MODULES=(virtio_pci virtio_mmio virtio_blk ext4 crc32c_generic)

kernel_and_initrd() {
  say "kernel and initrd"
  local kernel folder=$CACHE/initrd.d number=100 module
  kernel=$(find "$TREE/lib/modules" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -n 1)
  cp "$TREE/boot/vmlinuz-$kernel" "$CACHE/vmlinuz"
  rm -rf "$folder"
  mkdir -p "$folder"/{bin,dev,proc,sys,newroot,modules}
  cp "$TREE/usr/bin/busybox" "$folder/bin/"
  install -m755 "$QEMU/init" "$folder/init"
  while read -r module; do # numbered, so that they are loaded in this order
    number=$((number + 1))
    unpacked "$module" >"$folder/modules/$number.ko"
  done < <(for module in "${MODULES[@]}"; do
    in_tree "$TREE" modprobe -S "$kernel" --show-depends "$module" 2>/dev/null | awk '$1 == "insmod" { print $2 }'
  done | awk '!seen[$0]++')
  (cd "$folder" && find . | cpio -o -H newc --quiet) >"$CACHE/initrd"
  cp "$CACHE/initrd" "$TREE/boot/initrd.img-$kernel"
  rm -rf "$folder"
}

unpacked() { # the module in the tree, without its compression
  case $1 in
    *.xz) xz -dc "$TREE$1" ;;
    *.zst) zstd -dc "$TREE$1" ;;
    *) cat "$TREE$1" ;;
  esac
}
