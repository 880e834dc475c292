"""Tables of the GDT language: fields, record types, character sets, dialects, layouts."""
