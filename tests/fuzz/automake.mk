# Fuzzers: see tests/fuzz/fuzz.h and tests/fuzz/run.
#
# They are no part of "make all" or "make check", since libFuzzer comes with
# clang.  clang compiles what they test with its sanitizers; the rest is Open
# vSwitch's library as it is, built without any.
FUZZ_CC = clang
FUZZ_CFLAGS = -std=gnu11 -g -O1 -fno-omit-frame-pointer -fno-strict-aliasing \
	-mssse3 -Wall -Wextra -Wno-sign-compare \
	-fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
FUZZ_TARGETS = tests/fuzz/fuzz-azure tests/fuzz/fuzz-yaml
FUZZ_BUILT = $(FUZZ_TARGETS) tests/fuzz/fuzz-dictionary tests/fuzz/fuzz-mux
FUZZ_TESTED = $(yaml_libyamlslb_la_SOURCES) $(lib_libslb_la_SOURCES)
FUZZ_OBJECTS = $(patsubst %.c,tests/fuzz/obj/%.o,$(filter %.c,$(FUZZ_TESTED)))
FUZZ_LIBS = $(OVS_BUILDDIR)/lib/.libs/libopenvswitch.a $(OVS_LIBS) $(YAML_LIBS)

tests/fuzz/obj/%.o: %.c
	$(AM_V_CC)$(MKDIR_P) $(@D) && \
	$(FUZZ_CC) $(DEFS) -I. $(AM_CPPFLAGS) $(FUZZ_CFLAGS) $(YAML_CFLAGS) \
		-MMD -MP -c -o $@ $<

$(FUZZ_TARGETS): %: tests/fuzz/obj/%.o tests/fuzz/obj/tests/fuzz/fuzz.o \
		tests/fuzz/obj/tests/fuzz/fuzz-mutate.o $(FUZZ_OBJECTS)
	$(AM_V_CCLD)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ \
		$(FUZZ_LIBS)
tests/fuzz/fuzz-dictionary: tests/fuzz/obj/tests/fuzz/fuzz-dictionary.o \
		$(FUZZ_OBJECTS)
	$(AM_V_CCLD)$(FUZZ_CC) $(FUZZ_CFLAGS) -o $@ $^ $(FUZZ_LIBS)

# The mux, with its own flags.
FUZZ_MUX_TESTED = $(ovs_ext_libslbmux_la_SOURCES) \
	tests/fuzz/fuzz-mux.c tests/unit/mux-random.c
FUZZ_MUX_OBJECTS = $(patsubst %.c,tests/fuzz/obj/%.o,\
	$(filter %.c,$(FUZZ_MUX_TESTED) $(lib_libslb_la_SOURCES)))
$(FUZZ_MUX_OBJECTS): FUZZ_CFLAGS += $(DPDK_CFLAGS)
tests/fuzz/fuzz-mux: $(FUZZ_MUX_OBJECTS)
	$(AM_V_CCLD)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ \
		$(FUZZ_LIBS)

-include $(FUZZ_MUX_OBJECTS:.o=.d)
-include $(FUZZ_OBJECTS:.o=.d) $(wildcard tests/fuzz/obj/tests/fuzz/*.d)

# "make fuzz" runs all targets, one after the other, FUZZ_TIME seconds each;
# interrupting it ends the one that runs.  What is found is in FUZZ_DIR.
FUZZ_TIME = 3600
FUZZ_DIR = fuzz-findings
.PHONY: fuzz fuzz-programs
fuzz-programs: $(FUZZ_BUILT)
fuzz: fuzz-programs
	$(srcdir)/tests/fuzz/run --time $(FUZZ_TIME) \
		--findings $(FUZZ_DIR) --corpus $(FUZZ_DIR)/corpus .

mostlyclean-local: clean-fuzz
.PHONY: clean-fuzz
clean-fuzz:
	rm -rf tests/fuzz/obj $(FUZZ_BUILT)

EXTRA_DIST += \
	tests/fuzz/fuzz-azure.c \
	tests/fuzz/fuzz-dictionary.c \
	tests/fuzz/fuzz-mutate.c \
	tests/fuzz/fuzz-mux.c \
	tests/fuzz/fuzz-yaml.c \
	tests/fuzz/fuzz.c \
	tests/fuzz/fuzz.h \
	tests/fuzz/run \
	tests/system/fuzz.t
