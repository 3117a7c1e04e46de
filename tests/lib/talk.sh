# shellcheck shell=bash
# Copyright (c) 2026 the ovs-slb authors.
# Licensed under the Apache License, Version 2.0; see LICENSE.
#
# Connections that a test holds open.  To be sourced after tap.sh.
#
#     talk NAME NAMESPACE ADDRESS PORT [SOURCE_PORT]
#                              opens a TCP connection from a namespace to
#                              "net.py server" (tests/system/host)
#     say NAME TEXT            sends TEXT by it and prints the answer
#     ask_later NAME TEXT      has it answered when the server gets SIGUSR2
#     heard NAME               prints what has come
#     tcp_is_quiet NAMESPACE   has all been acknowledged, and read?

declare -A to=() from=() talks_in=()

talk()
{
    local name=$1 namespace=$2 line
    mkfifo "$tmp/$name.in" "$tmp/$name.answers"
    exec {to[$name]}<>"$tmp/$name.in" {from[$name]}<>"$tmp/$name.answers"
    talks_in[$name]=$namespace
    # shellcheck disable=SC2016  # For the other shell.
    start "$name" ip netns exec "$namespace" \
        sh -c 'exec "$@" <"$0.in" >"$0.answers"' "$tmp/$name" \
        /usr/bin/python3 "$srcdir/tests/system/host/net.py" talk "${@:3}"
    read -r -t 20 line <&"${from[$name]}" && [ "$line" = connected ]
}

heard()
{
    local line=
    read -r -t 10 line <&"${from[$1]}"
    echo "$line"
}

say()
{
    echo "$2" >&"${to[$1]}"
    heard "$1"
}

tcp_is_quiet()
{
    ! ip netns exec "$1" ss -Htn state established | awk '$1 || $2' |
        grep -q .
}

ask_later()
{
    echo "later $2" >&"${to[$1]}"
    wait_until 5 tcp_is_quiet "${talks_in[$1]}"
}
