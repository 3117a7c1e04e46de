# The definition language.
