"""Where the bundled instances come from: each is built here, and written by ``build``."""
