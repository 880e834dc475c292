"""Tools of the GDT language for people: showing, checking, converting."""
