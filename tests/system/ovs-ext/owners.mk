# Compiles the mux in different ways: see builds-agree.t.
#
#     make -f .../owners.mk owners-programs       (in the build tree)
include Makefile

# What comes last on the command line counts.
owners_builds = generic native slow
owners_flags_generic = -O2 -march=x86-64 -mtune=generic
owners_flags_native = -O3 -march=native
owners_flags_slow = -O0 -march=x86-64
owners_sources = \
	tests/system/ovs-ext/owners.c \
	$(filter %.c,$(ovs_ext_libslbmux_la_SOURCES)) \
	$(filter %.c,$(lib_libslb_la_SOURCES))
owners_dir = tests/system/ovs-ext/owners-$(1)

define owners_build
$(owners_dir)-obj/%.o: %.c
	$$(AM_V_CC)$$(MKDIR_P) $$(@D) && \
	$$(CC) $$(DEFS) -I. $$(AM_CPPFLAGS) $$(DPDK_CFLAGS) $$(AM_CFLAGS) \
		$$(owners_flags_$(1)) -MMD -MP -c -o $$@ $$<
$(owners_dir): $$(owners_sources:%.c=$(owners_dir)-obj/%.o)
	$$(AM_V_CCLD)$$(CC) $$(AM_CFLAGS) -o $$@ $$^ \
		$$(OVS_BUILDDIR)/lib/.libs/libopenvswitch.a $$(OVS_LIBS)
-include $$(owners_sources:%.c=$(owners_dir)-obj/%.d)
endef
$(foreach build,$(owners_builds),$(eval $(call owners_build,$(build))))

.PHONY: owners-programs
owners-programs: $(foreach build,$(owners_builds),$(call owners_dir,$(build)))
