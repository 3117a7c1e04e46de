#!/bin/bash
# slb-ctl's help and what it says to wrong commands.
. "$(dirname "$0")/../../lib/tap.sh"

export SLB_DB=unix:/nonexistent OVS_RUNDIR=$tmp

# usage STATUS REGEX DESCRIPTION ARG...: wrong commands need no database.
usage()
{
    run timeout 5 slb-ctl "${@:4}"
    is "$status" "$1" "$3: exit status"
    like "$errors$output" "$2" "$3: text"
}

usage 2 "missing command" "no command"
usage 2 "unknown command 'aply', did you mean 'apply'\?" "unknown command" aply
usage 2 "usage: apply FILE" "no file" apply
usage 2 "usage: delete KIND NAME" "no name" delete LoadBalancer
usage 2 "usage: get " "an argument too many" get LoadBalancer web more
usage 2 "'apply' takes no --output" "option of another command" \
    apply -o yaml x.yaml
usage 2 "--output is 'xml', expected table, wide, yaml or json" \
    "output format" get -o xml
usage 2 "'diff' takes no --defaults" "another option of another command" \
    diff --defaults x.yaml
usage 2 "--defaults goes with -o yaml or -o json" "defaults of a table" \
    get --defaults
usage 2 "'convert' prints no tables" "a table of no objects" \
    convert -o table x.yaml
usage 2 "'get' takes no --color" "colours of a table" get --color
usage 2 "--color is 'blue', expected auto, always or never" "colour" \
    diff --color=blue x.yaml
usage 2 "--timeout is '-1', expected" "negative time" get --timeout=-1
usage 2 "unrecognized option '--frobnicate'" "unknown option" --frobnicate
usage 2 "'x' is no kind, expected VirtualNetwork, PublicIPPrefix or \
LoadBalancer" "unknown kind" delete x y
for db in unknown:1 /run/slb.sock unix:/nowhere,6640; do
    usage 2 "the database's remote is '${db#*,}', expected unix:FILE or tcp:" \
        "remote $db" --db="$db" get
done
usage 2 "the database's remote is empty, expected unix:FILE" "no remote" \
    --db= get
usage 0 "^slb-ctl [0-9]+\.[0-9.]+
Open vSwitch Library " "version" --version

run slb-ctl --help
is "$status/$errors" 0/ "help"
for word in explain schema validate diff apply get delete nodes -db= \
    -timeout= -wait -defaults -color "-o, --output" "Exit status" \
    "4  no answer" \
    "KIND is one of VirtualNetwork PublicIPPrefix LoadBalancer"; do
    like "$output" "$word" "help has $word"
done
for command in explain schema validate diff apply get delete nodes; do
    run slb-ctl "$command" --help
    is "$status/$errors" 0/ "help for $command"
    like "$output" "^usage: slb-ctl \[OPTION\.\.\.\] $command" "is on it"
done

# A full disk, or a reader that has gone.
run bash -c "slb-ctl --help >/dev/full"
isnt "$status" 0 "output that cannot be written is an error"
done_testing
