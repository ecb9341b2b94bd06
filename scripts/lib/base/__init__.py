"""What every room uses: errors, atomic writes, the command line, HDF5, threads. It imports no other room."""
