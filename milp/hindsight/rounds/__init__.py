"""Model B: what requests take of devices that work in rounds."""
