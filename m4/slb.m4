# -*- autoconf -*-
# Checks of ovs-slb's own.

# SLB_CHECK_OVS: where Open vSwitch's source and build trees are.
#
# OVS_SRCDIR, OVS_BUILDDIR: the trees, absolute.  By default those that
# boot.sh made below the source tree; a sanitizer of ours takes the tree that
# was built with it, since both must be linked with the same run-time.
AC_DEFUN([SLB_CHECK_OVS],
  [AC_ARG_WITH([ovs-source],
     [AS_HELP_STRING([--with-ovs-source=DIR],
        [Open vSwitch source tree (default: SRCDIR/ovs/src, see boot.sh)])])
   AC_ARG_WITH([ovs-build],
     [AS_HELP_STRING([--with-ovs-build=DIR],
        [its build tree (default: made by boot.sh; else the source tree)])])
   AC_ARG_ENABLE([asan], [AS_HELP_STRING([--enable-asan],
     [build with AddressSanitizer; needs boot.sh --asan])])
   AC_ARG_ENABLE([tsan], [AS_HELP_STRING([--enable-tsan],
     [build with ThreadSanitizer; needs boot.sh --tsan])])
   slb_top=`cd "$srcdir" && pwd`
   slb_variant=build
   AS_IF([test "x$enable_asan" = xyes], [slb_variant=build-asan
                                         slb_boot=" --asan"])
   AS_IF([test "x$enable_tsan" = xyes], [slb_variant=build-tsan
                                         slb_boot=" --tsan"])
   AS_IF([test "x$with_ovs_source" = x],
     [OVS_SRCDIR=$slb_top/ovs/src
      OVS_BUILDDIR=$slb_top/ovs/$slb_variant],
     [OVS_SRCDIR=`cd "$with_ovs_source" 2>/dev/null && pwd`
      OVS_BUILDDIR=$OVS_SRCDIR])
   AS_IF([test "x$with_ovs_build" != x],
     [OVS_BUILDDIR=`cd "$with_ovs_build" 2>/dev/null && pwd`])
   AC_MSG_CHECKING([for Open vSwitch's source])
   AS_IF([test ! -f "$OVS_SRCDIR/lib/netdev-provider.h"],
     [AC_MSG_RESULT([no])
      AC_MSG_ERROR([no Open vSwitch source in '$OVS_SRCDIR'; run ./boot.sh or
use --with-ovs-source=DIR])])
   AC_MSG_RESULT([$OVS_SRCDIR])
   AC_MSG_CHECKING([for Open vSwitch's build])
   AS_IF([test ! -f "$OVS_BUILDDIR/lib/libopenvswitch.la" ||
          test ! -f "$OVS_BUILDDIR/vswitchd/ovs-vswitchd.o"],
     [AC_MSG_RESULT([no])
      AC_MSG_ERROR([Open vSwitch is not built in '$OVS_BUILDDIR'; run
./boot.sh$slb_boot or use --with-ovs-build=DIR])])
   AC_MSG_RESULT([$OVS_BUILDDIR])
   AC_SUBST([OVS_SRCDIR])
   AC_SUBST([OVS_BUILDDIR])
   # What Open vSwitch's own libraries and vswitchd are linked with.
   OVS_LIBS=`sed -n 's/^LIBS = //p' "$OVS_BUILDDIR/Makefile"`
   DPDK_vswitchd_LDFLAGS=`sed -n 's/^DPDK_vswitchd_LDFLAGS = //p' \
     "$OVS_BUILDDIR/Makefile"`
   AC_SUBST([OVS_LIBS])
   AC_SUBST([DPDK_vswitchd_LDFLAGS])])

# SLB_ENABLE_SANITIZERS: SANITIZE_CFLAGS for --enable-asan, --enable-tsan.
AC_DEFUN([SLB_ENABLE_SANITIZERS],
  [SANITIZE_CFLAGS=
   AS_IF([test "x$enable_asan" = xyes && test "x$enable_tsan" = xyes],
     [AC_MSG_ERROR([--enable-asan and --enable-tsan exclude each other])])
   AS_IF([test "x$enable_asan" = xyes],
     [SANITIZE_CFLAGS="-fsanitize=address,undefined -fno-omit-frame-pointer"])
   AS_IF([test "x$enable_tsan" = xyes],
     [SANITIZE_CFLAGS="-fsanitize=thread -fno-omit-frame-pointer"])
   AC_SUBST([SANITIZE_CFLAGS])])

# SLB_WARNINGS: C11, all warnings are errors, and Open vSwitch's own set.
AC_DEFUN([SLB_WARNINGS],
  [WARNING_CFLAGS=
   for flag in -std=gnu11 -Wall -Wextra -Werror \
       -Wno-sign-compare -Wpointer-arith -Wformat -Wformat-security \
       -Wswitch-enum -Wunused-parameter -Wbad-function-cast -Wcast-align \
       -Wstrict-prototypes -Wold-style-definition -Wmissing-prototypes \
       -Wmissing-field-initializers -fno-strict-aliasing -Wswitch-bool \
       -Wlogical-not-parentheses -Wsizeof-array-argument -Wbool-compare \
       -Wshift-negative-value -Wduplicated-cond -Wshadow \
       -Wmultistatement-macros -Wcast-align=strict; do
     AC_MSG_CHECKING([whether $CC accepts $flag])
     slb_save_CFLAGS=$CFLAGS
     CFLAGS="$CFLAGS -Werror $flag"
     AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
       [AC_MSG_RESULT([yes])
        WARNING_CFLAGS="$WARNING_CFLAGS $flag"],
       [AC_MSG_RESULT([no])])
     CFLAGS=$slb_save_CFLAGS
   done
   AC_SUBST([WARNING_CFLAGS])])
