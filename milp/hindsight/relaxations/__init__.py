"""Bounds that need of a machine model no more than what each request takes of any device, and alone."""
