"""A Debian system in a folder, and commands that run inside it without touching the host.

Every command gets mount and process namespaces of its own. Its mounts vanish with it, so that no
bind mount can outlive a run (one left behind would make a later ``rm -rf`` of the folder empty the
host's own files), and so do the processes it started, however they were started.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dev.console import Failure, command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Process 1 of the namespace: builds the view and waits for the command, so that orphans are reaped.
# A run sees the folder through an overlay in memory and leaves nothing in it; where the kernel has no
# overlay it sees the folder itself. Building writes to the folder ("keep").
_ENTER = r"""
set -e
root=$1 keep=$2 folder=$3 count=$4
shift 4
view=$root
if [ "$keep" = no ]; then
    mount -t tmpfs -o mode=0755 scratch "$root/mnt"
    mkdir "$root/mnt/upper" "$root/mnt/work" "$root/mnt/view"
    if mount -t overlay overlay \
        -o "lowerdir=$root,upperdir=$root/mnt/upper,workdir=$root/mnt/work" "$root/mnt/view" 2>/dev/null
    then view=$root/mnt/view
    fi
    mount -t tmpfs -o mode=1777 scratch "$view/tmp"
fi
mount -t proc proc "$view/proc"
mount --rbind /sys "$view/sys"
mount --rbind /dev "$view/dev"
while [ "$count" -gt 0 ]; do
    if [ -d "$1" ]; then mkdir -p "$view$1"; else mkdir -p "$view$(dirname "$1")"; touch "$view$1"; fi
    mount --rbind "$1" "$view$1"
    shift
    count=$((count - 1))
done
set +e
chroot "$view" env --chdir="$folder" "$@"
exit $?
"""


def why_not() -> str:
    """Return why commands cannot run in private roots on this machine, or an empty text when they can."""
    if os.name != "posix" or not Path("/proc/self/mountinfo").exists():
        return "private test GIMPs need Linux"
    if os.geteuid() != 0:
        return "private test GIMPs need root rights (debootstrap and chroot)"
    for tool in ("setpriv", "unshare", "mount", "chroot"):
        if shutil.which(tool, path=SYSTEM_PATH) is None:
            return f"private test GIMPs need the command {tool}"
    trial = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, text=True, check=False
    )
    if trial.returncode:
        return f"this machine does not allow namespaces of one's own: {trial.stderr.strip()}"
    return ""


@dataclass(frozen=True)
class PrivateRoot:
    """A Debian system below ``folder``."""

    folder: Path

    def start(
        self,
        argv: Sequence[str],
        *,
        binds: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        cwd: str = "/",
        keep: bool = False,
        stdin: int | None = subprocess.DEVNULL,
        stdout: int | None = subprocess.PIPE,
        stderr: int | None = subprocess.PIPE,
    ) -> subprocess.Popen[str]:
        """Start ``argv`` inside and return at once; ``kill()`` ends it with everything it started.

        So does the end of the calling thread: keep that alive for as long as the command shall run.

        ``binds`` are host files and folders made visible under the same path, writable. ``env`` is
        the whole environment apart from PATH and LANG; nothing of the host's leaks in. ``cwd`` is a
        path inside. Changes to the system itself are dropped unless ``keep``.
        """
        places = [str(Path(place).resolve()) for place in binds]
        missing = [place for place in places if not Path(place).exists()]
        if missing:
            raise FileNotFoundError(f"cannot be made visible in the private root: {', '.join(missing)}")
        enter = [str(self.folder), "yes" if keep else "no", cwd, str(len(places)), *places]
        # pdeathsig: what we started ends with us, even when we are killed and cannot end it ourselves
        space = ["setpriv", "--pdeathsig", "KILL", "unshare"]
        space += ["--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
        return subprocess.Popen(
            [*space, "sh", "-c", _ENTER, "private-root", *enter, *argv],
            env={"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", **(env or {})},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            errors="replace",
        )

    def install(self, argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        """Run ``argv`` with its changes kept; :class:`Failure` with its last lines unless it exits with 0."""
        settings = {"DEBIAN_FRONTEND": "noninteractive", "HOME": "/root", **(env or {})}
        process = self.start(argv, env=settings, keep=True, stderr=subprocess.STDOUT)
        try:
            output, _ = process.communicate()
        finally:
            process.kill()
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"$ {' '.join(argv)}\n{output}\n")
        if process.returncode:
            tail = "\n".join("    " + line for line in output.splitlines()[-25:])
            raise Failure(
                f"{' '.join(argv)[:200]} ended with exit code {process.returncode} in {self.folder}:\n{tail}",
                f"read {log}, then start again: a half-built system is built anew",
            )

    def remove(self) -> None:
        """Delete the folder, unless something is mounted below it."""
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
        below = f"{self.folder.resolve()}/"
        held = [line.split()[4] for line in mounts if line.split()[4].startswith(below)]
        if held:
            raise Failure(
                f"{self.folder} is not removed: {', '.join(held)} is mounted there",
                f"umount {' '.join(held)}",
            )
        command(["rm", "-rf", "--one-file-system", str(self.folder)])
