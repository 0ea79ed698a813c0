"""The engine: one loop, one linearisation, any number of pull-backs. It knows no screen."""
