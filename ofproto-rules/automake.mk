# The OpenFlow pipelines as code.
noinst_LTLIBRARIES += ofproto-rules/librules.la
ofproto_rules_librules_la_SOURCES = \
	ofproto-rules/answer.c \
	ofproto-rules/availability.c \
	ofproto-rules/floating-ip.c \
	ofproto-rules/flow-table.c \
	ofproto-rules/flow-table.h \
	ofproto-rules/fragment.c \
	ofproto-rules/host.c \
	ofproto-rules/host.h \
	ofproto-rules/icmp.c \
	ofproto-rules/inbound.c \
	ofproto-rules/internal-vip.c \
	ofproto-rules/mux.c \
	ofproto-rules/mux.h \
	ofproto-rules/pipeline.h \
	ofproto-rules/probe.c \
	ofproto-rules/reply.c \
	ofproto-rules/reset.c \
	ofproto-rules/ring.c \
	ofproto-rules/stale.c \
	ofproto-rules/text.c \
	ofproto-rules/text.h \
	ofproto-rules/vm.c
ofproto_rules_librules_la_LIBADD = lib/libslb.la $(OVSLIB)
