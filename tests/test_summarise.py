"""What summarise.py makes of the table of all clusterings."""

import numpy as np
import pandas as pd

from summarise import relative_inertia


def test_inertia_is_relative_to_the_same_model():
    rows = [("pixels", np.nan, 2, 10), ("pixels", np.nan, 2, 30), ("pixels", np.nan, 3, 5)]
    rows += [
        ("autoencoder", 0, 3, 1),
        ("autoencoder", 0, 2, 4),
        ("autoencoder", 7, 2, 400),
        ("autoencoder", 7, 3, 200),
    ]
    table = pd.DataFrame(rows, columns=["features", "model_seed", "k", "inertia"]).assign(split="test")
    assert relative_inertia(table).tolist() == [0.5, 1.5, 0.25, 0.25, 1, 1, 0.5]
