"""What can be measured on the pixels of one picture: planes, features, attributes."""
