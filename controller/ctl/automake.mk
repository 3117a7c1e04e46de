# slb-ctl
