# The OpenFlow pipelines as code.
