#!/bin/sh
# Hands the GDT file of an order to gdtbridge: auftrag.sh [FILE]
# Exit status 0: handed over; 1: not, and a message says why.
set -u

here=$(cd -- "$(dirname -- "$0")" && pwd) || exit 1
trouble='Der Auftrag wurde NICHT übergeben.'
# shellcheck source=scripts/ais/gdtbridge-ais.sh
. "$here/gdtbridge-ais.sh"

# Copies under a name gdtbridge leaves alone, then renames: it never sees half a file.
hand_over() {
  [ -n "$folder" ] && [ -d "$folder" ] || return 1
  name=auftrag-$(date +%Y%m%d%H%M%S)-$(uname -n | tr -cd 'A-Za-z0-9-')-$$
  hidden=$folder/.$name.tmp
  trap 'rm -f -- "$hidden"' EXIT
  (set -C && cat -- "$file" >"$hidden") 2>/dev/null && cmp -s -- "$file" "$hidden" &&
    [ ! -e "$folder/$name.gdt" ] && mv -- "$hidden" "$folder/$name.gdt"
}

find_export "${1:-}"
folder=$(setting auftragsordner '')
hand_over ||
  stop 'Der Auftragsordner ist nicht erreichbar (auftragsordner in gdtbridge-ais.ini).'
# The receiver deletes. Should that fail, the same order once more is one order for gdtbridge.
rm -f -- "$file"
