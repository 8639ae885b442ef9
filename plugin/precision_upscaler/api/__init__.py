"""The service over HTTP: client, models, retry decisions, rate limiter, download."""
