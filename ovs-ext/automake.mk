# What the mux does, without the daemon around it: unit tests link with it.
noinst_LTLIBRARIES += ovs-ext/libslbmux.la
ovs_ext_libslbmux_la_SOURCES = \
	ovs-ext/mux-answer.c \
	ovs-ext/mux-answer.h \
	ovs-ext/mux-fair-judge.c \
	ovs-ext/mux-fair-judge.h \
	ovs-ext/mux-fair-meter.c \
	ovs-ext/mux-fair-meter.h \
	ovs-ext/mux-fair-private.h \
	ovs-ext/mux-fair-report.c \
	ovs-ext/mux-fair-report.h \
	ovs-ext/mux-fair.c \
	ovs-ext/mux-fair.h \
	ovs-ext/mux-flight.h \
	ovs-ext/mux-forward.c \
	ovs-ext/mux-forward.h \
	ovs-ext/mux-fragment.c \
	ovs-ext/mux-fragment.h \
	ovs-ext/mux-icmp.c \
	ovs-ext/mux-icmp.h \
	ovs-ext/mux-node.c \
	ovs-ext/mux-node.h \
	ovs-ext/mux-op.c \
	ovs-ext/mux-op.h \
	ovs-ext/mux-report.c \
	ovs-ext/mux-report.h \
	ovs-ext/mux-snat.c \
	ovs-ext/mux-snat.h \
	ovs-ext/mux-store.c \
	ovs-ext/mux-store.h \
	ovs-ext/mux-table.c \
	ovs-ext/mux-table.h \
	ovs-ext/mux-thread.c \
	ovs-ext/mux-thread.h
ovs_ext_libslbmux_la_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)

# slb-vswitchd: Open vSwitch's own daemon, linked with the netdev type slbmux.
sbin_PROGRAMS += ovs-ext/slb-vswitchd
ovs_ext_slb_vswitchd_SOURCES = \
	ovs-ext/mux-server.c \
	ovs-ext/mux-server.h \
	ovs-ext/mux-stats.c \
	ovs-ext/mux-stats.h \
	ovs-ext/mux-unixctl.c \
	ovs-ext/mux-unixctl.h \
	ovs-ext/netdev-slbmux.c \
	ovs-ext/netdev-slbmux.h
ovs_ext_slb_vswitchd_LDADD = \
	$(OVS_BUILDDIR)/vswitchd/bridge.o \
	$(OVS_BUILDDIR)/vswitchd/ovs-vswitchd.o \
	$(OVS_BUILDDIR)/vswitchd/system-stats.o \
	ovs-ext/libslbmux.la \
	lib/libslb.la \
	$(OVS_BUILDDIR)/ofproto/libofproto.la \
	$(OVS_BUILDDIR)/lib/libsflow.la \
	$(OVSLIB) $(OVS_LIBS)
ovs_ext_slb_vswitchd_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
ovs_ext_slb_vswitchd_LDFLAGS = $(AM_LDFLAGS) $(DPDK_vswitchd_LDFLAGS)
