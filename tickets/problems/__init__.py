"""Problem management: causes, known errors, candidates, and the incidents a problem explains."""
