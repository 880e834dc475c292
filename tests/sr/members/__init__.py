"""Further members of each kind of fault: reports built by hand, and what a chart is to say of them.

Other makers' spellings, templates, codes and languages than those of the reports from the field.
Nothing here is a copy of a device's file.
"""
