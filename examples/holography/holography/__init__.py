"""Holography in numpy: geometries, their correlators, the way back, equations, spectra, dictionary."""
