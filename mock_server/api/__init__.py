"""The service's HTTP interface: routes, validation, answers."""
