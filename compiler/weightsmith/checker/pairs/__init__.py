"""Softmax heads in pairs: the linear heads they stand for, and how far a pair is from one."""
