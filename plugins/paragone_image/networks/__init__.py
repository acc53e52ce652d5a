"""One file a preset: its generator, its discriminator, and ``build``."""
