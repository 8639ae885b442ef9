#!/bin/sh
# Install Precision Upscaler into every GIMP of this user, on Linux and macOS. All options are install.py's:
#   sh install_scripts/install.sh
#   sh install_scripts/install.sh --check
#   sh install_scripts/install.sh --uninstall
set -eu
here=$(cd "$(dirname "$0")" && pwd)

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# the newest Python on PATH, else the one inside a GIMP application on macOS
for python in python3.14 python3.13 python3.12 python3.11 python3 \
    /Applications/GIMP*.app/Contents/MacOS/python3* "$HOME"/Applications/GIMP*.app/Contents/MacOS/python3*
do
    if new_enough "$python"; then
        exec "$python" "$here/install.py" "$@"
    fi
done
cat >&2 <<'TEXT'
FAILED: Python 3.11 or newer was not found.
What to do: install it (Debian, Ubuntu: sudo apt install python3; macOS: https://www.python.org/downloads/),
or unpack the zip for your GIMP into its plug-ins folder by hand, as the README shows.
TEXT
exit 1
