"""Images from archives, arrays and folders, and images.h5, from which all else is made."""
