"""One module per music library: where its tracks are and what is known of them."""
