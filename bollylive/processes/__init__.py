"""The three processes (io, engine, supervisor), their pipes and their watchdogs. Read `supervisor` first."""
