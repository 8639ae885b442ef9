"""What outlives a process: files, settings, credentials, log, job journal."""
