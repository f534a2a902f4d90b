"""What a running band shows to programs that watch it: its format, where to ask, and both ends; `format` first."""
