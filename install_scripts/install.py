"""Install the plug-in into a GIMP.

python3 install_scripts/install.py --plug-ins DIR    into this plug-ins folder, for GIMP 3
python3 install_scripts/install.py --plug-ins DIR --front-end gimp2    for GIMP 2.10
"""

import python_version  # noqa: F401  # must come first: it speaks to old Pythons

# isort: split
import argparse
import tempfile
from pathlib import Path

import placing
import plugin_folder
from steps import reported, say, step


def main() -> None:
    """Read the command line and install."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").strip(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--plug-ins", metavar="DIR", type=Path, required=True, help="GIMP's plug-ins folder")
    parser.add_argument("--front-end", choices=plugin_folder.FRONT_ENDS, default="gimp3")
    options = parser.parse_args()
    with reported(), tempfile.TemporaryDirectory() as draft:
        with step("assembling the plug-in"):
            folder = plugin_folder.assemble(Path(draft), options.front_end)
        target = placing.place(folder, options.plug_ins.expanduser())
        say(f"Installed Precision Upscaler {plugin_folder.version()} in {target}")
        say("Start GIMP anew and look in the menu under Filters, Enhance, Precision Upscale.")


if __name__ == "__main__":
    main()
