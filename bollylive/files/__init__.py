"""How this program writes files: whole or not at all, or for hours without losing a line."""
