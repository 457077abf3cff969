"""The running product in a browser: real processes, real mail, a Bot API server of our own."""
