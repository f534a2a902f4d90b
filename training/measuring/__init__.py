"""How probable a shipped model finds real music, in bits per note.

Read `evaluate` first (beside the baselines, by corpus and by `roles`), then `remember` (what the memory is worth).
"""
