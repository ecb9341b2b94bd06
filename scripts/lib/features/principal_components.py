"""Principal components, by the exact method that is fast for the shape of the data."""

import numpy as np
from sklearn.decomposition import PCA


def fit_pca(X: np.ndarray, n_components: int, *, whiten: bool = False) -> PCA:
    """The principal components of X: the same, up to rounding, by either method.

    Parameters
    ----------
    X : (n, d) float
    n_components
        n and d at most.
    whiten
        Scale each component to variance 1.

    Examples
    --------
    >>> fit_pca(np.array([[0.0, 0.0, 1.0], [2.0, 0.0, 1.0]]), 1).components_.round(3).tolist()
    [[1.0, 0.0, 0.0]]
    """
    # Of (d, d) covariances, or of X itself: few points of thousands of features would take seconds for the former.
    solver = "covariance_eigh" if len(X) >= X.shape[1] else "full"
    return PCA(n_components, whiten=whiten, svd_solver=solver).fit(X)
