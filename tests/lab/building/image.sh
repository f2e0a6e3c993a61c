# The disk: an ext4 file system made straight from the tree, with no mount and no loop device.

image() {
  say "disk image"
  local new=$CACHE/root.img.new
  rm -f "$CACHE/root.img" "$new" "$CACHE"/snapshot-*.qcow2
  mke2fs -q -t ext4 -L lab -O ^metadata_csum_seed,^orphan_file -E lazy_itable_init=1,lazy_journal_init=1 -d "$TREE" "$new" "$IMAGE_SIZE" \
    2>"$CACHE/mke2fs.log" || mke2fs -q -t ext4 -L lab -d "$TREE" "$new" "$IMAGE_SIZE" # older e2fsprogs know fewer features
  mv "$new" "$CACHE/root.img"
  say "ready: $(du -h "$CACHE/root.img" | cut -f1)"
}
