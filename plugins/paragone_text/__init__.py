"""Words: names, titles, lines."""
