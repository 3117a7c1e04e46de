/* Copyright (c) 2026 the ovs-slb authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at:
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License. */


#include <config.h>

/* Resolves the addresses given as arguments and prints a line each time one
 * of the answers changes:
 *
 *     ADDRESS reachable IFACE SRC_MAC DST_MAC NEXT_HOP
 *     ADDRESS unreachable
 *
 * "--unixctl=SOCKET" gives it a control socket, with "exit" and all commands
 * of the module. */

#include <stdio.h>
#include <string.h>

#include "controller/agent/neighbour.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "unixctl.h"
#include "util.h"

static void
exit_cb(struct unixctl_conn *conn, int argc OVS_UNUSED,
        const char *argv[] OVS_UNUSED, void *exiting)
{
    *(bool *) exiting = true;
    unixctl_command_reply(conn, NULL);
}

static void
print(const char *name, const struct neighbour *n)
{
    if (!n->reachable) {
        printf("%s unreachable\n", name);
        return;
    }

    struct ds ds = DS_EMPTY_INITIALIZER;
    ipv6_format_mapped(&n->next_hop, &ds);
    printf("%s reachable %s "ETH_ADDR_FMT" "ETH_ADDR_FMT" %s\n",
           name, n->iface, ETH_ADDR_ARGS(n->src_mac),
           ETH_ADDR_ARGS(n->dst_mac), ds_cstr(&ds));
    ds_destroy(&ds);
}

int
main(int argc, char *argv[])
{
    struct unixctl_server *unixctl = NULL;
    bool exiting = false;

    set_program_name(argv[0]);
    vlog_set_levels(NULL, VLF_CONSOLE, VLL_WARN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    neighbour_init();
    unixctl_command_register("exit", "", 0, 0, exit_cb, &exiting);

    struct in6_addr *addresses = xcalloc(argc, sizeof *addresses);
    struct neighbour *known = xcalloc(argc, sizeof *known);
    char **names = xcalloc(argc, sizeof *names);
    size_t n = 0;
    for (int i = 1; i < argc; i++) {
        if (!strncmp(argv[i], "--unixctl=", 10)) {
            if (unixctl_server_create(argv[i] + 10, &unixctl)) {
                ovs_fatal(0, "%s: cannot listen", argv[i] + 10);
            }
        } else if (!ipv6_parse(argv[i], &addresses[n])) {
            ovs_be32 ip;

            if (!ip_parse(argv[i], &ip)) {
                ovs_fatal(0, "%s: bad address", argv[i]);
            }
            in6_addr_set_mapped_ipv4(&addresses[n], ip);
            names[n++] = argv[i];
        } else {
            names[n++] = argv[i];
        }
    }

    struct neighbour_set *set = neighbour_set_create();
    neighbour_set_replace(set, addresses, n);
    uint64_t seqno = 0;
    while (!exiting) {
        neighbour_run();
        if (seqno != neighbour_seqno()) {
            seqno = neighbour_seqno();
            for (size_t i = 0; i < n; i++) {
                struct neighbour now;

                neighbour_get(&addresses[i], &now);
                if ((now.reachable || known[i].reachable)
                    && memcmp(&now, &known[i], sizeof now)) {
                    print(names[i], &now);
                }
                known[i] = now;
            }
        }
        unixctl_server_run(unixctl);

        neighbour_wait();
        unixctl_server_wait(unixctl);
        if (!exiting) {
            poll_block();
        }
    }

    neighbour_set_destroy(set);
    neighbour_destroy();
    unixctl_server_destroy(unixctl);
    free(addresses);
    free(known);
    free(names);
    return 0;
}
