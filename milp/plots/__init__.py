"""Pictures, drawn with matplotlib (extra ``plot``); nothing is computed here."""
