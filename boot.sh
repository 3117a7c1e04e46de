#!/bin/sh
# Prepares a source tree: unpacks Debian's openvswitch-source below ovs/,
# builds from it once what ovs-slb links with (libopenvswitch, the daemon's
# objects, the OVSDB compiler) and makes the configure script.
#
#   ./boot.sh           ovs/build, optimised, with DPDK
#   ./boot.sh --asan    also ovs/build-asan, under AddressSanitizer
#   ./boot.sh --tsan    also ovs/build-tsan, under ThreadSanitizer
#   ./boot.sh --no-ovs  only the configure script, for those who use
#                       configure --with-ovs-source=DIR
#
# OVS is built again only when the package's version, the compiler or the
# options below change: each build tree keeps them in the file .built.
set -eu
cd "$(dirname "$0")"

tarball=${OVS_TARBALL:-/usr/src/openvswitch/openvswitch.tar.gz}
jobs=${JOBS:-$(nproc)}
variants=build
for arg; do
    case $arg in
    --asan) variants="$variants build-asan" ;;
    --tsan) variants="$variants build-tsan" ;;
    --no-ovs) variants= ;;
    -h|--help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "boot.sh: unknown option $arg (see --help)" >&2; exit 2 ;;
    esac
done

unpack_ovs()
{
    stamp=$(sha256sum "$tarball" | cut -d' ' -f1)
    if [ "$(cat ovs/src/.unpacked 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    echo "boot.sh: unpacking $tarball"
    rm -rf ovs/src ovs/src.new
    mkdir -p ovs/src.new
    tar xzf "$tarball" --strip-components=1 -C ovs/src.new
    echo "$stamp" > ovs/src.new/.unpacked
    mv ovs/src.new ovs/src
}

build_ovs()
{
    variant=$1
    case $variant in
    build) cflags="-O2 -g" ;;
    build-asan) cflags="-O1 -g -fno-omit-frame-pointer -fsanitize=address" ;;
    build-tsan) cflags="-O1 -g -fno-omit-frame-pointer -fsanitize=thread" ;;
    esac
    dir=ovs/$variant
    stamp="$(cat ovs/src/.unpacked) $cflags $(cc --version | head -n 1)
$(pkg-config --modversion libdpdk)"
    if [ "$(cat $dir/.built 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    echo "boot.sh: building Open vSwitch in $dir (once; some minutes)"
    rm -rf "$dir"
    mkdir -p "$dir"
    # Leaks at exit of the build's own helper programs are not our subject.
    if ! (cd "$dir" && export ASAN_OPTIONS=detect_leaks=0 &&
          ../src/configure --with-dpdk=shared --disable-ssl CFLAGS="$cflags" \
            && cat > built.mk <<'MK' \
            && make -s -f built.mk built \
            && make -s -j"$jobs" vswitchd/ovs-vswitchd \
                 lib/libopenvswitch.la ovsdb/libovsdb.la ovsdb/ovsdb-idlc
include Makefile
built: $(BUILT_SOURCES)
MK
         ) > "ovs/$variant.log" 2>&1; then
        tail -n 30 "ovs/$variant.log" >&2
        echo "boot.sh: Open vSwitch did not build; all of its output is" \
             "in ovs/$variant.log" >&2
        exit 1
    fi
    printf '%s\n' "$stamp" > "$dir/.built"
}

if [ -n "$variants" ]; then
    if [ ! -e "$tarball" ]; then
        echo "boot.sh: $tarball is missing; install the package" \
             "openvswitch-source (or use --no-ovs)" >&2
        exit 1
    fi
    mkdir -p ovs
    unpack_ovs
    for variant in $variants; do
        build_ovs $variant
    done
fi

# Makefile.in is what autoreconf writes last.
if [ ! -e configure ] || [ ! -e Makefile.in ] ||
   [ -n "$(find . \( -path ./ovs -o -name '_build*' \) -prune -o \
             \( -name configure.ac -o -name Makefile.am -o \
                -name automake.mk -o -name slb.m4 \) \
             -newer Makefile.in -print)" ]; then
    autoreconf --install --force --warnings=all,no-portability
fi
