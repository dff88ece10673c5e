"""Hindsight: what no scheduler could have beaten on a trace, with certificates that anybody can check."""
