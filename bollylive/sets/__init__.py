"""Who is in the band: the set file, its rules, controls and knobs, and what a reload changes; `band` first."""
