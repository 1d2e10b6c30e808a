"""The only place where a window is cut and a model fitted, for one event or a million."""
