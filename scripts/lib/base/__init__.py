"""What every room uses: errors, whole files, the command line, HDF5, threads. It imports no other room."""
