"""Networks in the formats of others: ``export`` writes the one that a path's suffix names."""

from weightsmith.backends.export.base.format import Format, Options
from weightsmith.backends.export.base.subject import Subject, subject_of
from weightsmith.backends.export.formats import FORMATS, export

__all__ = ["FORMATS", "Format", "Options", "Subject", "export", "subject_of"]
