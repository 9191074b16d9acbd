"""Reports as people read them in a terminal: data in, rich renderables out; nothing is asked, nothing is fetched."""
