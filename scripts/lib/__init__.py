"""Algorithms and file formats as plain functions; the scripts above do the input and output."""
