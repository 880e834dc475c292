"""Containers without a daemon: buildah makes the image, runc runs it as the compose file says.

Needs root, buildah, runc and iproute2. Where Docker differs (networks by name, health states), only
Docker shows it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .compose import BindMount

TARGET: Final = "localhost/gdtbridge:check"
_FOLDER_OF_CERTIFICATES: Final = "/etc/ssl/certs"
_KERNEL: Final = [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {
        "destination": "/dev",
        "type": "tmpfs",
        "source": "tmpfs",
        "options": ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
        "destination": "/dev/shm",
        "type": "tmpfs",
        "source": "shm",
        "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
    },
    {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "ro"]},
]


def run(*command: str | Path, **options: Any) -> str:  # noqa: ANN401 - as subprocess.run
    """Return what a command prints; raise `subprocess.CalledProcessError` when it fails."""
    words = list(map(str, command))
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, **options)
    return str(done.stdout).strip()


def make_base(folder: Path) -> str:
    """Return the name of an image with Debian's Python, bootstrapped below ``folder`` and kept."""
    root, name = folder / "root", "localhost/gdtbridge-base"
    if not (root / "usr" / "bin" / "python3").exists():
        shutil.rmtree(root, ignore_errors=True)
        packages = "python3,python3-venv,ca-certificates,tzdata"
        run("debootstrap", "--variant=minbase", f"--include={packages}", "stable", root)
    container = run("buildah", "from", "scratch")
    run("buildah", "add", "--quiet", container, root, "/")
    run("buildah", "commit", "--quiet", "--rm", container, name)
    return name


def certificates_of(folder: Path) -> dict[str, str]:
    """Return what lets pip and uv trust whom this machine trusts: source and target of mounts."""
    (folder / "pip.conf").write_text(
        f"[global]\ncert = {_FOLDER_OF_CERTIFICATES}/ca-certificates.crt\n", "utf-8"
    )
    (folder / "uv.toml").write_text("native-tls = true\n", "utf-8")
    return {
        _FOLDER_OF_CERTIFICATES: _FOLDER_OF_CERTIFICATES,
        str(folder / "pip.conf"): "/etc/pip.conf",
        str(folder / "uv.toml"): "/etc/uv/uv.toml",
    }


def build_image(project: Path, base: str, folder: Path) -> None:
    """Build `TARGET` of the Dockerfile; packages are fetched with this machine's certificates."""
    lent = certificates_of(folder)
    volumes = [f"--volume={source}:{target}:ro" for source, target in lent.items()]
    options = ["--format=docker", "--isolation=chroot", "--network=host", "--quiet"]
    tagged = [f"--build-arg=BASE={base}", f"--tag={TARGET}"]
    run("buildah", "build", *options, *volumes, *tagged, project, stderr=subprocess.STDOUT)


@contextmanager
def mounted_image() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the root of `TARGET` and its configuration, with Docker's ``Healthcheck``."""
    told = json.loads(run("buildah", "inspect", "--type", "image", TARGET))
    container = run("buildah", "from", TARGET)
    try:
        yield Path(run("buildah", "mount", container)), told["Docker"]["config"]
    finally:
        run("buildah", "rm", container)


@contextmanager
def hosts(addresses: Mapping[str, str], prefix: int = 24) -> Iterator[dict[str, str]]:
    """Yield network namespaces by name, two hosts that reach each other by their names alone."""
    names = {name: f"gdtbridge-check-{name}" for name in addresses}
    text = "127.0.0.1 localhost\n" + "".join(f"{at} {name}\n" for name, at in addresses.items())
    ends = {name: f"gbc{number}" for number, name in enumerate(addresses)}
    for namespace in names.values():
        run("ip", "netns", "add", namespace)
        etc = Path("/etc/netns") / namespace
        etc.mkdir(parents=True, exist_ok=True)
        (etc / "hosts").write_text(text, "utf-8")
    try:
        one, other = ends.values()
        run("ip", "link", "add", one, "type", "veth", "peer", "name", other)
        for name, namespace in names.items():
            run("ip", "link", "set", ends[name], "netns", namespace)
            inside = ["ip", "-n", namespace]
            run(*inside, "address", "add", f"{addresses[name]}/{prefix}", "dev", ends[name])
            run(*inside, "link", "set", ends[name], "up")
            run(*inside, "link", "set", "lo", "up")
        yield names
    finally:
        for namespace in names.values():
            run("ip", "netns", "delete", namespace)
            shutil.rmtree(Path("/etc/netns") / namespace, ignore_errors=True)


@dataclass
class Container:
    """A service of the compose file on an image's root: its user, rights and mounts."""

    name: str
    root: Path
    image: Mapping[str, Any]
    service: Mapping[str, Any]
    environment: Mapping[str, str]
    mounts: Sequence[BindMount]
    namespace: str
    bundle: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        """What the service wrote."""
        return self.bundle / "log"

    def start(self, *arguments: str) -> None:
        """Start the image's program with ``arguments``, else with the image's own."""
        self.bundle.mkdir(exist_ok=True)
        program = [*self.image["Entrypoint"], *(arguments or self.image["Cmd"])]
        (self.bundle / "config.json").write_text(json.dumps(self._bundle(program)), "utf-8")
        with self.log.open("ab") as output:
            command = ["runc", "run", "--bundle", str(self.bundle), self.name]
            self._process = subprocess.Popen(command, stdout=output, stderr=output)

    def wait(self, seconds: float) -> int:
        """Return the exit status; raise `subprocess.TimeoutExpired` when it goes on."""
        assert self._process is not None
        return self._process.wait(seconds)

    def stop(self, seconds: float) -> int:
        """End it as Docker does, by SIGTERM; return the exit status."""
        if self._process is not None and self._process.poll() is None:
            run("runc", "kill", self.name, "TERM")
        return self.wait(seconds)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the container, as ``docker compose exec`` does."""
        return subprocess.run(
            ["runc", "exec", "--cwd", self.image["WorkingDir"], self.name, *command],
            capture_output=True,
            text=True,
            check=False,
        )

    def _bundle(self, program: Sequence[str]) -> dict[str, Any]:
        user, group = map(int, self.image["User"].split(":"))
        env = dict(pair.split("=", 1) for pair in self.image["Env"]) | dict(self.environment)
        dropped = self.service["cap_drop"] == ["ALL"]
        process = {
            "args": list(program),
            "cwd": self.image["WorkingDir"],
            "env": [f"{name}={value}" for name, value in env.items()],
            "user": {
                "uid": user,
                "gid": group,
                "additionalGids": [int(one) for one in self.service.get("group_add", [])],
            },
            "capabilities": {} if dropped else None,
            "noNewPrivileges": "no-new-privileges:true" in self.service["security_opt"],
        }
        return {
            "ociVersion": "1.0.2",
            "hostname": self.name,
            "process": process,
            "root": {"path": str(self.root), "readonly": self.service.get("read_only", False)},
            "mounts": [*_KERNEL, *self._mounts()],
            "linux": {"namespaces": self._namespaces()},
        }

    def _namespaces(self) -> list[dict[str, str]]:
        own = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")]
        return [*own, {"type": "network", "path": f"/run/netns/{self.namespace}"}]

    def _mounts(self) -> Iterator[dict[str, Any]]:
        for said in self.service.get("tmpfs", []):
            target, _, further = said.partition(":")
            options = ["nosuid", "nodev", "noexec", "mode=1777", *filter(None, further.split(","))]
            yield {"destination": target, "type": "tmpfs", "source": "t", "options": options}
        known = BindMount(f"/etc/netns/{self.namespace}/hosts", "/etc/hosts", True, False)
        for one in (*self.mounts, known):
            rights = "ro" if one.read_only else "rw"
            yield {
                "destination": one.target,
                "type": "bind",
                "source": one.source,
                "options": ["rbind", rights],
            }


def found(look: Callable[[], object], seconds: float) -> bool:
    """Return whether ``look`` returns something true within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def wait_until(look: Callable[[], object], what: str, seconds: float = 120) -> None:
    """Wait until ``look`` returns something true; end the program after ``seconds``."""
    if not found(look, seconds):
        sys.exit(f"image-check: after {seconds:.0f} s still not: {what}")
