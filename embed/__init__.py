"""Photos and frames in: face encoders today; alignment and inversion into W+ join here."""
