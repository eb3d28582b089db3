"""How a layer is computed: specs, the reference that defines them, kernels, and the planner that chooses."""
