# shellcheck shell=sh
# What auftrag.sh and bild-oeffnen.sh share: settings, the GDT file, and the window on the screen.
# POSIX sh, for macOS and Linux. Sourced; expects $here, the folder of the scripts, and $trouble, what
# a message begins with. Text is searched bytewise (LC_ALL=C), whatever the language of the machine.
: "${here:?}" "${trouble:?}"

# Prints a setting of gdtbridge-ais.ini, or the default.
setting() {
  value=$(LC_ALL=C sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$here/gdtbridge-ais.ini" |
    tail -n 1 | LC_ALL=C sed 's/[[:space:]]*$//')
  printf '%s\n' "${value:-$2}"
}

# Says what went wrong, in a window where there is one, and ends.
stop() {
  message="$trouble $*"
  printf '%s\n' "$message" >&2
  if command -v osascript >/dev/null 2>&1; then
    osascript -e 'on run argv' -e 'display alert "gdtbridge" message (item 1 of argv)' -e 'end run' \
      "$message" >/dev/null 2>&1
  elif command -v zenity >/dev/null 2>&1 && [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    zenity --warning --no-markup --title=gdtbridge --text="$message" >/dev/null 2>&1
  fi
  exit 1
}

# Sets $file to the GDT file: the one named, or the one in the settings.
find_export() {
  [ -f "$here/gdtbridge-ais.ini" ] ||
    stop 'Die Datei gdtbridge-ais.ini fehlt im Ordner der Skripte.'
  file=${1:-$(setting exportdatei '')}
  case $file in /*) ;; *) file=$PWD/$file ;; esac
  is_gdt "$file" || stop 'Die GDT-Datei der Praxissoftware fehlt oder ist keine.'
}

# Says whether a file begins like GDT and is no larger than GDT gets.
is_gdt() {
  [ -f "$1" ] && [ "$(wc -c <"$1")" -le 1048576 ] &&
    head -n 1 "$1" | LC_ALL=C grep -q '^[0-9][0-9][0-9]8000'
}
