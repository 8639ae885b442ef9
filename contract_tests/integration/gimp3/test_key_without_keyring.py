"""GIMP's Flatpak has a session bus and no secret service: the key goes to a file, without a complaint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from gimp_sandbox.gimp import Gimp

COMMANDS = '{"command": "store-key"}\\na-key\\n'


def test_the_key_goes_to_the_owners_file(gimp32: Gimp, plugin_gimp3: Path, tmp_path: Path) -> None:
    env = {
        "PYTHONPATH": f"{plugin_gimp3}:{plugin_gimp3}/vendor",
        "PRECISION_UPSCALER_DATA": str(tmp_path / "data"),
        "FLATPAK_ID": "org.gimp.GIMP",
    }
    (tmp_path / "data").mkdir()
    script = f"printf '{COMMANDS}' | dbus-run-session -- python3 -m precision_upscaler.worker"
    done = gimp32.run(["sh", "-c", script], binds=[tmp_path, plugin_gimp3], env=env, timeout=120)
    complaints = [line for line in done.stderr.splitlines() if not line.startswith("dbus-daemon[")]
    assert (done.returncode, complaints) == (0, [])
    assert json.loads(done.stdout) == {"event": "stored", "where": "file"}
    kept = tmp_path / "data/credentials.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text(encoding="utf-8"))["freepik"] == "a-key"
