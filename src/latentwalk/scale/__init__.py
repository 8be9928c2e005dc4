"""Jobs that outgrow one process: a folder of shards that any number of workers fill, killed at any moment."""
