"""Where a folder is: which file system it lies on, told apart after restarts and remounts.

A mount point without its share is a folder like any other. Linux says what is mounted
(``mountinfo``, proc(5)) and what should be (``/etc/fstab``, fstab(5); mount units,
systemd.mount(5)). Windows knows the serial number of a volume, other systems only the mount point.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

NETWORK: Final = frozenset(
    ("cifs", "smb3", "smbfs", "nfs", "nfs4", "afs", "ceph", "glusterfs", "ncpfs", "davfs")
)
"""File systems of other machines; those of FUSE, often such, are taken for them."""
VAGUE: Final = frozenset(
    ("9p", "virtiofs", "vboxsf", "prl_fs", "osxfs", "fakeowner", "fuse.grpcfuse", "fuse.osxfs")
)
"""File systems that hand on a folder of a host and say the same whatever is mounted there."""
AUTOFS: Final = "autofs"
"""What lies at the mount point of an automounter while nothing is mounted, autofs(5)."""
UNIT_FOLDERS: Final = ("etc/systemd/system", "run/systemd/system")
"""Where an administrator's mount units lie; what a distribution brings along may be unused."""

_FSID_OF_UUID: Final = frozenset(("ext2", "ext3", "ext4", "btrfs"))
"""File systems whose ``f_fsid`` (statfs(2)) is made of their UUID; of others it may change."""
_UUIDS: Final = Path("/dev/disk/by-uuid")
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an opened folder is."""

    path: str
    """The folder without symbolic links."""
    point: str
    """The mount point above it."""
    kind: str
    """Type of the file system as mount(8) names it; empty where the system does not tell."""
    source: str
    """What is mounted: device, ``//server/share``, ``server:/export``."""
    volume: str
    """Identity of a file system on a disk, empty where there is none that stays."""
    inner: str
    """The folder within the file system, beyond bind mounts and subvolumes."""
    instance: str
    """This very mounting of it, until it is mounted anew or the machine starts."""
    witness: str = ""
    """What the witness file says, where the rest is `vague`."""

    @property
    def network(self) -> bool:
        """Whether it is on another machine."""
        return self.kind in NETWORK or self.kind.startswith("fuse")

    @property
    def vague(self) -> bool:
        """Whether an empty mount point would look the same."""
        return self.kind in VAGUE or not (self.kind or self.volume)

    @property
    def words(self) -> str:
        """What a person knows it by."""
        return f"{self.kind or 'volume'} {self.source or self.volume or '?'} ({self.point})"

    def below(self, other: Place) -> bool:
        """Return whether this mount point lies below that of ``other``."""
        mine, others = PurePosixPath(self.point), PurePosixPath(other.point)
        return mine != others and mine.is_relative_to(others)

    def agrees(self, other: Place) -> bool:
        """Return whether it is the same folder of the same file system, mounted anew or not."""
        if self.point == other.point == "/" and self.path == other.path:
            return True  # the system's own, restored, moved or rolled back to a snapshot
        if _family(self.kind) != _family(other.kind) or self.inner != other.inner:
            return False
        if self.volume and other.volume:
            return self.volume == other.volume
        return same_source(self.kind, self.source, other.source)


@dataclass(frozen=True, slots=True)
class DeclaredMount:
    """A mount that ``/etc/fstab`` or a mount unit names."""

    source: str
    point: str

    def is_at(self, place: Place) -> bool:
        """Return whether what is mounted at ``place`` is this."""
        source = _device(self.source)
        return self.point == place.point and same_source(place.kind, source, _device(place.source))


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of ``mountinfo``."""

    id: int
    root: str
    point: str
    kind: str
    source: str


@contextmanager
def entered(folder: Path) -> Iterator[tuple[Path, Place]]:
    """Yield a path to the folder as it is mounted now, and where that is; raise `OSError`.

    On Linux the path stays with that file system, whatever is mounted or unmounted meanwhile; a
    folder that an automounter has to mount is mounted by this.
    """
    if not sys.platform.startswith("linux"):
        if not folder.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        yield folder, _place_by_path(folder)
        return
    descriptor = _opened(folder)
    try:
        yield Path(f"/proc/self/fd/{descriptor}"), _place_of(descriptor)
    finally:
        os.close(descriptor)


def _opened(folder: Path) -> int:
    """Open a folder; one that may not be listed can be written to all the same."""
    usual = os.O_DIRECTORY | os.O_CLOEXEC
    try:
        return os.open(folder, os.O_RDONLY | usual)
    except PermissionError:
        return os.open(folder, os.O_PATH | usual)


def _place_of(descriptor: int) -> Place:
    status = os.fstat(descriptor)
    path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
    if not status.st_nlink:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    mount_id = _mount_id(descriptor)
    mount = next((one for one in mounts() if one.id == mount_id), None)
    if mount is None:  # unmounted this moment
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
    within = PurePosixPath(path)
    if within.is_relative_to(mount.point):
        within = within.relative_to(mount.point)
    return Place(
        path,
        mount.point,
        mount.kind,
        mount.source,
        _volume(descriptor, mount),
        str(PurePosixPath(mount.root) / within),
        f"{_boot()}:{mount_id}:{status.st_dev}:{status.st_ino}",
    )


def _place_by_path(folder: Path) -> Place:
    """Return the place as far as the path and ``stat`` tell it."""
    real = folder.resolve()
    point = next(one for one in (real, *real.parents) if os.path.ismount(one))
    status = real.stat()
    # Elsewhere the number changes when the machine starts.
    volume = f"{status.st_dev:x}" if sys.platform == "win32" else ""
    inner = real.relative_to(point).as_posix()
    instance = f"{status.st_dev}:{status.st_ino}"
    return Place(real.as_posix(), point.as_posix(), "", "", volume, inner, instance)


def mounts() -> list[Mount]:
    """Return what is mounted, proc(5)."""
    lines = Path("/proc/thread-self/mountinfo").read_bytes().splitlines()
    return [_mount(os.fsdecode(line)) for line in lines]


def _mount(line: str) -> Mount:
    """Return the mount of a line: the file system's type and source stand behind a dash."""
    front, _, back = line.partition(" - ")
    number, _, _, root, point, *_ = front.split(" ")
    kind, source, *_ = back.split(" ")
    return Mount(int(number), _plain(root), _plain(point), kind, _plain(source))


def declared(root: Path = Path("/")) -> list[DeclaredMount]:
    """Return the mounts that fstab and mount units below ``root`` name; none it cannot read."""
    found: list[DeclaredMount] = []
    with suppress(OSError):
        found += _of_fstab((root / "etc/fstab").read_text("utf-8", "surrogateescape"))
    for folder in UNIT_FOLDERS:
        with suppress(OSError):
            for unit in sorted((root / folder).glob("*.mount")):
                found += _of_unit(unit.read_text("utf-8", "surrogateescape"))
    return found


def _of_fstab(text: str) -> Iterator[DeclaredMount]:
    for line in text.splitlines():
        source, point, *_ = [*line.split(), "", ""]
        if not source.startswith("#") and point.startswith("/"):
            yield DeclaredMount(_plain(source), _plain(point).rstrip("/") or "/")


def _of_unit(text: str) -> Iterator[DeclaredMount]:
    lines = [line.partition("=") for line in text.splitlines()]
    said = {key.strip(): value.strip() for key, _, value in lines}
    if said.get("Where", "").startswith("/"):
        yield DeclaredMount(said.get("What", ""), said["Where"].rstrip("/") or "/")


def lacking_mount(folder: Path, found: Place, named: list[DeclaredMount]) -> DeclaredMount | None:
    """Return the mount named for ``folder`` that ``found`` is not on."""
    paths = (PurePosixPath(Path.cwd() / folder), PurePosixPath(found.path))
    covering = [one for one in named if any(path.is_relative_to(one.point) for path in paths)]
    nearest = max(covering, key=lambda one: len(one.point), default=None)
    if nearest is None or nearest.point == "/":
        return None
    points = (nearest.point, os.path.realpath(nearest.point))
    there = any(PurePosixPath(found.point).is_relative_to(point) for point in points)
    return None if there else nearest


def unmounted(folder: Path) -> str:
    """Return why the folder is not where fstab or a mount unit says, empty where it is."""
    with suppress(OSError), entered(folder) as (_, found):
        if lacking_mount(folder, found, declared()) is not None:
            return "folder is not mounted"
    return ""


def same_source(kind: str, one: str, other: str) -> bool:
    """Return whether two words name the same thing to mount: case says nothing for Windows."""
    if _family(kind) == "cifs":
        one, other = (text.replace("\\", "/").casefold() for text in (one, other))
    return one.rstrip("/") == other.rstrip("/")


def _device(source: str) -> str:
    """Return the device that a source of fstab means, fstab(5); any other source as it is."""
    for tag, folder in (("UUID=", _UUIDS), ("LABEL=", _UUIDS.with_name("by-label"))):
        if source.startswith(tag):
            source = str(folder / source.removeprefix(tag).strip('"'))
    return os.path.realpath(source) if source.startswith("/dev/") else source


def _family(kind: str) -> str:
    return {"smb3": "cifs", "smbfs": "cifs", "nfs4": "nfs", "ext2": "ext4", "ext3": "ext4"}.get(
        kind, kind
    )


def _volume(descriptor: int, mount: Mount) -> str:
    """Return the UUID of a file system on a disk, or what statfs(2) makes of it."""
    if mount.kind in _FSID_OF_UUID:
        return f"{os.fstatvfs(descriptor).f_fsid:x}"
    if mount.source.startswith("/dev/"):
        device = os.path.realpath(mount.source)
        with suppress(OSError):
            names = [one.name for one in _UUIDS.iterdir() if os.path.realpath(one) == device]
            return "".join(names[:1])
    return ""


def _mount_id(descriptor: int) -> int:
    lines = Path(f"/proc/self/fdinfo/{descriptor}").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("mnt_id:"))


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def _plain(text: str) -> str:
    """Return a field of mountinfo or fstab without its octal escapes."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)
