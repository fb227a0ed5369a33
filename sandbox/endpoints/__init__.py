"""The addresses of the API that the sandbox serves, one module per kind of object."""
