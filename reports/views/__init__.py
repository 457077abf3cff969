"""Pages of reports; `shared` says who may enter."""
