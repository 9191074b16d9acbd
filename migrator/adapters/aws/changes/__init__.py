"""One file a change kind: observe what is there, make what should be."""
