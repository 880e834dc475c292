#!/bin/bash
# In a booted system of its own: installs the service, plays an exam, kills and stops it. One line of
# result for each look goes to /result.
set -u

tell() { # WHAT STATUS
  if [ "$2" = 0 ]; then echo "ok      $1"; else echo "FAILED  $1"; fi >>/result
}
main_pid() { systemctl show --property MainPID --value gdtbridge; }
answers() {
  for _ in $(seq 120); do
    gdtbridge check >/dev/null 2>&1
    case $? in 0 | 3) return 0 ;; esac
    sleep 1
  done
  return 1
}
appears() { # PATTERN
  for _ in $(seq 120); do
    compgen -G "$1" >/dev/null && return 0
    sleep 1
  done
  return 1
}

cd /opt/gdtbridge || exit 1
groupadd --gid 1500 praxis
useradd --uid 20001 --gid 1500 ais
./scripts/systemd/install plain
tell "systemd: the installer starts the service" $?
usermod --append --groups praxis gdtbridge
install -d -o gdtbridge -g praxis -m 2770 /srv/gdt/out /srv/gdt/in /srv/gdt/bilder
cat >/etc/gdtbridge/gdtbridge.toml <<'TOML'
[exam]
quiet_seconds = 2

[gdt]
out = "/srv/gdt/out"
in = "/srv/gdt/in"
file_mode = "0660"
attachments_folder = "/srv/gdt/bilder"
report_attachment = true

[dialects.gdt21]
attachments = true
TOML
systemctl restart gdtbridge
answers
tell "systemd: the command of staff sees a service that works" $?
grep -q "^CapEff:[[:space:]]*0*$" "/proc/$(main_pid)/status"
tell "systemd: no capabilities" $?
! setpriv --reuid=gdtbridge --regid=gdtbridge --init-groups touch /opt/gdtbridge/x 2>/dev/null
tell "systemd: its user cannot change the program" $?
setpriv --reuid=20001 --regid=1500 --clear-groups sh -c \
  'umask 007; cp /opt/gdtbridge/samples/gdt/abdomen-order-cp437.gdt /srv/gdt/in/order.gdt'
appears "/var/lib/gdtbridge/gdt/archive/*/*.gdt"
tell "systemd: the order of another account is taken" $?
cd /tmp && gdtbridge simulate --yes --patient 10042
tell "systemd: the device's objects are taken" $?
appears "/srv/gdt/out/*.gdt" && appears "/srv/gdt/bilder/*.jpg" && appears "/srv/gdt/bilder/*.pdf"
tell "systemd: results, pictures and a page, made in closed children" $?
setpriv --reuid=20001 --regid=1500 --clear-groups sh -c 'cat /srv/gdt/out/*.gdt >/dev/null && rm /srv/gdt/out/*.gdt'
tell "systemd: another account collects and deletes results" $?
before=$(main_pid)
kill -KILL "$before"
sleep 7
answers && [ "$(main_pid)" != "$before" ]
tell "systemd: killed, it comes back" $?
systemctl stop gdtbridge && [ "$(systemctl show --property Result --value gdtbridge)" = success ]
tell "systemd: it stops in order" $?
journalctl --unit gdtbridge --no-pager >/journal
