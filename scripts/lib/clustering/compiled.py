"""The loops of k-means over single numbers, compiled."""

import numpy as np

from lib.base.compiled import compiled

LANES = 32
WIDTH = 64  # points that are multiplied at once: so few that all of it stays in a core's cache
EPS, TINY = float(np.finfo(np.float32).eps), float(np.finfo(np.float32).tiny)


@compiled
def lower_margins(margin: np.ndarray, labels: np.ndarray, losses: np.ndarray) -> int:
    """Subtract the loss of its label from each margin, in place; return how many points are to be evaluated."""
    n_active = 0
    for i in range(len(margin)):
        if labels[i] >= 0:
            margin[i] -= losses[labels[i]]
        n_active += margin[i] <= 0
    return n_active


@compiled
def assign_block(
    x: np.ndarray,
    origin: np.ndarray,
    scale: float,
    factors: np.ndarray,
    squares: np.ndarray,
    centroids: np.ndarray,
    x_squares: np.ndarray,
    first_row: int,
    labels: np.ndarray,
    margin: np.ndarray,
    sums: np.ndarray,
    counts: np.ndarray,
    hash_change: np.ndarray,
    n_found: np.ndarray,
) -> None:
    """Assign the points x (n, d) whose margin is not positive; changes the last six arrays in place.

    `factors` is -2 c for centred and scaled centroids c (k, d), and `squares` are |c|² (k,), both in float32.
    `x_squares` are |x|² (n,), and `first_row` is the number of the first point.
    """
    n, d = x.shape
    n_chunks, k, chunk = factors.shape
    index = np.empty(WIDTH, np.int64)
    y = np.zeros((n_chunks, WIDTH, chunk), np.float32)
    flat, flat_sum = np.empty(k * WIDTH, np.float32), np.empty(k * WIDTH, np.float32)
    first, second = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    best = np.empty(WIDTH, np.int32)
    lanes = np.empty(LANES)
    share, least_error = (chunk + n_chunks + 10) * EPS, (d + 2) * TINY
    i = 0
    while i < n:
        m = 0
        while i < n and m < WIDTH:
            if not margin[i] > 0:
                index[m] = i
                m += 1
            i += 1
        if m == 0:
            break
        n_found[0] += m
        width = min(WIDTH, (m + 15) // 16 * 16)
        products, sum_of_chunks = flat[: k * width].reshape(k, width), flat_sum[: k * width].reshape(k, width)
        for c in range(n_chunks):
            start, stop = c * chunk, min((c + 1) * chunk, d)
            for b in range(m):
                row = index[b]
                if scale == 1.0:
                    for a in range(stop - start):
                        y[c, b, a] = x[row, start + a] - origin[start + a]
                else:
                    for a in range(stop - start):
                        y[c, b, a] = np.float64(x[row, start + a] - origin[start + a]) * scale
            if c == 0:
                np.dot(factors[c], y[c, :width].T, products)
            else:
                np.dot(factors[c], y[c, :width].T, sum_of_chunks)
                products += sum_of_chunks
        two_nearest(products, squares, first, second, best)
        for b in range(m):
            row = index[b]
            # The rounding error of a squared distance D is at most a share of |x|² + |c|² (`rounding_bound`). And
            # |c|² is at most 2 |x|² + 2 D, so a centroid far away adds nothing to the bounds of near ones.
            square = np.float64(x_squares[row])
            near, next_near = first[b] + square, second[b] + square
            error = share * (4 * square + (5 * abs(next_near) if k > 1 else 0.0)) + least_error
            before, to = labels[row], best[b]
            if next_near - near <= 2 * error:
                n_found[1] += 1
                limit = near - square + 4 * error
                to = nearest_exactly(x[row], centroids, scale, products[:, b], squares, limit, before, lanes)
            margin[row] = np.sqrt(max(next_near - error, 0.0)) * (1 - 1e-12) - np.sqrt(max(near + error, 0.0))
            if to != before:
                labels[row] = to
                hash_change[0] += change_of_hash(first_row + row, before, to)
                counts[to] += 1
                add_row(x[row], 1, sums[to])
                if before >= 0:
                    counts[before] -= 1
                    add_row(x[row], -1, sums[before])


@compiled
def two_nearest(
    products: np.ndarray, squares: np.ndarray, first: np.ndarray, second: np.ndarray, best: np.ndarray
) -> None:
    """The smallest of products + squares in each column of (k, width), the second, and where the first is."""
    k, width = products.shape
    for b in range(width):
        first[b] = np.inf
        second[b] = np.inf
        best[b] = 0
    for j in range(k):
        square = squares[j]
        for b in range(width):  # without branches, so that it is done for many columns at once
            value = products[j, b] + square
            is_less = value < first[b]
            second[b] = first[b] if is_less else min(second[b], value)
            best[b] = j if is_less else best[b]
            first[b] = value if is_less else first[b]


@compiled
def nearest_exactly(
    x: np.ndarray,
    centroids: np.ndarray,
    scale: float,
    products: np.ndarray,
    squares: np.ndarray,
    limit: float,
    before: int,
    lanes: np.ndarray,
) -> int:
    """The nearest centroid of those within the limit in float32, by distances in float64; `before` at a tie."""
    to, least, own = before, np.inf, np.inf
    for j in range(len(centroids)):
        if j == before or products[j] + squares[j] <= limit:
            distance = squared_distance(x, centroids[j], scale, lanes)
            if distance < least:
                least, to = distance, j
            if j == before:
                own = distance
    return before if own == least else to


@compiled
def squared_distance(x: np.ndarray, c: np.ndarray, scale: float, lanes: np.ndarray) -> float:
    """In units of 1 / scale². `lanes` (LANES,) are sums side by side, in one order on every processor."""
    whole = len(x) // LANES * LANES
    lanes[:] = 0.0
    for start in range(0, whole, LANES):
        for lane in range(LANES):
            difference = (x[start + lane] - c[start + lane]) * scale
            lanes[lane] += difference * difference
    total = 0.0
    for lane in range(LANES):
        total += lanes[lane]
    for a in range(whole, len(x)):
        difference = (x[a] - c[a]) * scale
        total += difference * difference
    return total


@compiled
def squared_distances_to(
    x: np.ndarray, centres: np.ndarray, labels: np.ndarray, scale: float, found: np.ndarray
) -> None:
    """Squared distances of the rows of x (n, d) to the centres of their labels, in units of 1 / scale²."""
    lanes = np.empty(LANES)
    for i in range(len(x)):
        found[i] = squared_distance(x[i], centres[labels[i]], scale, lanes)


@compiled
def add_rows(x: np.ndarray, labels: np.ndarray, sums: np.ndarray) -> None:
    """Add each row of x (n, d) to that of its label in `sums` (k, d)."""
    for i in range(len(x)):
        add_row(x[i], 1, sums[labels[i]])


@compiled
def add_row(x: np.ndarray, sign: int, total: np.ndarray) -> None:
    """Add a point x (d,), or subtract it if the sign is -1."""
    for a in range(len(x)):
        total[a] += sign * x[a]


@compiled
def change_of_hash(i: int, before: int, to: int) -> np.uint64:
    """What the change of the label of point i adds to a hash of all labels (SplitMix64, Steele et al. 2014)."""
    z = (np.uint64(i) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) * np.uint64(np.int64(to) - np.int64(before))
