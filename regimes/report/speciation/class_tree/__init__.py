"""When classes part: table of pairs and merges, and the tree."""
