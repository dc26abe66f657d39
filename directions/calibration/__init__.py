"""How far to go along a direction: coefficients, rows, and a budget of identity."""
