"""The version of the program, which every record keeps."""

__version__ = "0.1.0"
