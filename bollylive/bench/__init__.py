"""`bollylive bench` measures this machine. Nothing is imported here, so that the reference programs stay bare."""
