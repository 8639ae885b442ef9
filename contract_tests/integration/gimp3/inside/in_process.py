"""Run the plug-in's own code in the script's process, its workers forked from one that has imported all.

Starting a plug-in and a worker takes seconds, and is not what random images are to try.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

from gi.repository import Gimp

sys.path.append(os.path.join(Gimp.directory(), "plug-ins", "precision-upscaler"))
from precision_upscaler.contract import PARAMETERS
from precision_upscaler.frontend import options as described
from precision_upscaler.frontend import worker_process
from upscaler_gimp3 import arguments, errors, upscale
from upscaler_gimp3.image import scaling
from upscaler_gimp3.progress import GimpProgress

from contract_tests.support.jobs.forked_workers import fork_worker

_SPEED = 20.0
"""How fast the workers' clock runs: they wait for nothing."""


class Forks:
    """Stands for the module ``subprocess``."""

    PIPE = worker_process.subprocess.PIPE

    @staticmethod
    def Popen(_command, env, **_options):  # noqa: N802 - the name it stands for
        return fork_worker(env, speed=_SPEED)


class InProcess:
    """Calls the plug-in's code."""

    def __init__(self):
        worker_process.subprocess = Forks
        # the best interpolation takes most of the time, and what is compared holds for any
        scaling.BEST_UP_TO = 0

    def run(self, image, targets, options):
        """Return the status, the message, and the ids of new layers and images."""
        given = {name.replace("-", "_"): value for name, value in options.items()}
        parameters = {one.name: given.get(one.name, one.default) for one in PARAMETERS}
        own = {one.name: given.get(one.name, one.default) for one in described.OWN}
        try:
            outcome = upscale.upscale(image, targets, arguments.Options(parameters, **own), GimpProgress())
        except errors.Refused as refused:
            return {"status": "refused", "message": str(refused)}
        except (errors.Failed, errors.Cancelled) as failed:
            return {"status": "failed", "message": json.dumps(failed.event), "trace": traceback.format_exc()}
        return {
            "status": "success" if not outcome.failures else "failed",
            "message": outcome.message,
            "made": [one.get_id() for one in outcome.delivery.layers],
            "images": [one.get_id() for one in outcome.delivery.images],
        }
