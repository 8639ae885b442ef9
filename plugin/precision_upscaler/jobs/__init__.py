"""One upscaling job: run, poll, download, recover, deliver."""
