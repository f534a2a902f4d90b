"""`bollylive bench` measures this machine. It imports nothing here, so that the reference programs stay small."""
