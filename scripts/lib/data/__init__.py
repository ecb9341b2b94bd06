"""Images from archives, arrays and folders, and the file of images that all else begins from."""
