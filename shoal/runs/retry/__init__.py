"""Tasks without success run again: in the job of their run, or in one that continues it once that has ended."""
