"""What music sounds and feels like: waveforms, vectors, emotion and mood tags."""
