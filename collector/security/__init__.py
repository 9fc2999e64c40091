"""Keys, certificates and tokens: who may speak to the collector, and how each side knows the other."""
