"""The four sliders: unit directions in image space, learned and judged."""
