"""How good are the sounds? One measure a file, and three extractors of features.

``log_mel``, ``octaves`` and ``sound_effects`` turn sounds into features, for the engine's own
metrics and for ``bins`` and ``labels``. ``descriptors`` and ``lines`` are numbers of single sounds;
``survey`` finds all of them in one look, for ``distances``, ``faults``, ``buzz`` and ``seam``.
``copies`` holds waveforms against those of the training set.
"""
