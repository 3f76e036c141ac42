"""Models of the libraries people log: each loads back by both of its URIs and predicts the same."""
