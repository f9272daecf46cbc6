"""What a run is made of: collections, moods, slider axes and the run profile.

Values live in `assets_config/*.yaml`, each with its reason beside it. Where things are
(store, devices, keys) is environment and is read by the wiring, not here.
"""
