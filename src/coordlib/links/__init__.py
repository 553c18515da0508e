"""Shared links, as CooRnet looks at them."""
