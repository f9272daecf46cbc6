"""People judge boards and pictures, and what they say becomes curated pairs."""
