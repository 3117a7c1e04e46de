# What several of the programs share.
noinst_LTLIBRARIES += lib/libslb.la
lib_libslb_la_SOURCES = \
	lib/huge.c \
	lib/huge.h \
	lib/maglev.c \
	lib/maglev.h \
	lib/mux-protocol.h \
	lib/slb-address.c \
	lib/slb-address.h \
	lib/slb-availability.h \
	lib/slb-hash.c \
	lib/slb-hash.h \
	lib/slb-heartbeat.c \
	lib/slb-heartbeat.h \
	lib/slb-outbound.c \
	lib/slb-outbound.h \
	lib/slb-pool.h \
	lib/slb-probe.c \
	lib/slb-probe.h \
	lib/steering.c \
	lib/steering.h
nodist_lib_libslb_la_SOURCES = \
	lib/huge.c \
	lib/huge.h \
	lib/slb-idl.c \
	lib/slb-idl.h
lib_libslb_la_LIBADD = $(OVSLIB)

# The database's schema, its IDL and C bindings (made with OVS's compiler).
EXTRA_DIST += lib/slb-idl.ann
CLEANFILES += lib/slb-idl.c lib/slb-idl.h lib/slb-idl.ovsidl
BUILT_SOURCES += lib/slb-idl.h
lib/slb-idl.ovsidl: controller/slb.ovsschema lib/slb-idl.ann
	$(AM_V_GEN)$(MKDIR_P) lib && \
	$(OVSDB_IDLC) annotate $(srcdir)/controller/slb.ovsschema \
		$(srcdir)/lib/slb-idl.ann > $@.tmp && mv $@.tmp $@
lib/slb-idl.c: lib/slb-idl.ovsidl
	$(AM_V_GEN)$(OVSDB_IDLC) c-idl-source lib/slb-idl.ovsidl > $@.tmp && \
	mv $@.tmp $@
lib/slb-idl.h: lib/slb-idl.ovsidl
	$(AM_V_GEN)$(OVSDB_IDLC) c-idl-header lib/slb-idl.ovsidl > $@.tmp && \
	mv $@.tmp $@
