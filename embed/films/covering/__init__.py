"""Whether something is before a face: hands, cups, other people's arms."""
