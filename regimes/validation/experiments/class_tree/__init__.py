"""The tree of class times against trained denoisers."""
