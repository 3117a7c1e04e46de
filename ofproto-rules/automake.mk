# The OpenFlow pipelines as code.
noinst_LTLIBRARIES += ofproto-rules/librules.la
ofproto_rules_librules_la_SOURCES = \
	ofproto-rules/flow-table.c \
	ofproto-rules/flow-table.h \
	ofproto-rules/mux.c \
	ofproto-rules/mux.h \
	ofproto-rules/pipeline.h
ofproto_rules_librules_la_LIBADD = lib/libslb.la $(OVSLIB)
