"""k-means, and the files of clusterings."""
