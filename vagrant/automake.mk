# Multi-node labs.
