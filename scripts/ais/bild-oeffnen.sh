#!/bin/sh
# Opens the images of the examination in the practice software's GDT file: bild-oeffnen.sh [FILE]
# Exit status 0: opened; 1: not, and a message says why.
set -u

here=$(cd -- "$(dirname -- "$0")" && pwd) || exit 1
trouble='Die Bilder wurden nicht geöffnet.'
# shellcheck source=scripts/ais/gdtbridge-ais.sh
. "$here/gdtbridge-ais.sh"

# Refuses a file that may be the patient's before.
check_age() {
  limit=$(setting hoechstalter 5)
  case $limit in '' | *[!0-9]*) limit=5 ;; esac
  [ "$limit" -eq 0 ] || [ -z "$(find "$file" -prune -mmin "+$limit")" ] ||
    stop 'Die GDT-Datei ist alt und vielleicht von einem anderen Patienten.'
}

# Prints the answer and, on the last line, its status. The password goes in by the standard input:
# everybody on this machine can read a command line. The address is the practice's own: no proxy.
search() {
  printf '%s\n' "${token:+header = \"Authorization: Bearer $token\"}" |
    curl --config - ${certificate:+--cacert "$certificate"} --silent --globoff --noproxy '*' --max-time "$wait" --max-filesize 1048576 \
      --header 'Content-Type: application/octet-stream' --data-binary "@$file" \
      --write-out '\n%{http_code}' "$address/api/v1/studies/search"
}

# Ends with what a call without an answer means, by curl's exit status.
unanswered() {
  case $1 in
    60 | 77) stop 'Dem Zertifikat von gdtbridge wird nicht geglaubt (zertifikat in gdtbridge-ais.ini).' ;;
    *) stop 'gdtbridge antwortet nicht. Ist der Rechner eingeschaltet?' ;;
  esac
}

# Ends with what a refusal means.
refused() {
  case $1 in
    300) stop 'Mehrere Untersuchungen passen.' ;;
    401) stop 'Das Kennwort in gdtbridge-ais.ini ist falsch oder fehlt.' ;;
    403) stop 'Dieser Arbeitsplatz ist in gdtbridge nicht zugelassen.' ;;
    404) stop 'Keine passende Untersuchung gefunden.' ;;
    409) stop 'Die Nummer gehört zu einer anderen Person.' ;;
    429) stop 'Zu viele falsche Kennworte; eine Minute warten.' ;;
    *) stop "gdtbridge meldet einen Fehler ($1)." ;;
  esac
}

# Sets $viewer to the address of the only study in the JSON of $1.
find_viewer() {
  # A quotation mark inside a text is written \" in JSON, so these patterns find keys only.
  printf '%s' "$1" | grep -q '"studies"[[:space:]]*:' ||
    stop 'Unter der Adresse in gdtbridge-ais.ini antwortet etwas anderes.'
  ! printf '%s' "$1" | grep -q '"studies"[[:space:]]*:[[:space:]]*\[[[:space:]]*\]' ||
    stop 'Keine passende Untersuchung gefunden.'
  keys=$(printf '%s' "$1" | grep -o '"viewer_url"[[:space:]]*:[[:space:]]*[^,}]*')
  count=$(printf '%s' "$keys" | grep -c '')
  [ "$count" -le 1 ] || stop "$count Untersuchungen passen; bitte im Viewer suchen."
  viewer=$(printf '%s' "$1" | tr -d '\n' |
    sed -n 's/.*"viewer_url"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p')
  printf '%s' "$viewer" | LC_ALL=C grep -Eq "^(https?|weasis)://[]A-Za-z0-9._~:/?#@!\$'()*+,;=%&[-]+\$" ||
    stop 'gdtbridge hat keine brauchbare Adresse des Viewers genannt.'
}

# Hands the address to whatever this system opens addresses with.
open_viewer() {
  if command -v xdg-open >/dev/null 2>&1; then xdg-open "$1"; else open "$1"; fi ||
    stop 'Der Viewer startet nicht; ist er auf diesem Rechner installiert?'
}

find_export "${1:-}"
check_age
address=$(setting adresse '')
address=${address%/}
token=$(setting kennwort '')
wait=$(setting wartezeit 10)
certificate=$(setting zertifikat '')
case $certificate in '' | /*) ;; *) certificate=$here/$certificate ;; esac
case $token in
  *[\"\\]*) stop 'Das Kennwort in gdtbridge-ais.ini hat Zeichen, die es nicht haben darf.' ;;
esac
case $address in
  http://* | https://*) ;;
  *) stop 'In gdtbridge-ais.ini fehlt die Adresse von gdtbridge.' ;;
esac
answer=$(search) || unanswered $?
status=$(printf '%s\n' "$answer" | tail -n 1)
[ "$status" = 200 ] || refused "$status"
find_viewer "$(printf '%s\n' "$answer" | sed '$d')"
open_viewer "$viewer"
