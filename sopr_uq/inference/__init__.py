"""Linear Gaussian models and samplers: the only place that knows PyMC, nutpie and emcee."""
