# /opt/ve in the guest: the product's own lock, checked by hash, and picamera2 in a layer beside it that cannot change it.
# pip runs here, with this host's configuration, and takes wheels for the guest's Python.

TAGS=(manylinux_2_28_x86_64 manylinux_2_27_x86_64 manylinux_2_17_x86_64 manylinux2014_x86_64 manylinux_2_12_x86_64
  manylinux2010_x86_64 manylinux_2_5_x86_64 manylinux1_x86_64)

python_layers() {
  say "Python packages from requirements.lock, and picamera2"
  local site=$TREE/opt/ve/lib/python$PYTHON/site-packages
  rm -rf "$TREE/opt/ve" "$TREE/opt/picamera2"
  in_tree python3 -m venv --without-pip --system-site-packages /opt/ve  # system packages: libcamera's binding is one
  wheels "$site" --require-hashes --requirement "$PROJECT/requirements.lock"
  lines "$LAB/building/picamera2.txt" >"$CACHE/picamera2.txt"
  wheels "$TREE/opt/picamera2" --requirement "$CACHE/picamera2.txt"
  in_tree python3 -m compileall -q -j 0 /opt/ve /opt/picamera2 >/dev/null || true  # an emulator takes long for it; some files are for other Pythons
  echo /opt/picamera2 >"$site/zz-picamera2.pth"  # behind site-packages, so what the lock has comes first
}

wheels() { # wheels FOLDER PIP-ARGUMENT...: into a folder, for the guest
  local folder=$1; shift
  "$HOST_PYTHON" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --no-compile \
    --implementation cp --python-version "$PYTHON" "${TAGS[@]/#/--platform=}" --target "$folder" "$@" >"$CACHE/pip.log" 2>&1 \
    || give_up "pip failed: $(grep -v ^WARNING "$CACHE/pip.log" | tail -n 5)"
}
