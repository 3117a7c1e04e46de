# slb-ctl
bin_PROGRAMS += controller/slb-ctl
noinst_LTLIBRARIES += controller/ctl/libctl.la
controller_ctl_libctl_la_SOURCES = \
	controller/ctl/ctl-apply.c \
	controller/ctl/ctl-commit.c \
	controller/ctl/ctl-commit.h \
	controller/ctl/ctl-color.c \
	controller/ctl/ctl-color.h \
	controller/ctl/ctl-convert.c \
	controller/ctl/ctl-db.c \
	controller/ctl/ctl-db.h \
	controller/ctl/ctl-explain.c \
	controller/ctl/ctl-health.c \
	controller/ctl/ctl-health.h \
	controller/ctl/ctl-model.c \
	controller/ctl/ctl-model.h \
	controller/ctl/ctl-narrow.c \
	controller/ctl/ctl-narrow.h \
	controller/ctl/ctl-pipe.c \
	controller/ctl/ctl-pipe.h \
	controller/ctl/ctl-overview.c \
	controller/ctl/ctl-overview.h \
	controller/ctl/ctl-show.c \
	controller/ctl/ctl-snapshot.c \
	controller/ctl/ctl-snapshot.h \
	controller/ctl/ctl-show.h \
	controller/ctl/ctl-state.c \
	controller/ctl/ctl-state.h \
	controller/ctl/ctl-table.c \
	controller/ctl/ctl-table.h \
	controller/ctl/ctl-wait.c \
	controller/ctl/ctl-wait.h

controller_slb_ctl_CPPFLAGS = $(AM_CPPFLAGS) -DSLB_VERSION='"$(VERSION)"'
controller_slb_ctl_SOURCES = controller/ctl/ctl.c controller/ctl/ctl.h
controller_slb_ctl_LDADD = \
	controller/ctl/libctl.la \
	yaml/libyamlslb.la \
	lib/libslb.la \
	$(OVSLIB) $(OVS_LIBS)
