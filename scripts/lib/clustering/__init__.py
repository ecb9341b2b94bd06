"""k-means, the gap statistic, and the files of clusterings."""
