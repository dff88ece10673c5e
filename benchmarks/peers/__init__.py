"""``exact`` against general solvers, on the same instances, with the same time and processors."""
