"""Model B: requests that join and leave a device between rounds."""
