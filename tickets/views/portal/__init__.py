"""Pages for citizens and civil servants who report, ask and follow; everything works without JavaScript."""
