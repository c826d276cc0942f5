"""The project: settings, addresses, and how the API speaks HTTP."""

# The one home of the version. CHANGELOG.md says what is in it.
__version__ = "0.1.0"
