"""Points to cluster, and distances by brute force, for the tests of k-means."""

import numpy as np
from hypothesis import strategies as st

seeds = st.integers(0, 2**32 - 1)


def squared_distances(X, centroids):
    return ((X[:, None].astype(np.float64) - centroids) ** 2).sum(axis=2)


def blobs(n=300, d=4, k=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(k, d))[rng.integers(0, k, n)] * 3 + rng.normal(size=(n, d))


@st.composite
def problems(draw):
    """Points of any shape, type, place and scale of columns, and initial centroids near them."""
    n, d = draw(st.integers(2, 80)), draw(st.integers(1, 12))
    k = draw(st.integers(1, min(n, 8)))
    rng = np.random.default_rng(draw(seeds))
    dtype = draw(st.sampled_from([np.float64, np.float32, np.uint8]))
    if dtype == np.uint8:
        X = rng.integers(0, 256, (n, d), dtype)
    else:
        scales = 10.0 ** rng.uniform(*draw(st.sampled_from([(0, 0), (-4, 4)])), size=d)
        X = ((rng.normal(size=(n, d)) + draw(st.sampled_from([0, 100]))) * scales).astype(dtype)
    centroids = X[rng.choice(n, k, replace=False)] + rng.normal(size=(k, d)) * X.std(axis=0) * 0.1
    return X, centroids


@st.composite
def problems_of_many_dimensions(draw):
    """Points near a five-dimensional subspace, more or less."""
    n, d = draw(st.integers(20, 150)), draw(st.integers(60, 120))
    rng = np.random.default_rng(draw(seeds))
    X = rng.normal(size=(n, 5)) @ rng.normal(size=(5, d)) + draw(st.sampled_from([0, 0.3, 10])) * rng.normal(
        size=(n, d)
    )
    X = (X + draw(st.sampled_from([0, 30]))).astype(draw(st.sampled_from([np.float32, np.float64])))
    k = draw(st.integers(1, 8))
    return X, X[rng.choice(n, k, replace=False)].astype(np.float64)
