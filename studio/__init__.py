"""The studio: Moodreel in a browser on this computer, and a service that programs call.

A small server (Starlette) and static files. Behind both are `make_film` and the library alone;
nothing imports the studio but scripts. docs/studio.md shows the page, docs/service.md the service.
"""
