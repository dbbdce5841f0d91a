"""Trained models on disk: each is whole or not there, and is checked, size, hash and shape, before it is believed."""

from seqcli.store.arrays import pack
from seqcli.store.draft import Draft
from seqcli.store.record import ROLES, FileEntry, Record
from seqcli.store.shelf import Damaged, Shelf

__all__ = ["ROLES", "Damaged", "Draft", "FileEntry", "Record", "Shelf", "pack"]
