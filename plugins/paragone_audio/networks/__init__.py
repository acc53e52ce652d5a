"""Generators and discriminators of waveforms."""
