"""What was played, written to disk and read back; read `lines` first, which has the format."""
