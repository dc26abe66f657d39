"""Videos in, emotion tracks out; and new tracks of any length, written by an LSTM.

`trailers` finds faces in footage, `classify` recognises their emotions, `sequences` keeps the
changes, `model`, `train` and `predict` learn and write new ones. docs/emotion-sequences.md shows
the use.
"""
