"""Videos out of a few pictures (`motion=pictures`): the article's experiment, made again."""
