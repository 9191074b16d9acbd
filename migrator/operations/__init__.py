"""What a person can ask for; one file, one public function each: load, decide, act, commit, report."""
