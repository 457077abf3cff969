"""The county's reference data: read from files, filled into the database, and from then on edited by officers."""
