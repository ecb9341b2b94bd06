"""What turns images into feature vectors, and what is learned to do so."""
