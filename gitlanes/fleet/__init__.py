"""Several agents at a time: started, compared, one picked."""
