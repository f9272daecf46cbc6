"""The picture index: what is searched, and what may be found."""
