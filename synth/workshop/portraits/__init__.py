"""Drawn people: parameters of a face -> its picture. A head model, paint, hair, light, camera."""
