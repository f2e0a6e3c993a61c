# For the scripts beside it: what packages.txt and units.txt say.
# shellcheck shell=bash

section() { # section FILE NAME: the first word of each line below [NAME]
  awk -v wanted="[$2]" '/^\[/ { inside = ($1 == wanted); next } inside && NF && $1 !~ /^#/ { print $1 }' "$1"
}
