"""What staff does to tickets besides working on them: merge, convert, split, link, watch, tag, tasks, in bulk."""
