"""`bollylive bench`: this machine measured. Nothing is imported here, so that the bare programs stay bare."""
