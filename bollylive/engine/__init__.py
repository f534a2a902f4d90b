"""All musical state: parts, plans, turns, memory; read `engine` first: its lines are in the order of the data flow."""
