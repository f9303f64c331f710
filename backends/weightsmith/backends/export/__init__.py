"""Networks in the formats of others: ``export`` writes the one that a path's suffix names."""

from weightsmith.backends.export.format import Format, Options
from weightsmith.backends.export.formats import FORMATS, export
from weightsmith.backends.export.subject import Subject, subject_of

__all__ = ["FORMATS", "Format", "Options", "Subject", "export", "subject_of"]
