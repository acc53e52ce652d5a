"""How good are the texts? One measure a file, and two extractors of features.

``texts`` reads samples as texts and as the units that are counted. ``bleu``,
``divergence``, ``shares``, ``lengths``, ``edges`` and ``labels`` look at these;
``reference_lm`` and ``hashed`` turn them into features, for the engine's own metrics.
"""
