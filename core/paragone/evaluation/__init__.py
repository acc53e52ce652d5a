"""How good are the samples? Numbers with which an outsider can agree or disagree.

``evidence`` is what is compared: samples with their features and labels. Each of
``frechet``, ``kernel``, ``neighbours`` and ``variety`` measures two of them against
each other; ``memorisation`` asks what was copied; ``evaluate`` puts a run to the
test, and ``report`` shows the outcome as one HTML file.
"""
