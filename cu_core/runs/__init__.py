"""What a run is made of: resolved, trained, unlearned step by step, measured, concluded."""
