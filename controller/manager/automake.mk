# slb-manager
noinst_LTLIBRARIES += controller/manager/libmanager.la
controller_manager_libmanager_la_SOURCES = \
	controller/manager/assign.c \
	controller/manager/assign.h \
	controller/manager/balancer.c \
	controller/manager/balancer.h \
	controller/manager/binding.c \
	controller/manager/binding.h \
	controller/manager/claim.c \
	controller/manager/claim.h \
	controller/manager/compile.c \
	controller/manager/compile.h \
	controller/manager/concern.c \
	controller/manager/concern.h \
	controller/manager/cookie.c \
	controller/manager/cookie.h \
	controller/manager/endpoint.c \
	controller/manager/endpoint.h \
	controller/manager/generation.c \
	controller/manager/generation.h \
	controller/manager/member-index.c \
	controller/manager/member-index.h \
	controller/manager/nat-ports.c \
	controller/manager/nat-ports.h \
	controller/manager/network.c \
	controller/manager/network.h \
	controller/manager/node.c \
	controller/manager/node.h \
	controller/manager/place.c \
	controller/manager/place.h \
	controller/manager/pool.c \
	controller/manager/pool.h \
	controller/manager/prepare.c \
	controller/manager/prepare.h \
	controller/manager/problems.c \
	controller/manager/problems.h \
	controller/manager/silence.c \
	controller/manager/silence.h \
	controller/manager/slots.c \
	controller/manager/slots.h \
	controller/manager/stage.c \
	controller/manager/stage.h \
	controller/manager/state.c \
	controller/manager/state.h \
	controller/manager/status.c \
	controller/manager/status.h \
	controller/manager/support.c \
	controller/manager/support.h \
	controller/manager/tunnel-key.c \
	controller/manager/tunnel-key.h \
	controller/manager/write.h
controller_manager_libmanager_la_LIBADD = lib/libslb.la

sbin_PROGRAMS += controller/slb-manager
controller_slb_manager_SOURCES = controller/manager/slb-manager.c
controller_slb_manager_LDADD = \
	controller/manager/libmanager.la \
	lib/libslb.la $(OVSLIB) $(OVS_LIBS)
