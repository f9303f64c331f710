"""Targets that are one function of a matrix: the distance of an answer, by rules that start from
the answer itself.
"""
