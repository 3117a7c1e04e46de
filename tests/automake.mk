# Unit tests: one program a module, CUnit inside, TAP outside (unit/unit.h).
# A program needs an entry in UNIT_TESTS and its _SOURCES; what it links with
# beyond UNIT_LDADD goes into its _LDADD.
noinst_LTLIBRARIES += tests/unit/libunit.la
tests_unit_libunit_la_SOURCES = tests/unit/unit.c tests/unit/unit.h
tests_unit_libunit_la_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_unit_libunit_la_LIBADD = $(CUNIT_LIBS)
UNIT_LDADD = tests/unit/libunit.la lib/libslb.la $(OVSLIB) $(OVS_LIBS)

UNIT_TESTS = \
	tests/unit/test-steering
check_PROGRAMS += $(UNIT_TESTS)

tests_unit_test_steering_SOURCES = tests/unit/test-steering.c
tests_unit_test_steering_LDADD = $(UNIT_LDADD)

# Benchmarks, and tests in Python, run by prove(1) as well.
EXTRA_DIST += \
	tests/bench/apply \
	tests/bench/mux \
	tests/lib/muxnode.py \
	tests/lib/tap.py \
	tests/system/ovs-ext/faults.t
