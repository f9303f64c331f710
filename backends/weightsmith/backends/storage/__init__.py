"""Files and directories of a network, written whole or not at all."""
