# slb-agent
