"""Sturm–Liouville problems by a spectral Galerkin method.

    −(p g')' + v g = λ w g  on 0 ≤ y ≤ 1,  p, v, w = y^α (1−y)^β · (smooth)

The basis is made of the polynomials that are orthonormal with the weight y^α (1−y)^β (Jacobi), the integrals
are Gauss–Jacobi sums, so that singular ends cost nothing; an end without a condition is left free, which is
regularity where p vanishes, and the choice of the faster or slower fall-off is made by what was factored out
of g. Eigenvalues converge from above, faster than any power of the size when the functions are smooth.

Knows: quadrature, the two matrices, eigenvalues and their convergence.
Does not know: geometry.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from holography.metric import Array

Function = Callable[[Array], Array]


@dataclass(frozen=True)
class Problem:
    """One problem; p, v and w are given without their common factor y^α (1−y)^β."""

    p: Function
    v: Function
    w: Function
    alpha: float = 0.0
    beta: float = 0.0
    is_zero_at_start: bool = False
    is_zero_at_end: bool = False


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues in ascending order, with how much each changed when the basis was enlarged."""

    values: Array
    errors: Array
    """Relative change from the smaller to the larger basis."""
    size: int


def solve(problem: Problem, count: int, *, size: int | None = None) -> Spectrum:
    """Return the lowest eigenvalues.

    Args:
        problem: What is to be solved. count: How many. size: Functions of the basis; by default enough for
        smooth problems. The problem is solved with two thirds
            of it as well.
    """
    full = size or max(2 * count + 16, 32)
    smaller = max(2 * full // 3, count)
    values, before = eigenvalues(problem, full)[:count], eigenvalues(problem, smaller)[:count]
    scale = np.maximum(np.abs(values), 1e-300)
    return Spectrum(values, np.abs(values - before) / scale, full)


def eigenvalues(problem: Problem, size: int) -> Array:
    """Return all eigenvalues of the problem in a basis of this size; about the lower half are meaningful."""
    nodes, weights = gauss_jacobi(size + 24, problem.alpha, problem.beta)
    basis, slopes = jacobi_basis(nodes, size, problem.alpha, problem.beta)
    factor, growth = np.ones_like(nodes), np.zeros_like(nodes)
    if problem.is_zero_at_end:
        factor, growth = factor * (1 - nodes), growth * (1 - nodes) - factor
    if problem.is_zero_at_start:
        factor, growth = factor * nodes, growth * nodes + factor
    slopes = slopes * factor + basis * growth
    basis = basis * factor
    stiff = (slopes * (weights * problem.p(nodes))) @ slopes.T + (
        basis * (weights * problem.v(nodes))
    ) @ basis.T
    mass = (basis * (weights * problem.w(nodes))) @ basis.T
    root = np.linalg.cholesky(mass)
    half = np.linalg.solve(root, stiff)
    return np.asarray(np.linalg.eigvalsh(np.linalg.solve(root, half.T)))


def gauss_jacobi(count: int, alpha: float, beta: float) -> tuple[Array, Array]:
    """Return nodes in 0 … 1 and weights for the weight y^α (1−y)^β, of total 1 (Golub and Welsch).

    Weights are Christoffel's, 1 / Σ φ_k², which keep their relative precision where they are tiny.
    """
    diagonal, off = _recurrence(count, alpha, beta)
    tridiagonal = np.diag(diagonal) + np.diag(off[1:], 1) + np.diag(off[1:], -1)
    nodes = np.asarray(np.linalg.eigvalsh(tridiagonal), dtype=np.float64)
    values, _slopes = jacobi_basis(nodes, count, alpha, beta)
    return nodes, np.asarray(1 / (values**2).sum(axis=0))


def jacobi_basis(y: Array, size: int, alpha: float, beta: float) -> tuple[Array, Array]:
    """Return the orthonormal polynomials of the weight and their slopes, float64[size, len(y)]."""
    diagonal, off = _recurrence(size + 1, alpha, beta)
    values, slopes = np.zeros((size, len(y))), np.zeros((size, len(y)))
    values[0] = 1.0
    for n in range(size - 1):
        before, slope_before = (values[n - 1], slopes[n - 1]) if n else (np.zeros_like(y), np.zeros_like(y))
        values[n + 1] = ((y - diagonal[n]) * values[n] - off[n] * before) / off[n + 1]
        slopes[n + 1] = ((y - diagonal[n]) * slopes[n] + values[n] - off[n] * slope_before) / off[n + 1]
    return values, slopes


def _recurrence(count: int, alpha: float, beta: float) -> tuple[Array, Array]:
    """Return a and b of the orthonormal polynomials: y φ_n = b_{n+1} φ_{n+1} + a_n φ_n + b_n φ_{n−1}."""
    if alpha <= -1 or beta <= -1:
        message = f"the weight y^{alpha:g} (1−y)^{beta:g} cannot be integrated"
        raise ValueError(message)
    n = np.arange(1, count, dtype=np.float64)
    total = alpha + beta
    diagonal, off = np.empty(count), np.zeros(count)
    diagonal[0] = (alpha - beta) / (total + 2)
    if abs(alpha - beta) > 0:
        diagonal[1:] = (alpha**2 - beta**2) / ((2 * n + total) * (2 * n + total + 2))
    else:
        diagonal[1:] = 0.0
    if count > 1:
        off[1] = 2 / (total + 2) * math.sqrt((alpha + 1) * (beta + 1) / (total + 3))
        m = n[1:]
        off[2:] = (
            2
            / (2 * m + total)
            * np.sqrt(
                m * (m + alpha) * (m + beta) * (m + total) / ((2 * m + total - 1) * (2 * m + total + 1))
            )
        )
    return (diagonal + 1) / 2, off / 2
