"""The three programs (ports, engine, supervisor), the pipes between them, and who watches whom; `supervisor` first."""
