"""Reports as files: what a file says (`document`, `sla`), and its forms (`xlsx`, `text`, `pdf`)."""
