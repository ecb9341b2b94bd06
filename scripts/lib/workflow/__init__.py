"""What the rules call: the check of the settings, what a configuration asks for, where its results lie."""
