"""One mail of any bytes into what the desk needs: pure, bounded, never raising."""
