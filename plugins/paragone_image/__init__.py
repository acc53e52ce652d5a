"""Pictures for Paragone: data, networks, augmentation and PNG files."""
