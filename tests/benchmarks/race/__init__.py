"""The sprite race: the same pictures, the same minutes, several ways to learn from them."""
