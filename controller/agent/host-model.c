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

#include "controller/agent/host-model.h"

#include <stdlib.h>
#include <string.h>

#include "controller/agent/agent.h"
#include "controller/agent/ct-zone.h"
#include "controller/agent/host-bridge.h"
#include "controller/agent/idle.h"
#include "controller/agent/neighbour.h"
#include "controller/agent/port.h"
#include "controller/agent/probe.h"
#include "hash.h"
#include "lib/slb-address.h"
#include "lib/slb-idl.h"
#include "openvswitch/hmap.h"
#include "openvswitch/vlog.h"
#include "packets.h"
#include "simap.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(host_model);

static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(5, 20);

/* Arrays that grow. */
#define APPEND(ARRAY, N, ALLOCATED, ...)                                \
    do {                                                                \
        if ((N) >= (ALLOCATED)) {                                       \
            (ARRAY) = x2nrealloc(ARRAY, &(ALLOCATED), sizeof *(ARRAY)); \
        }                                                               \
        (ARRAY)[(N)++] = __VA_ARGS__;                                   \
    } while (0)

/* A VM as a member of a pool. */
struct local_member {
    struct hmap_node hmap_node; /* In struct builder's 'local_members'. */
    int64_t pool, index;
    size_t vm;                  /* In the rules' 'vms'. */
};

/* What is needed while the model is being built. */
struct builder {
    const struct agent *agent;
    const struct host_bridge *bridge;
    struct hmap local_members;  /* Contains "struct local_member"s. */
    struct sset vteps;          /* May be sent to. */
    struct sset peers;          /* May send to us. */
};

static bool
parse_address(const char *text, struct in6_addr *address, const char *what)
{
    if (!slb_address_parse(text, address)) {
        VLOG_WARN_RL(&rl, "%s: \"%s\" is not an IP address", what, text);
        return false;
    }
    return true;
}

static bool
parse_mac(const char *text, struct eth_addr *mac, const char *what)
{
    if (!eth_addr_from_string(text, mac)) {
        VLOG_WARN_RL(&rl, "%s: \"%s\" is not an Ethernet address", what, text);
        return false;
    }
    return true;
}

/* Reads a VTEP; "" stands for none. */
static bool
parse_vtep(const char *text, ovs_be32 *vtep, const char *what)
{
    *vtep = 0;
    if (text[0] && !ip_parse(text, vtep)) {
        VLOG_WARN_RL(&rl, "%s: \"%s\" is not a VTEP", what, text);
        return false;
    }
    return true;
}

static char *
zone_name(const struct slbrec_endpoint *ep)
{
    return xasprintf("rule-%"PRId64, ep->cookie);
}

/* Adds the names of the zones that this host needs to 'names': one for each
 * rule that concerns it. */
void
host_model_zones(const struct agent *agent, struct sset *names)
{
    const struct slbrec_endpoint *ep;

    SLBREC_ENDPOINT_FOR_EACH (ep, agent->slb_idl) {
        sset_add_and_free(names, zone_name(ep));
    }
}

/* Stores in 'times', by the names of their zones, for how many seconds
 * connections of rules may be idle. */
void
host_model_idle_times(const struct agent *agent, struct simap *times)
{
    const struct slbrec_endpoint *ep;

    SLBREC_ENDPOINT_FOR_EACH (ep, agent->slb_idl) {
        char *name = zone_name(ep);

        simap_put(times, name, idle_seconds(ep->idle_timeout,
                                            agent->config.minute_ms));
        free(name);
    }
}

static uint32_t
hash_member(int64_t pool, int64_t index)
{
    return hash_2words(pool, index);
}

static void
add_local_member(struct builder *b, int64_t pool, int64_t index, size_t vm)
{
    struct local_member *member = xmalloc(sizeof *member);

    *member = (struct local_member) {
        .pool = pool,
        .index = index,
        .vm = vm,
    };
    hmap_insert(&b->local_members, &member->hmap_node,
                hash_member(pool, index));
}

/* Returns the VM that is the member 'index' of 'pool', or NULL if that is not
 * here. */
static const struct host_vm *
find_local_member(const struct builder *b, const struct host_rules *rules,
                  int64_t pool, int64_t index)
{
    const struct local_member *member;

    HMAP_FOR_EACH_WITH_HASH (member, hmap_node, hash_member(pool, index),
                             &b->local_members) {
        if (member->pool == pool && member->index == index) {
            return &rules->vms[member->vm];
        }
    }
    return NULL;
}

static void
build_vms(struct builder *b, struct host_rules *rules,
          const struct shash *ports)
{
    const struct slbrec_binding *row;
    struct host_vm *vms = NULL;
    size_t n = 0, allocated = 0;

    SLBREC_BINDING_FOR_EACH (row, b->agent->slb_idl) {
        const struct port *port = shash_find_data(ports, row->iface_id);
        struct host_vm vm = { .network = row->network_key };

        if (port && parse_address(row->address, &vm.address, "Binding")) {
            vm.port = port->ofport;
            vm.mac = port->mac;
            for (size_t i = 0; i < row->n_pools; i++) {
                add_local_member(b, row->key_pools[i], row->value_pools[i], n);
            }
            APPEND(vms, n, allocated, vm);
        }
    }
    rules->vms = vms;
    rules->n_vms = n;
}

static const struct host_vm *
find_vm(const struct host_rules *rules, uint32_t network,
        const struct in6_addr *address)
{
    for (size_t i = 0; i < rules->n_vms; i++) {
        const struct host_vm *vm = &rules->vms[i];

        if (vm->network == network
            && ipv6_addr_equals(&vm->address, address)) {
            return vm;
        }
    }
    return NULL;
}

static void
build_networks(struct builder *b, struct host_rules *rules)
{
    const struct slbrec_compiled_network *row;
    struct host_network *networks = NULL;
    size_t n = 0, allocated = 0;

    SLBREC_COMPILED_NETWORK_FOR_EACH (row, b->agent->slb_idl) {
        struct host_network network = { .key = row->tunnel_key };

        network.gateways = xmalloc(row->n_gateways * sizeof(struct in6_addr));
        for (size_t i = 0; i < row->n_gateways; i++) {
            if (parse_address(row->gateways[i],
                              &network.gateways[network.n_gateways],
                              row->name)) {
                network.n_gateways++;
            }
        }
        network.subnets = xmalloc(row->n_subnets * sizeof(struct host_prefix));
        for (size_t i = 0; i < row->n_subnets; i++) {
            struct slb_prefix prefix;

            if (slb_prefix_parse(row->subnets[i], &prefix)) {
                network.subnets[network.n_subnets++] = (struct host_prefix) {
                    .address = prefix.address,
                    .plen = prefix.length,
                };
            } else {
                VLOG_WARN_RL(&rl, "%s: \"%s\" is not a prefix", row->name,
                             row->subnets[i]);
            }
        }
        APPEND(networks, n, allocated, network);
    }
    rules->networks = networks;
    rules->n_networks = n;
}

/* VIPs in networks, and the way to them. */
static void
build_vips(struct builder *b, struct host_rules *rules)
{
    const struct slbrec_slb_global *global
        = slbrec_slb_global_first(b->agent->slb_idl);
    const char *anycast = global ? global->anycast_vtep : "";

    if (!rules->n_networks || !parse_vtep(anycast, &rules->anycast, "muxes")
        || !rules->anycast) {
        return;
    }
    sset_add(&b->vteps, anycast);

    size_t *allocated = xcalloc(rules->n_networks, sizeof *allocated);
    const struct slbrec_vip *row;
    SLBREC_VIP_FOR_EACH (row, b->agent->slb_idl) {
        for (size_t i = 0; i < rules->n_networks; i++) {
            struct host_network *network
                = CONST_CAST(struct host_network *, &rules->networks[i]);
            struct in6_addr address;

            if (network->key == row->network_key
                && parse_address(row->address, &address, row->frontend)) {
                APPEND(network->vips, network->n_vips, allocated[i], address);
            }
        }
    }
    free(allocated);
}

static void
build_locations(struct builder *b, struct host_rules *rules)
{
    const struct slbrec_location *row;
    struct host_location *locations = NULL;
    size_t n = 0, allocated = 0;

    SLBREC_LOCATION_FOR_EACH (row, b->agent->slb_idl) {
        struct host_location loc = { .network = row->network_key };

        if (!strcmp(row->node, b->agent->config.node)
            || !parse_address(row->address, &loc.address, "Location")
            || !parse_mac(row->mac, &loc.mac, "Location")
            || !parse_vtep(row->vtep, &loc.vtep, "Location")
            || !loc.vtep
            || find_vm(rules, loc.network, &loc.address)) {
            continue;
        }
        sset_add(&b->vteps, row->vtep);
        sset_add(&b->peers, row->vtep);
        APPEND(locations, n, allocated, loc);
    }
    rules->locations = locations;
    rules->n_locations = n;
}

static bool
is_unhealthy(const struct slbrec_compiled_pool *row, int64_t index)
{
    for (size_t i = 0; i < row->n_unhealthy; i++) {
        if (row->unhealthy[i] == index) {
            return true;
        }
    }
    return false;
}

static void
build_members(struct builder *b, const struct host_rules *rules,
              const struct slbrec_compiled_pool *row,
              struct host_pool *pool)
{
    size_t allocated = 0;

    for (size_t i = 0; i < row->n_vteps; i++) {
        const char *vtep = row->value_vteps[i];
        struct host_member member = { .index = row->key_vteps[i] };

        if (!parse_vtep(vtep, &member.vtep, row->name)) {
            continue;
        }
        member.vm = find_local_member(b, rules, row->tunnel_key,
                                      member.index);
        member.unhealthy = member.vm && is_unhealthy(row, member.index);
        if (member.vm || member.vtep == b->agent->config.vtep) {
            member.vtep = 0;
        } else if (member.vtep) {
            sset_add(&b->vteps, vtep);
            sset_add(&b->peers, vtep);
        }
        APPEND(pool->members, pool->n_members, allocated, member);
    }
}

static void
build_endpoints(struct builder *b, struct host_pool *pool)
{
    const struct slbrec_endpoint *row;
    size_t allocated = 0;

    SLBREC_ENDPOINT_FOR_EACH (row, b->agent->slb_idl) {
        struct host_endpoint ep = {
            .protocol = row->protocol,
            .port = row->port,
            .backend_port = row->backend_port,
            .cookie = row->cookie,
            .floating = row->floating_ip,
            .internal = row->network_key != 0,
            .tcp_reset = row->tcp_reset,
        };

        if (row->pool_key != pool->key
            || !parse_address(row->vip, &ep.vip, row->rule)) {
            continue;
        }
        bool one_port = ((ep.protocol == IPPROTO_TCP
                          || ep.protocol == IPPROTO_UDP)
                         && ep.port && (ep.backend_port || ep.floating));
        bool all_ports = !ep.protocol && !ep.port && !ep.backend_port;
        if (!one_port && !all_ports) {
            VLOG_WARN_RL(&rl, "%s: only rules for a TCP or UDP port, or for "
                         "all, are possible", row->rule);
            continue;
        }

        char *name = zone_name(row);
        ep.zone = ct_zone_get(b->bridge->row, name);
        free(name);
        if (ep.zone) {
            APPEND(pool->endpoints, pool->n_endpoints, allocated, ep);
        }
    }
}

static void
build_pools(struct builder *b, struct host_rules *rules)
{
    const struct slbrec_compiled_pool *row;
    struct host_pool *pools = NULL;
    size_t n = 0, allocated = 0;

    SLBREC_COMPILED_POOL_FOR_EACH (row, b->agent->slb_idl) {
        struct host_pool pool = { .key = row->tunnel_key };

        build_members(b, rules, row, &pool);
        build_endpoints(b, &pool);
        APPEND(pools, n, allocated, pool);
    }
    rules->pools = pools;
    rules->n_pools = n;
}

/* An address of a VM of this host. */
struct local_vm {
    struct hmap_node hmap_node;
    const struct host_vm *vm;
};

static uint32_t
hash_vm(uint32_t network, const struct in6_addr *address)
{
    return slb_address_hash(address, network);
}

static int
compare_probes(const void *a_, const void *b_)
{
    const struct host_probe *a = a_, *b = b_;

    if (a->token != b->token) {
        return a->token < b->token ? -1 : 1;
    }
    return a->port < b->port ? -1 : a->port > b->port;
}

/* What is probed: by several probes, maybe. */
static void
build_probes(const struct host_bridge *bridge, struct host_rules *rules)
{
    struct hmap vms = HMAP_INITIALIZER(&vms);
    struct local_vm *nodes = xmalloc(rules->n_vms * sizeof *nodes);
    size_t n_uses, n = 0;
    struct probe_use *uses = probes_get_uses(&n_uses);
    struct host_probe *probes = xmalloc(n_uses * sizeof *probes);

    for (size_t i = 0; i < rules->n_vms; i++) {
        const struct host_vm *vm = &rules->vms[i];

        nodes[i].vm = vm;
        hmap_insert(&vms, &nodes[i].hmap_node,
                    hash_vm(vm->network, &vm->address));
    }
    for (size_t i = 0; i < n_uses; i++) {
        const struct probe_use *use = &uses[i];
        const struct local_vm *local;

        HMAP_FOR_EACH_WITH_HASH (local, hmap_node,
                                 hash_vm(use->network, &use->address), &vms) {
            if (local->vm->network == use->network
                && ipv6_addr_equals(&local->vm->address, &use->address)) {
                probes[n++] = (struct host_probe) {
                    .vm = local->vm,
                    .token = use->token,
                    .port = use->port,
                };
                break;
            }
        }
    }
    if (n) {
        qsort(probes, n, sizeof *probes, compare_probes);
    }
    for (size_t i = 0; i < n; i++) {
        if (!rules->n_probes
            || compare_probes(&probes[rules->n_probes - 1], &probes[i])) {
            probes[rules->n_probes++] = probes[i];
        }
    }
    rules->probes = probes;
    rules->probe_port = bridge->probe_port;
    rules->probe_mac = bridge->probe_mac;
    rules->limit_probed = bridge->userspace;
    hmap_destroy(&vms);
    free(nodes);
    free(uses);
}

/* Muxes send to us, and get answers when they measure. */
static void
build_muxes(struct builder *b, struct host_rules *rules)
{
    struct sset vteps = SSET_INITIALIZER(&vteps);
    const struct slbrec_mux *row;
    ovs_be32 *muxes = NULL;
    size_t n = 0, allocated = 0;

    SLBREC_MUX_FOR_EACH (row, b->agent->slb_idl) {
        ovs_be32 vtep;

        sset_add(&b->peers, row->vtep);
        if (parse_vtep(row->vtep, &vtep, "mux") && vtep
            && sset_add(&vteps, row->vtep)) {
            if (rules->n_pools) {
                sset_add(&b->vteps, row->vtep);
            }
            APPEND(muxes, n, allocated, vtep);
        }
    }
    sset_destroy(&vteps);
    rules->muxes = muxes;
    rules->n_muxes = n;
}

static void
build_peers(struct builder *b, struct host_rules *rules)
{
    ovs_be32 *peers = xmalloc(sset_count(&b->peers) * sizeof *peers);
    size_t n = 0;
    const char *text;
    SSET_FOR_EACH (text, &b->peers) {
        if (parse_vtep(text, &peers[n], "peer") && peers[n]
            && peers[n] != b->agent->config.vtep) {
            n++;
        }
    }
    rules->peers = peers;
    rules->n_peers = n;
}

/* Stores the addresses that stand for the gateways of IPv4 and IPv6 in the
 * module "neighbour". */
void
host_model_gateways(struct in6_addr gateways[2])
{
    in6_addr_set_mapped_ipv4(&gateways[0], htonl(INADDR_ANY));
    gateways[1] = in6addr_any;
}

/* A gateway that does not answer keeps its Ethernet address: nothing is won
 * by dropping the replies here. */
static void
build_gateways(struct host_rules *rules)
{
    struct in6_addr gateways[2];

    host_model_gateways(gateways);
    for (int i = 0; i < 2; i++) {
        struct neighbour hop;

        neighbour_get(&gateways[i], &hop);
        rules->gateway_mac[i] = hop.dst_mac;
    }
}

static void
build_vteps(struct builder *b, struct host_model *model)
{
    const char *text;

    model->vteps = xmalloc(sset_count(&b->vteps) * sizeof *model->vteps);
    SSET_FOR_EACH (text, &b->vteps) {
        if (slb_address_parse(text, &model->vteps[model->n_vteps])) {
            model->n_vteps++;
        }
    }
}

/* Initializes 'model' with what the databases, 'bridge', 'ports' and the
 * neighbours say now. */
void
host_model_build(struct host_model *model, const struct agent *agent,
                 const struct host_bridge *bridge, const struct shash *ports)
{
    struct builder b = {
        .agent = agent,
        .bridge = bridge,
        .local_members = HMAP_INITIALIZER(&b.local_members),
        .vteps = SSET_INITIALIZER(&b.vteps),
        .peers = SSET_INITIALIZER(&b.peers),
    };

    *model = (struct host_model) {
        .rules.tunnel_port = bridge->tunnel_port,
        .rules.underlay_port = bridge->underlay_port,
        .rules.own_mac = bridge->mac,
    };
    build_vms(&b, &model->rules, ports);
    build_networks(&b, &model->rules);
    build_vips(&b, &model->rules);
    build_locations(&b, &model->rules);
    build_pools(&b, &model->rules);
    build_probes(bridge, &model->rules);
    build_muxes(&b, &model->rules);
    build_peers(&b, &model->rules);
    build_gateways(&model->rules);
    build_vteps(&b, model);

    struct local_member *member;
    HMAP_FOR_EACH_POP (member, hmap_node, &b.local_members) {
        free(member);
    }
    hmap_destroy(&b.local_members);
    sset_destroy(&b.vteps);
    sset_destroy(&b.peers);
}

void
host_model_destroy(struct host_model *model)
{
    struct host_rules *rules = &model->rules;

    for (size_t i = 0; i < rules->n_networks; i++) {
        free(rules->networks[i].gateways);
        free(rules->networks[i].subnets);
        free(rules->networks[i].vips);
    }
    for (size_t i = 0; i < rules->n_pools; i++) {
        free(rules->pools[i].members);
        free(rules->pools[i].endpoints);
    }
    free(CONST_CAST(ovs_be32 *, rules->peers));
    free(CONST_CAST(ovs_be32 *, rules->muxes));
    free(CONST_CAST(struct host_vm *, rules->vms));
    free(CONST_CAST(struct host_probe *, rules->probes));
    free(CONST_CAST(struct host_location *, rules->locations));
    free(CONST_CAST(struct host_network *, rules->networks));
    free(CONST_CAST(struct host_pool *, rules->pools));
    free(model->vteps);
}
