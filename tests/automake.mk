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

UNIT_TESTS += \
	tests/unit/test-announce \
	tests/unit/test-mux-feed \
	tests/unit/test-mux-tables
tests_unit_test_announce_SOURCES = tests/unit/test-announce.c
tests_unit_test_announce_LDADD = $(AGENT_LDADD)
tests_unit_test_mux_feed_SOURCES = tests/unit/test-mux-feed.c
tests_unit_test_mux_feed_LDADD = $(AGENT_LDADD)
tests_unit_test_mux_tables_SOURCES = tests/unit/test-mux-tables.c
tests_unit_test_mux_tables_LDADD = $(AGENT_LDADD)
# slb-agent on a host.
EXTRA_DIST += \
	tests/system/host/host.sh \
	tests/system/host/inbound.t \
	tests/system/host/net.py \
	tests/system/host/restart.t \
	tests/system/host/ring.t \
	tests/system/host/stranger.t \
	tests/system/host/trace.t \
	tests/system/host/vm.t
# The mux datapath.
MUX_LDADD = ovs-ext/libslbmux.la $(UNIT_LDADD)
MUX_UNIT = tests/unit/mux-unit.c tests/unit/mux-unit.h

UNIT_TESTS += tests/unit/test-slb-hash
tests_unit_test_slb_hash_SOURCES = tests/unit/test-slb-hash.c
tests_unit_test_slb_hash_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test-maglev
tests_unit_test_maglev_SOURCES = tests/unit/test-maglev.c
tests_unit_test_maglev_LDADD = $(UNIT_LDADD)

UNIT_TESTS += tests/unit/test-mux-table
tests_unit_test_mux_table_SOURCES = tests/unit/test-mux-table.c $(MUX_UNIT)
tests_unit_test_mux_table_LDADD = $(MUX_LDADD)

UNIT_TESTS += tests/unit/test-mux-forward
tests_unit_test_mux_forward_SOURCES = \
	tests/unit/test-mux-forward.c $(MUX_UNIT)
tests_unit_test_mux_forward_CPPFLAGS = $(AM_CPPFLAGS) $(DPDK_CFLAGS)
tests_unit_test_mux_forward_LDADD = $(MUX_LDADD)
