"""Plain NumPy loops in float64, written from the equations, that every layer is held to."""
