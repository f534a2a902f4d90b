"""What was played, on disk, and back; `lines` first."""
