"""One upscale behind a pipe: JSON lines in, JSON lines out; what every editor front end starts.

Started as ``python -m precision_upscaler.worker`` with the plug-in folder and its ``vendor`` folder
on ``PYTHONPATH``. The front end writes one JSON object a line to standard input and reads one JSON
object a line from standard output; both are UTF-8 and flushed line by line. Standard error carries
nothing a program should read. Paths are text. A worker serves one job and ends.

Commands (first line; the rest of the members depend on ``command``)::

    {"command": "upscale", "source": "/tmp/layer.png", "take_source": true,
     "parameters": {"scale_factor": 2, "flavor": "photo", "sharpen": 7, ...},   contract names; omitted = default
     "origin": {"application": "gimp3", "image": "wedding.xcf", "image_id": 3, "layer": "Sky", ...},
     "reuse": true}
        Upscale a PNG, JPEG or WebP file. ``take_source`` lets the worker move the file instead of
        copying it. ``origin`` is free-form, kept in the journal and shown by Resume. ``reuse`` lets
        an identical earlier job whose result is stored answer at no charge.
    {"command": "resume", "job_id": "..."}     go on with a job of the journal, wherever it stands
    {"command": "jobs"}                        list undelivered jobs
    {"command": "forget", "job_id": "..."}     drop a job whose result the user does not want
    {"command": "status"}                      is a key stored, which address, which settings
    {"command": "settings", "set": {...}}      change settings; answers with all of them
    {"command": "store-key", "service": "freepik"}
        The line after it is the key itself, raw, not JSON; it is never echoed, logged or journalled.
    {"command": "test-key"}                    ask the service, with the free list call, if the key works

While a job runs::

    {"command": "cancel"}       stop if nothing has been created; otherwise leave the job to Resume
    {"command": "delivered"}    the picture is in the user's image: the journal may forget the job

Standard input closing means that the front end is gone: the worker stops if nothing was created
yet, and otherwise finishes quietly and leaves the result in the journal for Resume.

Events (``event`` names the kind)::

    {"event": "stage", "stage": "preparing" | "sending" | "waiting" | "downloading" | "checking",
     "job_id": "...", "task_id": null | "...", "charged": "no" | "unknown" | "yes", "expected_seconds": 90.0 | null}
    {"event": "progress", "stage": "sending" | "waiting" | "downloading",
     "done": 65536, "total": 1048576 | null}        bytes, but seconds in stage "waiting"
    {"event": "warning", "code": "wrong-scale", "message": "..."}
    {"event": "result", "job_id": "...", "task_id": "...", "path": "...", "format": "png" | "jpeg" | "webp",
     "width": 2048, "height": 1536, "charged": "yes", "reused": false}
    {"event": "cancelled", "job_id": ..., "charged": "no" | "unknown" | "yes", "message": "..."}
    {"event": "error", "code": "invalid-key", "what": "...", "charged": "no" | "unknown" | "yes",
     "charge": "Nothing was charged.", "advice": "...", "log": "/path/to/log", "job_id": null | "...",
     "details": {...}}
    {"event": "jobs", "jobs": [{"job_id", "state", "created" (unix seconds), "task_id", "charged", "origin",
                                "parameters", "source" (path), "result" (path or null), "width", "height"}, ...]}
    {"event": "status", "key": "environment" | "keyring" | "file" | null, "base_url": "...", "settings": {...},
     "data_folder": "...", "log": "..."}
    {"event": "settings", "settings": {...}}
    {"event": "stored", "where": "keyring" | "file"}
    {"event": "key", "valid": true | false, "message": "..."}
    {"event": "forgotten", "job_id": "..."}

Every run ends with exactly one of ``result`` (then the worker waits for ``delivered`` or the end of
standard input), ``cancelled``, ``error`` or the answer to the command.

Environment: ``PRECISION_UPSCALER_BASE_URL`` (service address), ``FREEPIK_API_KEY`` /
``MAGNIFIC_API_KEY``, ``PRECISION_UPSCALER_DATA`` (folder of journal, settings, log; default: the
user's data folder).
"""
