"""Proof that history stays as it was written: daily seals, their verification, and the dossier of one ticket."""
