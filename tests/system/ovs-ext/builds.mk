# Compiles the mux in other ways than "make" does: see builds-agree.t and
# threads.t, which use it like this, in the build tree:
#
#     make -f .../builds.mk tests/system/ovs-ext/builds/owners-native
include Makefile

builds_dir = tests/system/ovs-ext/builds
builds_mux = $(filter %.c,$(ovs_ext_libslbmux_la_SOURCES)) \
	$(filter %.c,$(lib_libslb_la_SOURCES))

# Program, sources, flags.  What comes last on the command line counts.
define build
$(builds_dir)/$(1).obj/%.o: %.c
	$$(AM_V_CC)$$(MKDIR_P) $$(@D) && \
	$$(CC) $$(DEFS) -I. $$(AM_CPPFLAGS) $$(DPDK_CFLAGS) $$(CUNIT_CFLAGS) \
		$$(AM_CFLAGS) $(3) -MMD -MP -c -o $$@ $$<
$(builds_dir)/$(1): $(patsubst %.c,$(builds_dir)/$(1).obj/%.o,$(2) $(builds_mux))
	$$(AM_V_CCLD)$$(CC) $$(AM_CFLAGS) $(3) -o $$@ $$^ \
		$$(OVS_BUILDDIR)/lib/.libs/libopenvswitch.a \
		$$(CUNIT_LIBS) $$(OVS_LIBS)
-include $(patsubst %.c,$(builds_dir)/$(1).obj/%.d,$(2) $(builds_mux))
endef

owners = tests/system/ovs-ext/owners.c
$(eval $(call build,owners-generic,$(owners),-O2 -march=x86-64))
$(eval $(call build,owners-native,$(owners),-O3 -march=native))
$(eval $(call build,owners-slow,$(owners),-O0 -march=x86-64))

threads = tests/unit/test-mux-threads.c tests/unit/mux-random.c \
	tests/unit/unit.c
$(eval $(call build,threads-tsan,$(threads),-O1 -g -fsanitize=thread))
