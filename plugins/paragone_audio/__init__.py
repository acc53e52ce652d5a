"""Sound: drum hits, notes, birds, effects."""
