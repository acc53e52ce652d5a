"""A language whose every probability is known, so that what was learned of it can be measured instead of judged."""
