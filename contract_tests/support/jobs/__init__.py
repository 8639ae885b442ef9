"""Run the plug-in's jobs in tests: environment, worker processes, faults and the check of what follows."""
