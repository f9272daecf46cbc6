"""One module per picture collection: a release goes in, manifest rows come out."""
