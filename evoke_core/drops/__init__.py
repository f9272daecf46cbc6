"""Songs that were dropped: seeing them, and deciding what is to be done."""
