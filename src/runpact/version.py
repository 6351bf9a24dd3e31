"""The version of runpact, read by the build and by `runpact --version`."""

VERSION = "0.1.0"
