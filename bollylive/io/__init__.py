"""The ports, and all that happens to a message between a port and the engine; `router` first."""
