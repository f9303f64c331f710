"""The files of a compiled directory, read strictly, and how a claim fails."""
