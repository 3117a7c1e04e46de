# shellcheck shell=bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# What quickstart.sh and runtests.sh do before anything else.  To be sourced
# in the source tree:
#
#     check_machine            fails unless this is Debian 12 and we are root
#     install_packages         those of vagrant/packages that are missing
#     build DIR [OPTION...]    builds in DIR, configured with OPTIONs, from an
#                              Open vSwitch that was built the same way
#
# All of them do nothing, and quickly, when there is nothing to do.

setup_begin=$EPOCHREALTIME

# Says what is being done, and when.
step()
{
    local now=${EPOCHREALTIME/[.,]/}
    printf '[%3d s] %s\n' "$(((now - ${setup_begin/[.,]/}) / 1000000))" "$*"
}

die()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

check_machine()
{
    local ID='' VERSION_ID=''
    [ -r /etc/os-release ] || die "needs Debian 12"
    # shellcheck disable=SC1091
    . /etc/os-release
    [ "$ID:$VERSION_ID" = debian:12 ] ||
        die "needs Debian 12; this is ${PRETTY_NAME:-another system}"
    [ "$(id -u)" = 0 ] ||
        die "must be root, to install packages and make network namespaces:" \
            "sudo $0"
    PATH=$PATH:/usr/sbin:/sbin
}

missing_packages()
{
    local package
    sed 's/#.*//' vagrant/packages | while read -r package; do
        [ -z "$package" ] ||
            [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" \
                 2>/dev/null)" = installed ] || echo "$package"
    done
}

# The lab starts the daemons it needs: those that come with the packages are
# not to be started by their installation.
install_packages()
{
    local missing policy=/usr/sbin/policy-rc.d ours='' code=0
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" -gt 0 ] || return 0
    step "installing ${missing[*]}"
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' > "$policy"
        chmod 755 "$policy"
        ours=yes
    fi
    mkdir -p _build
    {
        export DEBIAN_FRONTEND=noninteractive
        apt-get -q update &&
            apt-get -q -y --no-install-recommends \
                -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold install "${missing[@]}"
    } > _build/apt.log 2>&1 </dev/null || code=$?
    [ -z "$ours" ] || rm -f "$policy"
    if [ "$code" != 0 ]; then
        tail -n 20 _build/apt.log >&2
        die "packages could not be installed; all that apt-get said is in" \
            "_build/apt.log"
    fi
}

# Runs a command with its output in a file, of which the end is shown if it
# fails.
logged()
{
    local log=$1
    shift
    if ! "$@" > "$log" 2>&1 </dev/null; then
        tail -n 30 "$log" >&2
        die "failed: $*; all of its output is in $log"
    fi
}

build()
{
    local dir=$1 variant=build boot=() jobs
    shift
    case " $* " in
    *" --enable-asan "*) variant=build-asan boot=(--asan) ;;
    esac
    jobs=$(nproc)
    mkdir -p "$dir"
    step "building in $dir (the first time Open vSwitch as well:" \
         "some minutes)"
    logged "$dir/boot.log" ./boot.sh "${boot[@]}"
    [ -e "ovs/$variant/.built" ] || die "boot.sh made no ovs/$variant"
    if [ ! -e "$dir/config.status" ]; then
        (cd "$dir" && logged configure.log ../configure "$@") || exit 1
    fi
    logged "$dir/make.log" make -s -C "$dir" -j"$jobs"
}
