# slb-manager
