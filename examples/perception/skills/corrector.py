"""Skill 3: learn how far measured points are from where a pinhole would see them.

Knows: polynomials of two variables, least squares with a penalty, choosing by what was not learnt from.
Does not know: which camera, which lens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Corrector:
    """A polynomial from where a point is to how far it is off, both in focal lengths from the axis."""

    degree: int
    weights: np.ndarray
    """float64[monomials, 2]"""

    @classmethod
    def load(cls, path):
        """Read what `arrays` gave; without pickle."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(int(stored["degree"]), stored["weights"])

    def arrays(self):
        """What is to be stored."""
        return {"degree": np.array(self.degree), "weights": self.weights}

    def residual(self, rays):
        """How far points are off: float64[n, 2]."""
        return monomials(rays, self.degree) @ self.weights

    def corrected(self, pixels, camera):
        """Points as a pinhole would see them."""
        rays = camera.rays(pixels)
        return (rays + self.residual(rays)) * camera.focal + camera.centre


def lessons(penalties, degree, taught, held):
    """Learn from pairs (rays, residuals), with one penalty after the other.

    Gives the corrector, and how far it is off on what was taught and on what was held back.
    """
    rays, residuals = taught
    terms = monomials(rays, degree)
    scale = np.sqrt(np.mean(terms**2, axis=0))
    normal = terms.T @ terms / len(terms)
    wanted = terms.T @ residuals / len(terms)
    for penalty in penalties:
        corrector = Corrector(degree, np.linalg.solve(normal + penalty * np.diag(scale**2), wanted))
        yield corrector, off(corrector, *taught), off(corrector, *held)


def monomials(rays, degree):
    """All products x^i y^j with i + j up to the degree: float64[n, monomials]."""
    x, y = rays.T
    powers = [(i, total - i) for total in range(degree + 1) for i in range(total + 1)]
    return np.column_stack([x**i * y**j for i, j in powers])


def off(corrector, rays, residuals):
    """Root of the mean square of what is left, in focal lengths."""
    left = residuals - corrector.residual(rays)
    return float(np.sqrt(np.mean(np.sum(left**2, axis=1))))
