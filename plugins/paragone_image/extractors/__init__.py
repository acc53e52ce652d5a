"""One file an extractor: pictures to the features that FID, KID and their kin compare, and ``build``."""
