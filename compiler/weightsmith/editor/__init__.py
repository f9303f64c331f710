"""What editors ask about a script: mistakes, names, words, colours; and the server they ask.

``server`` speaks the Language Server Protocol and needs pygls; the other modules know no protocol.
Places are offsets in characters; ``positions`` turns them into what a client counts in.
"""
