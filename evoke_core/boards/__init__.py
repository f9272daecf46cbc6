"""From a song to a finished board: query, choice, page, picture."""
