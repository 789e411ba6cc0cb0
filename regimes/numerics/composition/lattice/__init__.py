"""Site percolation of a grid with any neighbourhood: clusters, spanning, and the threshold of grids without end."""
