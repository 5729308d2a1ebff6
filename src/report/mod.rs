//! Telling: one writer per file.
