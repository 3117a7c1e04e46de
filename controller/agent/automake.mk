# slb-agent

# Modules of slb-agent that stand alone.
noinst_LTLIBRARIES += controller/agent/libagent.la
controller_agent_libagent_la_SOURCES = \
	controller/agent/neighbour.c \
	controller/agent/neighbour.h
controller_agent_libagent_la_LIBADD = lib/libslb.la
