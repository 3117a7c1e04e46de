# The agent of a node, in both of its roles.
sbin_PROGRAMS += controller/slb-agent
controller_slb_agent_SOURCES = \
	controller/agent/agent.h \
	controller/agent/ct-timeout.c \
	controller/agent/ct-timeout.h \
	controller/agent/ct-zone.c \
	controller/agent/ct-zone.h \
	controller/agent/heartbeat.c \
	controller/agent/heartbeat.h \
	controller/agent/host-bridge.c \
	controller/agent/host-bridge.h \
	controller/agent/host-model.c \
	controller/agent/host-model.h \
	controller/agent/host.c \
	controller/agent/monitor.c \
	controller/agent/monitor.h \
	controller/agent/mux-availability.c \
	controller/agent/mux-availability.h \
	controller/agent/mux.c \
	controller/agent/node.c \
	controller/agent/node.h \
	controller/agent/port.c \
	controller/agent/port.h \
	controller/agent/probe.c \
	controller/agent/probe.h \
	controller/agent/slb-agent.c \
	controller/agent/tunnel-neighbour.c \
	controller/agent/tunnel-neighbour.h
controller_slb_agent_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS) \
	-DSLB_VERSION='"$(VERSION)"'
controller_slb_agent_LDADD = \
	controller/agent/libagent.la \
	ofproto-rules/librules.la \
	lib/libslb.la \
	$(OVSLIB) $(OVS_LIBS)

# Modules of slb-agent that stand alone.
noinst_LTLIBRARIES += controller/agent/libagent.la
controller_agent_libagent_la_SOURCES = \
	controller/agent/announce.c \
	controller/agent/announce.h \
	controller/agent/availability-flow.c \
	controller/agent/availability-flow.h \
	controller/agent/availability-packet.c \
	controller/agent/availability-packet.h \
	controller/agent/availability-judge.c \
	controller/agent/availability-judge.h \
	controller/agent/availability-state.h \
	controller/agent/availability-text.c \
	controller/agent/availability.c \
	controller/agent/availability.h \
	controller/agent/fabric.c \
	controller/agent/fabric.h \
	controller/agent/idle.c \
	controller/agent/idle.h \
	controller/agent/meter.c \
	controller/agent/meter.h \
	controller/agent/mux-feed.c \
	controller/agent/mux-feed.h \
	controller/agent/mux-tables.c \
	controller/agent/mux-tables.h \
	controller/agent/neighbour.c \
	controller/agent/neighbour.h \
	controller/agent/ofctrl.c \
	controller/agent/ofctrl.h \
	controller/agent/probe-engine.c \
	controller/agent/probe-engine.h \
	controller/agent/probe-port.c \
	controller/agent/probe-port.h \
	controller/agent/probe-state.c \
	controller/agent/probe-state.h \
	controller/agent/probe-token.c \
	controller/agent/probe-token.h \
	controller/agent/reset.c \
	controller/agent/reset.h \
	controller/agent/rtnl.c \
	controller/agent/rtnl.h \
	controller/agent/stale.c \
	controller/agent/stale.h \
	controller/agent/talkers.c \
	controller/agent/talkers.h \
	controller/agent/tcp-segment.c \
	controller/agent/tcp-segment.h
controller_agent_libagent_la_CPPFLAGS = \
	$(AM_CPPFLAGS) $(CURL_CFLAGS) $(DPDK_CFLAGS)
controller_agent_libagent_la_LIBADD = lib/libslb.la $(CURL_LIBS)
