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

# slb-agent on a mux.
AGENT_LDADD = controller/agent/libagent.la $(UNIT_LDADD)
UNIT_TESTS += tests/unit/test-neighbour
tests_unit_test_neighbour_SOURCES = tests/unit/test-neighbour.c
tests_unit_test_neighbour_LDADD = $(AGENT_LDADD)

check_PROGRAMS += tests/system/agent/neighbour-watch
tests_system_agent_neighbour_watch_SOURCES = \
	tests/system/agent/neighbour-watch.c
tests_system_agent_neighbour_watch_LDADD = $(AGENT_LDADD)
# Tests in bash, run by prove(1).
EXTRA_DIST += \
	tests/lib/tap.sh \
	tests/system/tap.t
EXTRA_DIST += tests/system/agent/neighbour.t

# slb-agent on a host.
UNIT_TESTS += tests/unit/test-pipeline
tests_unit_test_pipeline_SOURCES = tests/unit/test-pipeline.c
tests_unit_test_pipeline_CPPFLAGS = $(AM_CPPFLAGS) \
	-DTEST_SRCDIR='"$(abs_top_srcdir)/tests/unit"'
tests_unit_test_pipeline_LDADD = ofproto-rules/librules.la $(UNIT_LDADD)
EXTRA_DIST += \
	tests/unit/pipeline-host.flows \
	tests/unit/pipeline-mux-empty.flows \
	tests/unit/pipeline-mux.flows
EXTRA_DIST += \
	tests/system/host/change.t \
	tests/system/host/host.sh \
	tests/system/host/inbound.t \
	tests/system/host/net.py \
	tests/system/host/restart.t \
	tests/system/host/ring.t \
	tests/system/host/stranger.t \
	tests/system/host/trace.t \
	tests/system/host/vm.t
