# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.

"""The lab of vagrant/lab: nodes as network namespaces of one machine."""
