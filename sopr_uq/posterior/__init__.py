"""Results: the posterior on disk with what it was made of, and how well intervals hold."""
