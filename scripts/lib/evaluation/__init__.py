"""Scores of clusterings, and the comparison of feature spaces by them."""
