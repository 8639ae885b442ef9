"""What the mock remembers: tasks, settings, requests, rate limits, webhooks; and its clock."""
