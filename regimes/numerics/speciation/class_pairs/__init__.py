"""When each pair of classes parts, and the tree in which they do: closed forms, and a bound from held-out points."""
