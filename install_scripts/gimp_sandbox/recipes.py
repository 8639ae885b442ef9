"""How each private test GIMP is built from Debian's own packages: 3.0, 3.2, and 2.10 with its Python-Fu.

GIMP 3.0 and 3.2 are installed as they are, with what a test of the windows needs. Debian 12 has GIMP
2.10 without Python-Fu (it left with Python 2), so that part is compiled here from the source package
of the very same GIMP against Debian 11's Python 2.7, with PyGObject and pycairo from PyPI by hash.
There is no PyGTK, hence no automatic dialog of gimpfu; everything else is the real thing.
"""

from __future__ import annotations

import os
import re
import shutil
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dev import debian
from dev.console import Failure, command, say, step

if TYPE_CHECKING:
    from collections.abc import Callable

    from gimp_sandbox.root import PrivateRoot

_SCRIPTS = Path("/usr/share/debootstrap/scripts")
_WINDOW_TOOLS = [
    "at-spi2-core",
    "dbus-x11",
    "fonts-dejavu-core",
    "imagemagick",
    "openbox",
    "python3-pyatspi",
    "xauth",
    "xdotool",
    "xvfb",
]
_CERTIFICATES = "/usr/local/share/host-certificates.crt"

_PIP_FOR_PYTHON_2 = """\
pip==20.3.4 --hash=sha256:217ae5161a0e08c0fb873858806e3478c9775caffce5168b50ec885e358c199d
setuptools==44.1.1 --hash=sha256:27a714c09253134e60a6fa68130f78c7037e5562c4f21f8f318f2ae900d152d5
wheel==0.37.1 --hash=sha256:4bdcd7d840138086126cd09254dc6195fb4fc6f01c050a1d7236f2630db1d22a
"""
_BINDINGS = """\
pycairo==1.18.2 --hash=sha256:dcb853fd020729516e8828ad364084e752327d4cff8505d20b13504b32b16531
PyGObject==3.36.1 --hash=sha256:012a589aec687bfa809a1ff9f5cd775dc7f6fcec1a6bc7fe88e1002a68f8ba34
"""

_COMPILE_PYGIMP = r"""
set -e
cd /root/pygimp
wheels=$PWD/wheels
python3 -m pip download -q --no-deps --require-hashes -r pip.txt -d "$wheels" \
    --only-binary :all: --python-version 2.7 --implementation py --abi none --platform any
pip2() { python2.7 "$wheels/pip-20.3.4-py2.py3-none-any.whl/pip" --disable-pip-version-check "$@"; }
pip2 install -q --no-index --find-links "$wheels" setuptools wheel
# --no-use-pep517: their pyproject.toml would fetch build tools that Python 2.7 cannot run
from_source="--no-deps --no-build-isolation --no-use-pep517 --no-binary :all:"
from_source="$from_source --require-hashes -r bindings.txt"
pip2 install -q $from_source
pip2 download -q $from_source -d "$wheels"

# the source package of the installed GIMP, of it only the Python bindings
apt-get source -qq --download-only gimp
tar xjf gimp_2.10.*.orig.tar.bz2 --strip-components=3 --wildcards 'gimp-2.10.*/plug-ins/pygimp'
# the binding's private header is not installed, and autoconf's config.h is not run for
tar xzf "$wheels"/PyGObject-3.36.1.tar.gz --strip-components=2 PyGObject-3.36.1/gi/pygobject.h
cat > settings.h <<'C'
#define GETTEXT_PACKAGE "gimp20-python"
#define LOCALEDIR "/usr/share/locale"
#define init_pygobject() G_STMT_START { if (pygobject_init (-1, -1, -1) == NULL) return; } G_STMT_END
C
modules=/usr/lib/gimp/2.0/python
cd /usr/lib/gimp/2.0 && mkdir -p python environ interpreters plug-ins/python-eval && cd -
build() {
    module=$1 library=$2
    shift 2
    gcc -O1 -fPIC -shared -w -fno-strict-aliasing -include settings.h -I. -I/usr/include/python2.7 \
        $(pkg-config --cflags gimpui-2.0 gegl-0.4) "$@" -o "$modules/$module.so" $(pkg-config --libs $library)
}
build gimp "gimpui-2.0 gegl-0.4" gimpmodule.c pygimp-display.c pygimp-drawable.c pygimp-image.c \
    pygimp-item.c pygimp-parasite.c pygimp-pdb.c pygimp-tile.c pygimp-vectors.c
build _gimpenums gimp-2.0 gimpenumsmodule.c
build gimpcolor gimp-2.0 gimpcolormodule.c pygimp-colors.c
cp gimpenums.py gimpfu.py gimpplugin.py gimpshelf.py "$modules/"
# gimpfu asks pygtk for GTK 2 before its own dialog. PyGObject 3 leaves empty modules of those names
# behind; without them "import gtk" fails as it should, and gimpfu goes on without a dialog.
cat > "$modules/pygtk.py" <<'P'
def require(version):
    import sys
    import gi
    for name in ("glib", "gobject", "gio", "gtk", "gtk.gdk"):
        sys.modules.pop(name, None)
P
echo ": PYTHONPATH=$modules" > /usr/lib/gimp/2.0/environ/pygimp.env
cat > /usr/lib/gimp/2.0/interpreters/pygimp.interp <<'I'
python=/usr/bin/python2.7
python2=/usr/bin/python2.7
/usr/bin/python=/usr/bin/python2.7
:Python:E::py::python2.7:
I
install -m 755 plug-ins/python-eval.py /usr/lib/gimp/2.0/plug-ins/python-eval/
apt-get clean
"""


@dataclass(frozen=True)
class Recipe:
    """How to build one version: Debian's ``suite``, about how many ``minutes`` it takes, the work itself."""

    version: str
    suite: str
    minutes: int
    build: Callable[[PrivateRoot, Path], None]


def install_debootstrap(log: Path) -> None:
    """Install debootstrap with apt where it is missing; :class:`Failure` where that is impossible."""
    if shutil.which("debootstrap") and _SCRIPTS.is_dir():
        return
    debian.install("debootstrap", "debian-archive-keyring", "util-linux", log=log)


def default_mirror(debootstrap: str) -> str:
    """Return the mirror that the text of Debian's program ``debootstrap`` falls back to.

    :class:`Failure` when it names none.
    """
    found = re.search(r'^DEF_MIRROR="([^"]+)"', debootstrap, re.MULTILINE)
    if found is None:
        raise Failure("this debootstrap names no mirror of its own", "install the one of Debian or Ubuntu")
    return found[1]


def _mirror() -> str:
    program = shutil.which("debootstrap")
    if program is None:
        raise Failure("debootstrap is not installed", "install debootstrap and start again")
    return default_mirror(Path(program).read_text(encoding="utf-8", errors="replace"))


def _debootstrap(root: PrivateRoot, suite: str, log: Path) -> None:
    # suites newer than the installed debootstrap are laid out like sid
    script = _SCRIPTS / (suite if (_SCRIPTS / suite).exists() else "sid")
    # debootstrap mounts proc below the folder: in a namespace of its own that ends with it
    argv = ["unshare", "--mount", "--propagation", "private", "debootstrap"]
    argv += ["--variant=minbase", "--include=ca-certificates"]
    command([*argv, suite, root.folder, _mirror(), script], log=log)
    etc = root.folder / "etc"
    if not (etc / "resolv.conf").exists():
        shutil.copy("/etc/resolv.conf", etc / "resolv.conf")
    (etc / "apt/apt.conf.d/99private-root").write_text(
        'APT::Install-Recommends "false";\n'
        'Acquire::Languages "none";\n'
        # a mirror that is a snapshot serves lists older than they allow themselves to be
        'Acquire::Check-Valid-Until "false";\n'
        'APT::Sandbox::User "root";\n',
        encoding="ascii",
    )
    # no package may start a service from in here
    policy = root.folder / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    policy.chmod(0o755)


def _build_gimp_3(suite: str) -> Callable[[PrivateRoot, Path], None]:
    def build(root: PrivateRoot, log: Path) -> None:
        with step(f"laying down Debian {suite}"):
            _debootstrap(root, suite, log)
        with step("installing GIMP and what drives its windows"):
            root.install(["apt-get", "-q", "update"], log)
            root.install(["apt-get", "install", "-y", "-q", "gimp", "python3-venv", *_WINDOW_TOOLS], log)
            root.install(["apt-get", "clean"], log)

    return build


def _build_gimp_2(root: PrivateRoot, log: Path) -> None:
    with step("laying down Debian bookworm"):
        _debootstrap(root, "bookworm", log)
        keyring = "usr/share/keyrings/debian-archive-keyring.gpg"
        mirror = _mirror()
        (root.folder / "etc/apt/sources.list").write_text(
            f"deb {mirror} bookworm main\n"
            f"deb-src {mirror} bookworm main\n"
            f"deb [signed-by=/{keyring}] {mirror} bullseye main\n",
            encoding="ascii",
        )
        if Path("/", keyring).exists():  # the host's is the newer one, and knows both suites
            shutil.copy(Path("/", keyring), root.folder / keyring)
        (root.folder / "etc/apt/preferences.d/bullseye").write_text(
            "Package: *\nPin: release n=bullseye\nPin-Priority: 100\n", encoding="ascii"
        )
    with step("installing GIMP 2.10, Python 2.7 and a compiler"):
        root.install(["apt-get", "-q", "update"], log)
        names = (
            "gimp libgimp2.0-dev python2.7 python2.7-dev python3-pip gcc libc6-dev pkg-config dpkg-dev bzip2 "
            "xz-utils libgirepository1.0-dev libcairo2-dev libffi-dev"
        )
        root.install(["apt-get", "install", "-y", "-q", *names.split()], log)
    with step("compiling GIMP 2.10's Python-Fu"):
        work = root.folder / "root/pygimp"
        work.mkdir(exist_ok=True)
        (work / "pip.txt").write_text(_PIP_FOR_PYTHON_2, encoding="ascii")
        (work / "bindings.txt").write_text(_BINDINGS, encoding="ascii")
        root.install(["sh", "-c", _COMPILE_PYGIMP], log, _pip_certificates(root))


def _pip_certificates(root: PrivateRoot) -> dict[str, str]:
    """Let pip inside trust whom the host trusts, for machines behind a proxy with its own authority."""
    default = ssl.get_default_verify_paths()
    for candidate in (os.environ.get("PIP_CERT"), os.environ.get("SSL_CERT_FILE"), default.cafile):
        if candidate and Path(candidate).is_file():
            shutil.copy(candidate, root.folder / _CERTIFICATES.lstrip("/"))
            return {"PIP_CERT": _CERTIFICATES}
    say("    no certificate bundle found on this machine; pip uses its own")
    return {}


RECIPES = {
    recipe.version: recipe
    for recipe in (
        Recipe("3.2", "forky", 2, _build_gimp_3("forky")),
        Recipe("3.0", "trixie", 2, _build_gimp_3("trixie")),
        Recipe("2.10", "bookworm", 3, _build_gimp_2),
    )
}
"""The versions that can be built, the preferred one first."""
