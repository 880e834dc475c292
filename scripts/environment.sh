# shellcheck shell=bash
# Makes .venv and keeps it in step with uv.lock. Sourced, from the project's folder.

say() { printf '%s\n' "$*" >&2; }

stop() {
  say "$@"
  exit 1
}

# Prints the first Python on this machine that is new enough.
find_python() {
  local candidate
  for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  return 1
}

# What the environment was made from: the project's place, its lock file, its Python.
fingerprint() {
  .venv/bin/python - "$1" <<'PYTHON'
import hashlib, pathlib, sys

digest = hashlib.sha256(f"{sys.argv[1]} {pathlib.Path.cwd()} {sys.version}".encode())
for name in ("uv.lock", "pyproject.toml"):
    digest.update(pathlib.Path(name).read_bytes())
print(digest.hexdigest())
PYTHON
}

is_in_step() {
  local mark=".venv/in-step-$1"
  [[ -f $mark && $(<"$mark") == "$(fingerprint "$1")" ]]
}

make_venv() {
  local python
  python=$(find_python) || stop \
    "Es fehlt Python 3.11 oder neuer. / Python 3.11 or newer is needed (https://www.python.org)."
  "$python" -m venv .venv || stop \
    "Die Umgebung lässt sich nicht anlegen; unter Debian: apt install python3-venv." \
    "/ The environment cannot be made; on Debian: apt install python3-venv."
}

# Prints a uv that runs; puts one into the environment where there is none.
find_uv() {
  local candidate
  for candidate in uv .venv/bin/uv; do
    if "$candidate" --version >/dev/null 2>&1; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  .venv/bin/python -m pip install --quiet --disable-pip-version-check uv || return 1
  printf '%s\n' .venv/bin/uv
}

# make_environment run|test: "test" has the development tools as well and serves for both.
make_environment() {
  local kind=$1 uv
  local options=(--locked --inexact --quiet --compile-bytecode)
  if ! .venv/bin/python -c '' 2>/dev/null; then make_venv; fi
  is_in_step test && return
  if [[ $kind == run ]]; then
    is_in_step run && return
    options+=(--no-dev)
  fi
  say "Die Umgebung wird eingerichtet … / Setting up the environment …"
  uv=$(find_uv) || stop "uv lässt sich nicht installieren. / uv cannot be installed with pip."
  # A machine without a home folder has no place for a cache.
  [[ -n ${HOME-} || -n ${UV_CACHE_DIR-} ]] || options+=(--no-cache)
  UV_PROJECT_ENVIRONMENT=.venv "$uv" sync "${options[@]}" --python .venv/bin/python || stop \
    "Die Abhängigkeiten ließen sich nicht laden. / The dependencies could not be loaded."
  fingerprint "$kind" >".venv/in-step-$kind"
}
