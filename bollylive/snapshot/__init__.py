"""What a running band tells the programs that watch it; read `format` first."""
