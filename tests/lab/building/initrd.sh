# Kernel and initrd: busybox and the five modules that find the disk. QEMU loads both, so the guest has no boot loader.

MODULES=(virtio_pci virtio_mmio virtio_blk ext4 crc32c_generic)

kernel_and_initrd() {
  say "kernel and initrd"
  local kernel folder=$TREE/tmp/initrd number=100 module
  kernel=$(ls "$TREE/lib/modules" | sort -V | tail -n 1)
  cp "$TREE/boot/vmlinuz-$kernel" "$CACHE/vmlinuz"
  rm -rf "$folder"
  mkdir -p "$folder"/{bin,dev,proc,sys,newroot,modules}
  cp "$TREE/bin/busybox" "$folder/bin/"
  install -m755 "$LAB/building/init" "$folder/init"
  while read -r module; do  # numbered, so that they are loaded in this order
    number=$((number + 1))
    unpacked "$module" >"$folder/modules/$number.ko"
  done < <(for module in "${MODULES[@]}"; do
    in_tree modprobe -S "$kernel" --show-depends "$module" 2>/dev/null | awk '$1 == "insmod" { print $2 }'
  done | awk '!seen[$0]++')
  in_tree sh -c 'cd /tmp/initrd && find . | cpio -o -H newc --quiet' >"$CACHE/initrd"
  rm -rf "$folder"
}

unpacked() { # the module in the tree, without its compression
  case $1 in
    *.xz) in_tree busybox xzcat "$1" ;;
    *.zst) in_tree zstd -dc "$1" ;;
    *) cat "$TREE$1" ;;
  esac
}
