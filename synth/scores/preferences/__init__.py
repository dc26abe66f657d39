"""Which films people prefer: a study that they answer in a browser, and what their answers say."""
