"""All musical state: parts, plans, turns, memory; read `engine` first, whose lines are the flow of the data."""
