# slb-vswitchd: Open vSwitch's own daemon, linked with the netdev type slbmux.
sbin_PROGRAMS += ovs-ext/slb-vswitchd
ovs_ext_slb_vswitchd_SOURCES = \
	ovs-ext/netdev-slbmux.c
ovs_ext_slb_vswitchd_LDADD = \
	$(OVS_BUILDDIR)/vswitchd/bridge.o \
	$(OVS_BUILDDIR)/vswitchd/ovs-vswitchd.o \
	$(OVS_BUILDDIR)/vswitchd/system-stats.o \
	lib/libslb.la \
	$(OVS_BUILDDIR)/ofproto/libofproto.la \
	$(OVS_BUILDDIR)/lib/libsflow.la \
	$(OVSLIB) $(OVS_LIBS)
ovs_ext_slb_vswitchd_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
ovs_ext_slb_vswitchd_LDFLAGS = $(AM_LDFLAGS) $(DPDK_vswitchd_LDFLAGS)
