"""Do directions do what they should: edits of faces nobody fitted, and the thesis's protocol."""
